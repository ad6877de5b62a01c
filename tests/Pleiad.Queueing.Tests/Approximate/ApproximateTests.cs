using Pleiad.Queueing.Approximate;
using Pleiad.Queueing.Exact;
using Pleiad.Queueing.Solving;
using Pleiad.Queueing.Tests.Fixtures;
using Shouldly;
using Xunit;

namespace Pleiad.Queueing.Tests.Approximate;

public sealed class ApproximateTests
{
    private const string TwoClasses = """
        classes: [{ name: a, population: 8, thinkTime: 2s }, { name: b, population: 5, thinkTime: 1s }]
        stations:
          - { name: cpu, discipline: ps, service: { a: { exponential: 0.2 }, b: { exponential: 0.3 } } }
          - { name: disk, discipline: ps, visits: { a: 2, b: 1 }, service: { a: { exponential: 0.1 }, b: { exponential: 0.25 } } }
        """;

    [Fact]
    public void Linearizer_is_near_the_exact_answer_and_nearer_than_Schweitzer()
    {
        var exact = Solve.Exact(TwoClasses).System;
        var linearizer = ApproximateMva.Solve(Solve.Model(TwoClasses), linearizes: true, "").System;
        var schweitzer = ApproximateMva.Solve(Solve.Model(TwoClasses), linearizes: false, "").System;

        Error(linearizer).ShouldBeLessThan(0.005);
        Error(schweitzer).ShouldBeInRange(Error(linearizer), 0.06);

        double Error(SystemFigures found) => Math.Abs(found.ResponseTime.Value - exact.ResponseTime.Value) / exact.ResponseTime.Value;
    }

    [Fact]
    public void Too_many_customers_for_an_exact_answer_are_answered_nearly_and_it_is_said()
    {
        var yaml = "classes:\n" + string.Concat(Enumerable.Range(0, 6).Select(c => $"  - {{ name: c{c}, population: 40, thinkTime: 5s }}\n"))
            + "stations:\n  - { name: cpu, discipline: ps, service: { exponential: 0.02 } }\n  - { name: disk, discipline: ps, service: { exponential: 0.015 } }\n";
        var solution = Solve.Auto(yaml);

        solution.IsExact.ShouldBeFalse();
        solution.Method.ShouldContain("Linearizer");

        // Equal classes are one class.
        var exact = Solve.Exact("classes: [{ name: all, population: 240, thinkTime: 5s }]\nstations: [{ name: cpu, discipline: ps, service: { exponential: 0.02 } }, { name: disk, discipline: ps, service: { exponential: 0.015 } }]");
        solution.System.Throughput.ShouldBeNear(exact.System.Throughput.Value, 0.01);
    }

    [Fact]
    public void Service_in_turn_with_little_variation_waits_less()
    {
        const string yaml = """
            classes: [{ name: a, population: 10, thinkTime: 1s }]
            stations: [{ name: cpu, service: { SERVICE } }, { name: disk, service: { exponential: 0.08 } }]
            """;
        var constant = yaml.Replace("SERVICE", "deterministic: 0.1");

        Solve.Approximate(constant).System.ResponseTime.ShouldBeNear(Solve.Simulated(constant).System.ResponseTime.Value, 0.08);
        Solve.Approximate(yaml.Replace("SERVICE", "exponential: 0.1")).System.ResponseTime.ShouldBeNear(Solve.Exact(yaml.Replace("SERVICE", "exponential: 0.1")).System.ResponseTime.Value, 0.02);
    }

    [Theory]
    [InlineData("erlang: { mean: 1, phases: 3 }")]
    [InlineData("hyperexponential: { mean: 1, scv: 3 }")]
    [InlineData("deterministic: 1")]
    public void Several_servers_with_general_service_are_near_the_simulated(string service)
    {
        var yaml = $"classes: [{{ name: a, rate: 3.2 }}]\nstations: [{{ name: s, servers: 4, service: {{ {service} }} }}]";

        Solve.Approximate(yaml).System.ResponseTime.ShouldBeNear(Solve.Simulated(yaml, accuracy: 0.01).System.ResponseTime.Value, 0.03);
    }

    [Fact]
    public void Kimura_is_exact_where_the_answer_is_known()
    {
        Formulas.WaitMGc(0.7, 1, 3, 1).ShouldBe(0.7 * 4 / (2 * 0.3), 1e-12);
        Formulas.WaitMGc(2.5, 1, 1, 3).ShouldBe(Formulas.WaitMMc(2.5, 1, 3), 1e-12);
        Formulas.WaitMGc(0.5, 1, 0, 1).ShouldBe(0.5, 1e-12);
    }

    [Fact]
    public void Arrivals_more_regular_than_Poisson_wait_less()
    {
        const string yaml = "classes: [{ name: a, arrivals: { renewal: { erlang: { mean: 1.25, phases: 4 } } } }]\nstations: [{ name: s, service: { exponential: 1 } }]";

        Solve.Approximate(yaml).System.ResponseTime.ShouldBeNear(Solve.Simulated(yaml, accuracy: 0.01).System.ResponseTime.Value, 0.06);
    }
}
