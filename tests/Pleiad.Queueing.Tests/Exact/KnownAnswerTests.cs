using Pleiad.Queueing.Exact;
using Pleiad.Queueing.Solving;
using Pleiad.Queueing.Tests.Fixtures;
using Shouldly;
using Xunit;

namespace Pleiad.Queueing.Tests.Exact;

/// <summary>Models whose answers were worked out apart from this library: closed forms, and chains solved as dense systems of equations by other programs.</summary>
public sealed class KnownAnswerTests
{
    [Theory]
    [InlineData(1000, 4950)]
    [InlineData(100_000, 499_000)]
    [InlineData(1_000_000, 4_999_000)]
    public void Thousands_of_servers_stay_within_the_range_of_numbers(int servers, double rate)
    {
        // Erlang C by the recurrence of Erlang B, in which no number leaves 0 … 1.
        var wait = Formulas.ErlangC(servers, rate * 0.2) * 0.2 / (servers - (rate * 0.2));

        var solution = Solve.Exact($"classes: [{{ name: a, rate: {rate} }}]\nstations: [{{ name: s, servers: {servers}, service: 200ms }}]");

        solution.System.ResponseTime.ShouldBeNear(0.2 + wait, 1e-9);
        solution.At("s").Utilization.ShouldBeNear(rate * 0.2 / servers);
    }

    [Theory]
    [InlineData("[[-0.1, 0.1], [0.3, -0.3]]", "[2, 20]", 34.470670121)]
    [InlineData("[[-1, 1], [1, -1]]", "[0, 12]", 4.0980762114)]
    [InlineData("[[-1e-4, 1e-4], [1e-3, -1e-3]]", "[0.1, 9]", 0.8201472389)]
    public void Bursts_of_arrivals_are_solved_exactly(string switching, string rates, double customers)
    {
        // Neuts' matrix R by functional iteration. The rates of the last lie so far apart, and the first's bursts exceed the server, that sweeps alone do not settle.
        var solution = Solve.Exact($"classes: [{{ name: a, arrivals: {{ mmpp: {{ rates: {rates}, switching: {switching} }} }} }}]\nstations: [{{ name: s, service: 100ms }}]");

        solution.Method.ShouldBe("exact Markov chain");
        solution.System.Customers.ShouldBeNear(customers, 1e-8);
    }

    [Fact]
    public void Service_of_two_branches_on_three_servers_is_solved_exactly()
    {
        // A dense chain of (first branch, second branch, waiting), cut at 500: sweeps stood still at what is no solution.
        var solution = Solve.Exact("classes: [{ name: a, rate: 24 }]\nstations: [{ name: s, servers: 3, service: { hyperexponential: { probabilities: [0.2, 0.8], means: [300ms, 50ms] } } }]");

        solution.System.Customers.ShouldBeNear(7.374734252124, 1e-9);
    }

    [Fact]
    public void A_station_of_one_speed_above_1_is_quicker_by_as_much()
    {
        var solution = Solve.Exact("classes: [{ name: a, rate: 12 }]\nstations: [{ name: s, discipline: ps, speed: [2], service: 100ms }]");

        solution.System.ResponseTime.ShouldBeNear(0.05 / (1 - 0.6));
        solution.At("s").Utilization.ShouldBeNear(0.6);
    }

    [Fact]
    public void Bounds_hold_where_several_customers_are_served_more_than_in_proportion()
    {
        // Two customers together get three times the speed of one.
        var solution = Solve.Exact("classes: [{ name: a, population: 2, thinkTime: 10ms }]\nstations: [{ name: s, discipline: ps, speed: [1, 3, 1.5], service: 300ms }]");

        var bounds = solution.Bounds.Single(each => each.Kind == "asymptotic");
        bounds.ThroughputHigh!.Value.ShouldBeGreaterThan(solution.System.Throughput.Value);
        bounds.ThroughputMax.ShouldBe(10, 1e-9);
    }

    [Fact]
    public void Approximations_know_speeds_that_depend_on_customers_in_open_models()
    {
        var text = "classes: [{ name: a, rate: 12 }]\nstations: [{ name: s, discipline: ps, speed: [1, 1.6, 2], service: 100ms }]";
        var (exact, near) = (Solve.Exact(text), Solve.Approximate(text));

        near.System.ResponseTime.ShouldBeNear(exact.System.ResponseTime.Value);
        near.At("s").Utilization.ShouldBeNear(exact.At("s").Utilization.Value);
        Should.Throw<ModelUnsolvableException>(() => Solve.Approximate("classes: [{ name: a, population: 12, thinkTime: 2s }]\nstations: [{ name: s, discipline: ps, speed: [2], service: 300ms }]")).Message.ShouldContain("speed of station 's'");
    }

    [Theory]
    [InlineData("fcfs", "100ms", "100ms", 1, 1)]
    [InlineData("ps", "{ hyperexponential: { mean: 50ms, scv: 10 } }", "150ms", 0.5, 1.5)]
    public void Open_classes_that_share_a_station_without_closed_ones_wait_for_each_other(string discipline, string first, string second, double firstTime, double secondTime)
    {
        // M/M/1 and M/G/1-PS at a load of 0.9, in a mixed network.
        var solution = Solve.Approximate($"classes: [{{ name: o, rate: 4.5 }}, {{ name: p, rate: 4.5 }}, {{ name: c, population: 6, thinkTime: 1s }}]\nstations:\n  - {{ name: x, discipline: {discipline}, visits: {{ o: 1, p: 1, c: 0 }}, service: {{ o: {first}, p: {second} }} }}\n  - {{ name: y, visits: {{ o: 0, p: 0, c: 1 }}, service: 200ms }}");

        solution.System.Of("o").ResponseTime.ShouldBeNear(firstTime);
        solution.System.Of("p").ResponseTime.ShouldBeNear(secondTime);
    }

    [Fact]
    public void A_class_that_does_not_come_to_a_station_needs_no_service_there()
    {
        var text = "classes: [{ name: a, population: 5, thinkTime: 2s }, { name: b, population: 8 }]\nstations:\n  - { name: x, service: 100ms }\n  - { name: z, visits: { a: 0, b: 1 }, service: { b: 300ms } }";

        Solve.Approximate(text).System.Of("b").Throughput.ShouldBeNear(Solve.Exact(text).System.Of("b").Throughput.Value, 0.02);
    }

    [Theory]
    [InlineData("{ hyperexponential: { mean: 200ms, scv: 4 } }")]
    [InlineData("{ deterministic: 200ms }")]
    public void Nobody_waits_among_far_too_many_servers(string service) =>
        Solve.Approximate($"classes: [{{ name: a, rate: 2.5 }}]\nstations: [{{ name: s, servers: 400, service: {service} }}]").System.ResponseTime.ShouldBeNear(0.2);

    [Fact]
    public void Times_without_a_variance_have_no_approximate_wait_and_are_told_of_when_simulated()
    {
        var text = "classes: [{ name: a, rate: 2 }]\nstations: [{ name: s, service: { pareto: { mean: 100ms, shape: 1.5 } } }]";

        Should.Throw<ModelUnsolvableException>(() => Solve.Approximate(text)).Message.ShouldContain("infinite variance");
        Solve.Simulated(text, accuracy: 1).Notes.ShouldContain(note => note.Contains("infinite variance", StringComparison.Ordinal));
    }

    [Fact]
    public void Dropped_requests_take_no_server()
    {
        // M/M/1 whose customers leave the queue after 0.7 s (Barrer 1957): density of the work found, λe^(−(μ−λ)v) P₀ below the limit and falling with μ beyond.
        var (rate, speed, limit) = (15.0, 10.0, 0.7);
        var below = rate * (Math.Exp((rate - speed) * limit) - 1) / (rate - speed);
        var empty = 1 / (1 + below + (rate * Math.Exp((rate - speed) * limit) / speed));

        var solution = Solve.Simulated("classes: [{ name: a, rate: 15, timeout: 700ms, abandoned: dropped }]\nstations: [{ name: s, service: 100ms }]");

        solution.At("s").Utilization.Value.ShouldBe(1 - empty, 0.005);
    }

    [Fact]
    public void Customers_who_are_turned_away_and_come_back_at_once_are_refused()
    {
        var text = "classes: [{ name: a, population: 40 }]\nstations: [{ name: s, capacity: 2, service: 1ms }]";

        Should.Throw<ModelUnsolvableException>(() => Solve.Auto(text)).Message.ShouldBe("line 2: customers whom station 's' turns away come back at once, so that no time passes; give them a 'thinkTime', or the station 'full: block'");
    }

    [Fact]
    public void Balanced_bounds_are_given_only_where_they_hold()
    {
        // Two customers of constant times keep both stations busy for ever: twice what balanced bounds allow at most would be 0.67 per second, and it is 1.
        var solution = Solve.Simulated("classes: [{ name: a, population: 2 }]\nstations: [{ name: s, service: { deterministic: 1s } }, { name: t, service: { deterministic: 1s } }]");

        solution.System.Throughput.Value.ShouldBe(1, 0.001);
        solution.Bounds.ShouldAllBe(each => each.ThroughputHigh == null || each.ThroughputHigh >= 0.999);
    }
}
