using Pleiad.Queueing.Simulation;
using Pleiad.Queueing.Solving;
using Pleiad.Queueing.Tests.Fixtures;
using Shouldly;
using Xunit;

namespace Pleiad.Queueing.Tests.Exact;

/// <summary>Queues whose answers are in every textbook, worked out here by other ways than the program's.</summary>
public sealed class ClassicQueueTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>GI/M/1: σ = A*(μ(1 − σ)), and response times are exponential with μ(1 − σ) (Kleinrock 1975, chapter 6).</summary>
    [Theory]
    [InlineData("{ erlang: { mean: 1250ms, phases: 2 } }", 2, 0, 0)]
    [InlineData("{ erlang: { mean: 1250ms, phases: 5 } }", 5, 0, 0)]
    [InlineData("{ hyperexponential: { probabilities: [0.3, 0.7], means: [3s, 500ms] } }", 0, 3, 0.5)]
    public void Arrivals_with_independent_intervals_before_one_exponential_server(string intervals, int phases, double slow, double quick)
    {
        var sigma = Root(s => phases > 0 ? Math.Pow(phases / (phases + (1.25 * s)), phases) : (0.3 / (1 + (slow * s))) + (0.7 / (1 + (quick * s))));
        var solution = Solve.Auto($"classes: [{{ name: a, arrivals: {{ renewal: {intervals} }} }}]\nstations: [{{ name: s, service: {{ exponential: 1s }} }}]");

        solution.IsExact.ShouldBeTrue();
        solution.System.ResponseTime.ShouldBeNear(1 / (1 - sigma), 1e-6);
    }

    [Fact]
    public void Regular_arrivals_before_one_exponential_server()
    {
        var sigma = Root(s => Math.Exp(-1.25 * s));
        var solution = Solve.Simulated("classes: [{ name: a, arrivals: { renewal: { deterministic: 1250ms } } }]\nstations: [{ name: s, service: { exponential: 1s } }]", accuracy: 0.01);

        solution.System.ResponseTime.ShouldHold(1 / (1 - sigma), "response time");
        foreach (var quantile in solution.System.Quantiles)
        {
            quantile.Seconds.ShouldHold(-Math.Log(1 - quantile.Probability) / (1 - sigma), $"p{quantile.Probability}");
        }
    }

    /// <summary>M/D/1: P(wait ≤ t) = (1 − ρ) Σ (λ(k − t))^k/k! e^(−λ(k − t)) for k up to t (Erlang 1909).</summary>
    [Fact]
    public void Quantiles_of_a_server_with_fixed_times()
    {
        var solution = Solve.Simulated("classes: [{ name: a, rate: 0.7 }]\nstations: [{ name: s, service: { deterministic: 1s } }]", accuracy: 0.01);

        solution.System.ResponseTime.ShouldHold(1 + (0.7 / 0.6), "response time");
        foreach (var quantile in solution.System.Quantiles)
        {
            var (low, high) = (0.0, 40.0);
            while (high - low > 1e-9)
            {
                var middle = (low + high) / 2;
                (low, high) = Waits(middle) < quantile.Probability ? (middle, high) : (low, middle);
            }

            // The histogram's buckets are up to 1.6 % wide.
            Math.Abs(quantile.Seconds.Value - (1 + low)).ShouldBeLessThan((1.5 * quantile.Seconds.HalfWidth!.Value) + (0.004 * (1 + low)), $"p{quantile.Probability}: {quantile.Seconds} of {1 + low}");
        }

        static double Waits(double t)
        {
            var (sum, factorial) = (0.0, 1.0);
            for (var k = 0; k <= t; k++)
            {
                factorial *= Math.Max(1, k);
                sum += Math.Pow(0.7 * (k - t), k) / factorial * Math.Exp(-0.7 * (k - t));
            }

            return 0.3 * sum;
        }
    }

    /// <summary>Three classes by priority with quite different times (Cobham 1954; Kleinrock 1976, chapter 3).</summary>
    [Theory]
    [InlineData("priority")]
    [InlineData("priority-pr")]
    public void Three_priorities_with_different_times(string discipline)
    {
        double[] rates = [0.2, 0.3, 0.1];
        double[] means = [0.5, 1, 2];
        double[] seconds = [0.5, 1, 2 * 2 * 9];
        var solution = Solve.Exact($$"""
            classes: [{ name: a, rate: 0.2, priority: 2 }, { name: b, rate: 0.3, priority: 1 }, { name: c, rate: 0.1 }]
            stations: [{ name: s, discipline: {{discipline}}, service: { a: { exponential: 500ms }, b: { deterministic: 1s }, c: { gamma: { mean: 2s, scv: 8 } } } }]
            """);

        for (var c = 0; c < 3; c++)
        {
            var (above, upTo) = (Load(c), Load(c + 1));
            var delay = Enumerable.Range(0, discipline == "priority" ? 3 : c + 1).Sum(i => rates[i] * seconds[i]) / (2 * (1 - above) * (1 - upTo));
            solution.System.Classes[c].ResponseTime.ShouldBeNear(delay + (discipline == "priority" ? means[c] : means[c] / (1 - above)), 1e-9);
        }

        double Load(int count) => Enumerable.Range(0, count).Sum(i => rates[i] * means[i]);
    }

    /// <summary>Two servers that the higher class takes from the lower: the first sees nobody else, and all together are M/M/2.</summary>
    [Fact]
    public void Interrupting_priorities_on_two_servers()
    {
        var solution = Solve.Auto("classes: [{ name: high, rate: 0.8, priority: 1 }, { name: low, rate: 0.6 }]\nstations: [{ name: s, servers: 2, discipline: priority-pr, service: { exponential: 1s } }]");
        double[] customers = [InTwoServers(0.8), InTwoServers(1.4) - InTwoServers(0.8)];

        solution.IsExact.ShouldBeTrue();
        solution.System.Classes[0].ResponseTime.ShouldBeNear(customers[0] / 0.8, 1e-6);
        solution.System.Classes[1].ResponseTime.ShouldBeNear(customers[1] / 0.6, 1e-6);

        static double InTwoServers(double load) => load / (1 - (load * load / 4));
    }

    /// <summary>Lines whose first station never idles, each station of rate 1: 2/3, 22/39 without room between them; (B + 2)/(B + 3) with B places between two (Hunt 1956).</summary>
    [Theory]
    [InlineData(2, 0, 2.0 / 3)]
    [InlineData(2, 3, 5.0 / 6)]
    [InlineData(3, 0, 22.0 / 39)]
    public void Lines_of_stations_with_little_room(int stations, int places, double throughput)
    {
        var line = string.Join('\n', Enumerable.Range(2, stations - 1).Select(k => $"  - {{ name: s{k}, capacity: {places + 1}, full: block, service: {{ exponential: 1s }} }}"));
        var solution = Solve.Auto($"classes: [{{ name: a, population: {((stations - 1) * (places + 1)) + 2} }}]\nstations:\n  - {{ name: s1, service: {{ exponential: 1s }} }}\n{line}");

        solution.IsExact.ShouldBeTrue();
        solution.System.Throughput.ShouldBeNear(throughput, 1e-8);
    }

    /// <summary>Engset: customers who are turned away think again; what they meet is the state of a system without them.</summary>
    [Fact]
    public void A_few_sources_before_lines_that_may_all_be_taken()
    {
        const double load = 0.5;
        var solution = Solve.Auto("classes: [{ name: a, population: 6, thinkTime: 2s }]\nstations: [{ name: s, servers: 3, capacity: 3, service: { exponential: 1s } }]");
        double[] ways = [1, 5 * load, 10 * load * load, 10 * load * load * load];

        solution.IsExact.ShouldBeTrue();
        solution.System.Failed.Value.ShouldBe(ways[3] / ways.Sum(), 1e-9);
    }

    /// <summary>Visits below 1, several servers and several classes: the product form against the chain of all states.</summary>
    [Fact]
    public void Rare_visits_to_several_servers_of_two_classes()
    {
        const string yaml = """
            classes: [{ name: a, population: 4, thinkTime: 2s }, { name: b, population: 3, thinkTime: 1s }]
            stations:
              - { name: cpu, servers: 2, discipline: ps, visits: { a: 1, b: 0.4 }, service: { a: { exponential: 300ms }, b: { exponential: 900ms } } }
              - { name: disk, servers: 3, visits: { a: 0.25, b: 1 }, service: { exponential: 2s } }
              - { name: net, discipline: lcfs-pr, visits: 0.5, service: { a: { exponential: 200ms }, b: { exponential: 700ms } } }
            """;
        var exact = Solve.Exact(yaml);
        var (chain, obstacle) = Pleiad.Queueing.Exact.Chains.ChainSolution.TrySolve(Solve.Model(yaml), 200_000, "", Cancellation);

        obstacle.ShouldBeNull();
        exact.Method.ShouldNotContain("Markov");
        for (var c = 0; c < 2; c++)
        {
            chain!.System.Classes[c].Throughput.ShouldBeNear(exact.System.Classes[c].Throughput.Value, 1e-7);
            for (var k = 0; k < 3; k++)
            {
                chain.Stations[k].Classes[c].QueueLength.ShouldBeNear(exact.Stations[k].Classes[c].QueueLength.Value, 1e-7);
            }
        }
    }

    /// <summary>Nothing here is left to chance: three customers who come in turn and never meet.</summary>
    [Fact]
    public void A_model_without_chance_has_an_answer_without_an_interval()
    {
        var solution = ModelSolver.Solve(Solve.Model("classes: [{ name: a, population: 3, thinkTime: { deterministic: 1s } }]\nstations: [{ name: s, service: { deterministic: 500ms } }]"), SolutionMethod.Simulate, new SimulationOptions(), Cancellation);

        solution.System.Throughput.ShouldBeNear(2, 1e-3);
        solution.System.ResponseTime.ShouldBeNear(0.5, 1e-3);
        solution.System.ResponseTime.HalfWidth!.Value.ShouldBeLessThan(1e-6);
    }

    /// <summary>The root σ between 0 and 1 of σ = A*(μ(1 − σ)), with μ = 1.</summary>
    private static double Root(Func<double, double> transform)
    {
        var sigma = 0.5;
        for (var i = 0; i < 10_000; i++)
        {
            sigma = transform(1 - sigma);
        }

        return sigma;
    }
}
