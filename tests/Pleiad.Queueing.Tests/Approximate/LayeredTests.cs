using Pleiad.Queueing.Solving;
using Pleiad.Queueing.Tests.Fixtures;
using Shouldly;
using Xunit;

namespace Pleiad.Queueing.Tests.Approximate;

public sealed class LayeredTests
{
    /// <summary>Threads of the second tier, by number and their exact figures from the chain.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(12)]
    public void Synchronous_calls_behind_a_pool_are_within_one_percent_of_the_exact_chain(int threads)
    {
        // 12 users think 1 s; a thread uses 60 ms of the processor around a call of a single server of 100 ms; the call's number is geometric with mean 1.
        var yaml = $$"""
            classes: [{ name: users, population: 12, thinkTime: 1s }]
            stations:
              - { name: app, threads: {{threads}}, discipline: ps, service: { exponential: 60ms }, calls: { db: 1 }, callCount: geometric }
              - { name: db, service: { exponential: 100ms } }
            """;
        var (throughput, response) = Chain(12, threads, 1, 0.03, 0.1);

        // What auto chooses is exact.
        var auto = Solve.Auto(yaml);
        auto.IsExact.ShouldBeTrue();
        auto.System.Throughput.ShouldBeNear(throughput, 1e-8);
        auto.System.ResponseTime.ShouldBeNear(response, 1e-8);

        // The equivalent station forgets where its requests are: a few percent where the pool is the bottleneck. It answers only when it is asked for.
        var near = Solve.Approximate(yaml);
        near.System.Throughput.ShouldBeNear(throughput, 0.025);
        near.System.ResponseTime.ShouldBeNear(response, 0.06);
        var simulated = Solve.Simulated(yaml, accuracy: 0.005);
        simulated.System.Throughput.ShouldBeNear(throughput, 0.01);
        simulated.System.ResponseTime.ShouldBeNear(response, 0.01);
    }

    /// <summary>A client holds one of m servers' threads while a delay works: M/M/m by another name (multiserver example of layered queueing).</summary>
    [Fact]
    public void A_pool_around_a_delay_is_a_multiserver()
    {
        var layered = """
            classes: [{ name: a, rate: 3 }]
            stations:
              - { name: front, threads: 4, discipline: delay, service: { deterministic: 0 }, calls: { work: 1 } }
              - { name: work, discipline: delay, service: { exponential: 1s } }
            """;
        var exact = Solve.Exact("classes: [{ name: a, rate: 3 }]\nstations: [{ name: s, servers: 4, service: { exponential: 1s } }]");

        Solve.Approximate(layered).System.ResponseTime.ShouldBeNear(exact.System.ResponseTime.Value, 1e-6);
        var simulated = Solve.Simulated(layered, accuracy: 0.01);
        simulated.System.ResponseTime.ShouldHold(exact.System.ResponseTime.Value, "response");
        simulated.At("front").ThreadsHeld!.Value.ShouldHold(3, "threads held");
    }

    [Fact]
    public void Threads_without_a_bound_change_nothing()
    {
        var flat = Solve.Exact("""
            classes: [{ name: a, rate: 20 }]
            stations: [{ name: web, discipline: ps, service: { exponential: 20ms } }, { name: db, visits: 2, service: { exponential: 10ms } }]
            """);
        var layered = Solve.Exact("""
            classes: [{ name: a, rate: 20 }]
            stations: [{ name: web, discipline: ps, service: { exponential: 20ms }, calls: { db: 2 } }, { name: db, service: { exponential: 10ms } }]
            """);

        layered.System.ResponseTime.ShouldBeNear(flat.System.ResponseTime.Value, 1e-12);
    }

    [Fact]
    public void The_shipped_sample_agrees_and_its_layers_change_the_answer()
    {
        var flat = Sample("three-tiers.yaml");
        var exact = Solve.Exact(flat);
        Solve.Simulated(flat, accuracy: 0.01).ShouldAgreeWith(exact);

        // With few threads in the middle the first tier fills up; requests wait there, and the database sees no more than those threads.
        var layers = Sample("three-tiers-layered.yaml").Replace("threadsPerServer: 4", "threadsPerServer: 2");
        var held = Solve.Simulated(layers, accuracy: 0.01);
        held.System.ResponseTime.Low.ShouldBeGreaterThan(exact.System.ResponseTime.Value);
        held.At("application").ThreadsAwaited!.Value.Value.ShouldBeGreaterThan(0.5);
        held.At("database").QueueLength.Value.ShouldBeLessThan(exact.At("database").QueueLength.Value);
    }

    [Fact]
    public void What_the_layered_method_does_not_cover_is_said()
    {
        var error = Should.Throw<ModelUnsolvableException>(() => Solve.Approximate("""
            classes: [{ name: a, rate: 1 }]
            stations:
              - { name: one, threads: 3, service: { exponential: 0.1 }, calls: { db: 1 } }
              - { name: two, threads: 3, service: { exponential: 0.1 }, calls: { db: 1 } }
              - { name: db, service: { exponential: 0.1 } }
            """));

        error.Reason.ShouldBe(UnsolvableReason.MethodDoesNotApply);
        error.Message.ShouldContain("'db'");
    }

    /// <summary>States (requests at the app's processor, at the db); the rest of those within the pool's size wait or think. Solved by power iteration on the uniformized chain.</summary>
    private static (double Throughput, double Response) Chain(int users, int threads, double think, double slice, double db)
    {
        // n: users not thinking; i: of min(n, threads) inside, how many are at the processor.
        var states = new List<(int N, int I)>();
        for (var n = 0; n <= users; n++)
        {
            for (var i = 0; i <= Math.Min(n, threads); i++)
            {
                states.Add((n, i));
            }
        }

        var index = states.Select((state, at) => (state, at)).ToDictionary(each => each.state, each => each.at);
        var p = new double[states.Count];
        p[0] = 1;
        var rate = (users / think) + (1 / slice) + (1 / db);
        for (var step = 0; step < 200_000; step++)
        {
            var next = new double[states.Count];
            for (var s = 0; s < states.Count; s++)
            {
                var (n, i) = states[s];
                var left = p[s];
                Move((n + 1, n < threads ? i + 1 : i), (users - n) / think);
                if (i > 0)
                {
                    // Half of all slices end the request; the thread goes to one that waits.
                    Move((n - 1, n > threads ? i : i - 1), 0.5 / slice);
                    Move((n, i - 1), 0.5 / slice);
                }

                if (Math.Min(n, threads) - i > 0)
                {
                    Move((n, i + 1), 1 / db);
                }

                next[s] += left;

                void Move((int N, int I) to, double r)
                {
                    if (r > 0)
                    {
                        var flow = p[s] * r / rate;
                        next[index[to]] += flow;
                        left -= flow;
                    }
                }
            }

            var change = next.Zip(p, (a, b) => Math.Abs(a - b)).Sum();
            p = next;
            if (change < 1e-13)
            {
                break;
            }
        }

        var busy = states.Select((state, s) => p[s] * (users - state.N)).Sum();
        var throughput = busy / think;
        return (throughput, (users / throughput) - think);
    }

    private static string Sample(string name) => File.ReadAllText(Path.Combine(Samples.Root, "samples", "models", name));
}
