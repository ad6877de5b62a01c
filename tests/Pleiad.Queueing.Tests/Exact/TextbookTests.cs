using Pleiad.Queueing.Approximate;
using Pleiad.Queueing.Exact.Chains;
using Pleiad.Queueing.Solving;
using Pleiad.Queueing.Tests.Fixtures;
using Shouldly;
using Xunit;

namespace Pleiad.Queueing.Tests.Exact;

/// <summary>
/// Examples with published figures; each names its source. Figures printed with few digits are compared to those digits. Those of Lazowska et al., Bolch et al., Jain and Schwetman stand
/// in the tests of octave-queueing 1.2.7 too (inst/qncsmva.m, qncsmvaap.m, qncsconv.m, qncmmva.m, qnos.m), from where they were taken or against which they were checked; what was worked
/// out here instead says so.
/// </summary>
public sealed class TextbookTests
{
    /// <summary>
    /// Lazowska et al., Quantitative System Performance (1984), p. 117: demands 0.605, 2.1, 1.35 s, think time 15 s, N = 3. The exact figures are worked out below, by hand; those of
    /// Schweitzer's approximation are printed: <see cref="Lazowska_approximate"/>.
    /// </summary>
    [Fact]
    public void Lazowska_closed_single_class()
    {
        var solution = Solve.Exact("""
            classes: [{ name: jobs, population: 3, thinkTime: 15 }]
            stations:
              - { name: cpu, visits: 1, service: { exponential: 0.605 } }
              - { name: disk1, visits: 1, service: { exponential: 2.1 } }
              - { name: disk2, visits: 1, service: { exponential: 1.35 } }
            """);

        solution.Method.ShouldBe("exact mean value analysis");
        // By hand, step by step: Q(1) = X(1)·D, and so on.
        var (q, x) = (new double[3], 0.0);
        double[] d = [0.605, 2.1, 1.35];
        for (var n = 1; n <= 3; n++)
        {
            var r = d.Select((demand, k) => demand * (1 + q[k])).ToArray();
            x = n / (15 + r.Sum());
            q = [.. r.Select(each => x * each)];
        }

        solution.System.Throughput.ShouldBeNear(x, 1e-12);
        solution.System.ResponseTime.ShouldBeNear((3 / x) - 15, 1e-12);
        solution.At("disk1").QueueLength.ShouldBeNear(q[1], 1e-12);
    }

    /// <summary>Lazowska et al. (1984), p. 117, the same by Schweitzer's approximation: Q = 0.0973, 0.4021, 0.2359; X = 0.1510; R = 4.87 s.</summary>
    [Fact]
    public void Lazowska_approximate()
    {
        var solution = ApproximateMva.Solve(
            Solve.Model("""
                classes: [{ name: jobs, population: 3, thinkTime: 15 }]
                stations:
                  - { name: cpu, service: { exponential: 0.605 } }
                  - { name: disk1, service: { exponential: 2.1 } }
                  - { name: disk2, service: { exponential: 1.35 } }
                """),
            linearizes: false,
            "");

        solution.Stations.Select(station => Math.Round(station.QueueLength.Value, 4)).ShouldBe([0.0973, 0.4021, 0.2359]);
        solution.System.Throughput.Value.ShouldBe(0.1510, 5e-5);
        solution.System.ResponseTime.Value.ShouldBe(4.87, 0.005);
    }

    /// <summary>Lazowska et al. (1984), p. 113: an open model, visits 121, 70, 50 at 5, 30, 27 ms, λ = 0.3: U = 0.182, X = 36.3, Q = 0.222 at the processor.</summary>
    [Fact]
    public void Lazowska_open()
    {
        var cpu = Solve.Exact("""
            classes: [{ name: jobs, rate: 0.3 }]
            stations:
              - { name: cpu, visits: 121, service: { exponential: 5ms } }
              - { name: disk1, visits: 70, service: { exponential: 30ms } }
              - { name: disk2, visits: 50, service: { exponential: 27ms } }
            """).At("cpu");

        cpu.Utilization.Value.ShouldBe(0.182, 0.001);
        cpu.Throughput.ShouldBeNear(36.3);
        cpu.QueueLength.Value.ShouldBe(0.222, 0.0005);
    }

    /// <summary>Lazowska et al. (1984), p. 142: two classes of one customer, demands 1, 3 and 2, 4: X = 3/19, 2/19; Q = 4/19, 15/19 and 5/19, 14/19.</summary>
    [Fact]
    public void Lazowska_two_classes()
    {
        var solution = Solve.Exact("""
            classes: [{ name: a, population: 1 }, { name: b, population: 1 }]
            stations:
              - { name: cpu, discipline: ps, visits: { a: 10, b: 5 }, service: { a: { exponential: 0.1 }, b: { exponential: 0.4 } } }
              - { name: disk, discipline: ps, visits: { a: 9, b: 4 }, service: { a: { exponential: 0.333333333333 }, b: { exponential: 1 } } }
            """);

        solution.System.Of("a").Throughput.ShouldBeNear(3.0 / 19, 1e-9);
        solution.System.Of("b").Throughput.ShouldBeNear(2.0 / 19, 1e-9);
        solution.At("cpu").Of("a").QueueLength.ShouldBeNear(4.0 / 19, 1e-9);
        solution.At("disk").Of("b").QueueLength.ShouldBeNear(14.0 / 19, 1e-9);
    }

    /// <summary>
    /// Menascé, Almeida and Dowdy, Performance by Design (2004), the database server of chapters 10 and 12: two users, a processor of 10 s and one of two disks, 15 s and 30 s, with equal
    /// chances. Its chain has six states. Their probabilities are in the ratio of the products of 10, 7.5 and 15 (worked out here): 100, 75, 150, 56.25, 112.5, 225 of 718.75, so that
    /// the processor is busy for 0.4522, 2.713 transactions are done a minute, and each takes 44.23 s (the book rounds the probabilities before: 0.4521, 2.7126, 44.24).
    /// </summary>
    [Fact]
    public void Menasce_database_server()
    {
        const string yaml = """
            classes: [{ name: users, population: 2 }]
            stations:
              - { name: cpu, service: { exponential: 10s } }
              - { name: fast, visits: 0.5, service: { exponential: 15s } }
              - { name: slow, visits: 0.5, service: { exponential: 30s } }
            """;
        var solution = Solve.Exact(yaml);

        solution.At("cpu").Utilization.Value.ShouldBe(0.4521, 1e-4);
        solution.At("cpu").Utilization.ShouldBeNear((100 + 75 + 150) / 718.75, 1e-12);
        solution.At("fast").Utilization.ShouldBeNear((75 + 56.25 + 112.5) / 718.75, 1e-12);
        solution.At("slow").Utilization.ShouldBeNear((150 + 112.5 + 225) / 718.75, 1e-12);
        (60 * solution.System.Throughput.Value).ShouldBe(2.7126, 5e-4);
        solution.System.ResponseTime.Value.ShouldBe(44.24, 0.02);

        // By the chain of the book, with the way drawn after each visit to the processor.
        var chain = ChainSolution.TrySolve(Solve.Model(yaml.Replace("visits: 0.5, ", "") + "\nrouting: { users: { start: cpu, cpu: { fast: 0.5, slow: 0.5 }, fast: end, slow: end } }"), 100, "", TestContext.Current.CancellationToken).Solution!;
        chain.System.ResponseTime.ShouldBeNear(solution.System.ResponseTime.Value, 1e-9);
        chain.Reason.ShouldContain("6 states");
    }

    /// <summary>Bolch et al. (2nd ed. 2006), examples 8.1, 8.3 and 8.4: closed networks, two of them with several servers.</summary>
    [Fact]
    public void Bolch_closed_networks()
    {
        var convolution = Solve.Exact("""
            classes: [{ name: jobs, population: 3 }]
            stations:
              - { name: one, servers: 2, service: { exponential: 1.25 } }
              - { name: two, servers: 3, visits: 0.667, service: { exponential: 1.66666666667 } }
              - { name: three, visits: 0.2, service: { exponential: 2.5 } }
            """);
        Rounded(convolution, station => station.QueueLength).ShouldBe([1.290, 1.050, 0.660]);
        Rounded(convolution, station => station.Utilization).ShouldBe([0.590, 0.350, 0.472]);

        var single = Solve.Exact("""
            classes: [{ name: jobs, population: 6 }]
            stations:
              - { name: one, service: { exponential: 0.02 } }
              - { name: two, visits: 0.4, service: { exponential: 0.2 } }
              - { name: three, visits: 0.2, service: { exponential: 0.4 } }
              - { name: four, visits: 0.1, service: { exponential: 0.6 } }
            """);
        Rounded(single, station => station.QueueLength).ShouldBe([0.244, 2.261, 2.261, 1.234]);
        Rounded(single, station => station.ResponseTime).ShouldBe([0.025, 0.570, 1.140, 1.244]);
        Rounded(single, station => station.Throughput).ShouldBe([9.920, 3.968, 1.984, 0.992]);

        var servers = Solve.Exact("""
            classes: [{ name: jobs, population: 3 }]
            stations:
              - { name: one, servers: 2, service: { exponential: 0.5 } }
              - { name: two, visits: 0.5, service: { exponential: 0.6 } }
              - { name: three, visits: 0.5, service: { exponential: 0.8 } }
              - { name: four, discipline: delay, service: { exponential: 1 } }
            """);
        Rounded(servers, station => station.QueueLength).ShouldBe([0.624, 0.473, 0.686, 1.217]);
    }

    /// <summary>Bolch et al. (2nd ed. 2006), example 9.5: two classes, two servers, a single one and a delay: X = 2.113, 0.524 (tolerance of its printed third digit).</summary>
    [Fact]
    public void Bolch_two_classes()
    {
        var solution = Solve.Exact("""
            classes: [{ name: a, population: 2 }, { name: b, population: 1 }]
            stations:
              - { name: one, servers: 2, discipline: ps, service: { a: { exponential: 0.2 }, b: { exponential: 0.2 } } }
              - { name: two, discipline: ps, visits: { a: 0.6, b: 0.3 }, service: { a: { exponential: 0.4 }, b: { exponential: 0.6 } } }
              - { name: three, discipline: delay, visits: { a: 0.4, b: 0.7 }, service: { a: { exponential: 1 }, b: { exponential: 2 } } }
            """);

        solution.System.Of("a").Throughput.Value.ShouldBe(2.113, 0.001);
        solution.System.Of("b").Throughput.Value.ShouldBe(0.524, 0.001);
        solution.Stations.Select(station => station.Of("a").QueueLength.Value).Zip([0.428, 0.726, 0.845]).ShouldAllBe(pair => Math.Abs(pair.First - pair.Second) <= 0.001);
        solution.Stations.Select(station => station.Of("b").QueueLength.Value).Zip([0.108, 0.158, 0.734]).ShouldAllBe(pair => Math.Abs(pair.First - pair.Second) <= 0.001);
    }

    /// <summary>Schwetman, Implementing the mean value algorithm (Purdue CSD-TR-355, 1982), tables 3 and 5: think times 1 and 15 s, one server of 25 and 500 ms.</summary>
    [Theory]
    [InlineData(2, 1, 1.949, 0.0644, 0.085)]
    [InlineData(15, 5, 14.323, 0.314, 0.970)]
    public void Schwetman_two_kinds_of_users(int quick, int slow, double quickRate, double slowRate, double queue)
    {
        var solution = Solve.Exact($$"""
            classes: [{ name: quick, population: {{quick}}, thinkTime: 1s }, { name: slow, population: {{slow}}, thinkTime: 15s }]
            stations: [{ name: server, discipline: ps, service: { quick: { exponential: 25ms }, slow: { exponential: 500ms } } }]
            """);

        solution.System.Of("quick").Throughput.Value.ShouldBe(quickRate, 0.001);
        solution.System.Of("slow").Throughput.Value.ShouldBe(slowRate, 0.001);
        solution.At("server").QueueLength.Value.ShouldBe(queue, 0.001);
    }

    /// <summary>Jain (1991), example 35.5, by convolution: demands 0.78, 2.34, 1.56 s, think time 4.68 s, N = 3: X = 0.264, R = 6.694, U = 0.206, 0.618, 0.412, 0.97 at disk A.</summary>
    [Fact]
    public void Jain_convolution()
    {
        var solution = Solve.Exact("""
            classes: [{ name: users, population: 3, thinkTime: 4.68s }]
            stations:
              - { name: cpu, service: { exponential: 0.78 } }
              - { name: diskA, service: { exponential: 2.34 } }
              - { name: diskB, service: { exponential: 1.56 } }
            """);

        solution.System.Throughput.Value.ShouldBe(0.264, 0.0005);
        solution.System.ResponseTime.Value.ShouldBe(6.694, 0.02);
        solution.Stations.Select(station => station.Utilization.Value).Zip([0.206, 0.618, 0.412]).ShouldAllBe(pair => Math.Abs(pair.First - pair.Second) <= 0.001);
        solution.At("diskA").QueueLength.Value.ShouldBe(0.97, 0.005);
    }

    /// <summary>Jain, The Art of Computer Systems Performance Analysis (1991), example 34.2 and table 34.1, a timesharing system: visits 16, 10, 5; demands 2, 3, 1 s; think time 4 s.</summary>
    [Theory]
    [InlineData(1, 6.000, 0.100, 0.300)]
    [InlineData(2, 7.400, 0.175, 0.684)]
    [InlineData(3, 9.088, 0.229, 1.158)]
    [InlineData(5, 13.256, 0.290, 2.365)]
    [InlineData(17, 47.045, 0.333, 13.195)]
    [InlineData(20, 56.016, 0.333, 16.177)]
    public void Jain_timesharing(int users, double response, double throughput, double diskA)
    {
        var solution = Solve.Exact($$"""
            classes: [{ name: users, population: {{users}}, thinkTime: 4s }]
            stations:
              - { name: cpu, visits: { users: 16 }, service: { users: { exponential: 125ms } } }
              - { name: diskA, visits: { users: 10 }, service: { users: { exponential: 300ms } } }
              - { name: diskB, visits: { users: 5 }, service: { users: { exponential: 200ms } } }
            """);

        solution.System.ResponseTime.Value.ShouldBe(response, 0.0005);
        solution.System.Throughput.Value.ShouldBe(throughput, 0.0005);
        solution.At("diskA").QueueLength.Value.ShouldBe(diskA, 0.0005);
        solution.At("cpu").Throughput.ShouldBeNear(16 * solution.System.Throughput.Value, 1e-12);
    }

    /// <summary>Jain (1991), example 31.1: M/M/1 gateway, 125 packets/s arrive, 2 ms each: utilization 0.25, mean in the gateway 0.33, mean time 2.66 ms.</summary>
    [Fact]
    public void Jain_gateway()
    {
        var solution = Solve.Exact("""
            classes: [{ name: packets, rate: 125/s }]
            stations: [{ name: gateway, visits: { packets: 1 }, service: { packets: { exponential: 2ms } } }]
            """);

        solution.At("gateway").Utilization.ShouldBeNear(0.25, 1e-12);
        solution.At("gateway").QueueLength.ShouldBeNear(1.0 / 3, 1e-12);
        solution.System.ResponseTime.ShouldBeNear(0.002 / 0.75, 1e-12);
        solution.System.Quantiles.Single(each => each.Probability == 0.9).Seconds.ShouldBeNear(-Math.Log(0.1) * 0.002 / 0.75);
    }

    /// <summary>Erlang's C, worked out: 4/9 for 3 servers and 2 erlangs, 1/3 for 2 and 1, 0.40918 for 10 and 8 (octave-queueing's erlangc(8, 10) gives the same).</summary>
    [Theory]
    [InlineData(3, 2.0, 0.4444444444)]
    [InlineData(2, 1.0, 0.3333333333)]
    [InlineData(10, 8.0, 0.40918)]
    public void Erlang_c(int servers, double load, double waiting)
    {
        var solution = Solve.Exact($$"""
            classes: [{ name: calls, rate: {{FormattableString.Invariant($"{load}")}} }]
            stations: [{ name: agents, servers: {{servers}}, visits: { calls: 1 }, service: { calls: { exponential: 1s } } }]
            """);

        solution.At("agents").QueueLength.ShouldBeNear(load + (waiting * load / (servers - load)), 1e-5);
        solution.At("agents").Utilization.ShouldBeNear(load / servers, 1e-12);
    }

    /// <summary>
    /// Bolch et al., Queueing Networks and Markov Chains (2nd ed. 2006), example 7.4 (p. 287 of the 1st edition): an open Jackson network of four stations with feedback; utilizations 0.8, 0.3, 0.6, 0.2,
    /// mean numbers 4, 0.429, 1.5, 0.25; by Little's law 6.179 customers / 4 per second = 1.545 s.
    /// </summary>
    [Fact]
    public void Bolch_open_network_with_feedback()
    {
        var solution = Solve.Exact("""
            classes: [{ name: jobs, rate: 4 }]
            stations:
              - { name: cpu, service: { exponential: 0.04 } }
              - { name: second, service: { exponential: 0.03 } }
              - { name: third, service: { exponential: 0.06 } }
              - { name: fourth, service: { exponential: 0.05 } }
            routing:
              jobs:
                start: fourth
                cpu: { second: 0.5, third: 0.5 }
                second: cpu
                third: { cpu: 0.6, end: 0.4 }
                fourth: cpu
            """);

        solution.At("cpu").Throughput.ShouldBeNear(20, 1e-9);
        solution.Stations.Select(station => Math.Round(station.Utilization.Value, 9)).ShouldBe([0.8, 0.3, 0.6, 0.2]);
        solution.Stations.Select(station => Math.Round(station.QueueLength.Value, 3)).ShouldBe([4, 0.429, 1.5, 0.25]);
        solution.System.ResponseTime.Value.ShouldBe(1.545, 0.0005);
    }

    /// <summary>Pollaczek and Khinchine; Kleinrock, Queueing Systems 1 (1975), section 5.7: M/D/1 waits half as long as M/M/1.</summary>
    [Theory]
    [InlineData("{ deterministic: 1s }", 0.0)]
    [InlineData("{ erlang: { mean: 1s, phases: 4 } }", 0.25)]
    [InlineData("{ hyperexponential: { mean: 1s, scv: 5 } }", 5.0)]
    [InlineData("{ uniform: [0s, 2s] }", 1.0 / 3)]
    public void Single_server_with_general_service(string service, double variation)
    {
        var solution = Solve.Exact($$"""
            classes: [{ name: jobs, rate: 0.8 }]
            stations: [{ name: server, service: { jobs: {{service}} } }]
            """);

        solution.Method.ShouldBe("exact M/G/1");
        solution.System.ResponseTime.ShouldBeNear(1 + (0.8 * (1 + variation) / (2 * 0.2)), 1e-9);
    }

    /// <summary>By Cobham's formula (1954), worked out: two classes, ρ = 0.3 each, exponential with mean 1 s: W0 = 0.6, W1 = 0.6/0.7, W2 = 0.6/(0.7·0.4).</summary>
    [Fact]
    public void Priorities()
    {
        const string yaml = """
            classes:
              - { name: urgent, rate: 0.3, priority: 2 }
              - { name: other, rate: 0.3, priority: 1 }
            stations: [{ name: server, discipline: DISCIPLINE, visits: 1, service: { exponential: 1s } }]
            """;

        var waiting = Solve.Exact(yaml.Replace("DISCIPLINE", "priority"));
        waiting.System.Of("urgent").ResponseTime.ShouldBeNear(1 + (0.6 / 0.7), 1e-9);
        waiting.System.Of("other").ResponseTime.ShouldBeNear(1 + (0.6 / (0.7 * 0.4)), 1e-9);

        // Who may interrupt sees only its own class: M/M/1 with ρ = 0.3.
        var interrupting = Solve.Exact(yaml.Replace("DISCIPLINE", "priority-pr"));
        interrupting.System.Of("urgent").ResponseTime.ShouldBeNear(1 / 0.7, 1e-9);
        interrupting.System.Of("other").ResponseTime.ShouldBeNear((1 / 0.7) + (0.6 / (0.7 * 0.4)), 1e-9);
    }

    /// <summary>Erlang's loss formula, worked out: B(2, 1) = (1/2)/(1 + 1 + 1/2) = 0.2 and B(5, 3) = 0.11005 (octave-queueing's erlangb(3, 5)).</summary>
    [Theory]
    [InlineData(2, 1.0, 0.2)]
    [InlineData(5, 3.0, 0.11005)]
    public void Loss_systems_depend_on_the_mean_only(int servers, double load, double lost)
    {
        var solution = Solve.Exact($$"""
            classes: [{ name: calls, rate: {{FormattableString.Invariant($"{load}")}} }]
            stations: [{ name: lines, servers: {{servers}}, capacity: {{servers}}, visits: 1, service: { lognormal: { mean: 1s, scv: 3 } } }]
            """);

        solution.System.Failed.ShouldBeNear(lost, 1e-4);
        solution.System.Throughput.ShouldBeNear(load * (1 - lost), 1e-4);
    }

    private static double[] Rounded(Solution solution, Func<StationFigures, Estimate> figure) => [.. solution.Stations.Select(station => Math.Round(figure(station).Value, 3))];
}
