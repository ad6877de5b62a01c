using Pleiad.Queueing.Tests.Fixtures;
using Shouldly;
using Xunit;

namespace Pleiad.Queueing.Tests.Exact;

/// <summary>Examples with published figures; each names its source. Figures printed with few digits are compared to those digits.</summary>
public sealed class TextbookTests
{
    /// <summary>Lazowska et al., Quantitative System Performance (1984), section 6.3, the example of MVA: demands 0.605, 2.1, 1.35 s, think time 15 s, N = 3: X = 0.152, R = 4.7.</summary>
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
        solution.System.Throughput.ShouldBeNear(0.152, 0.005);

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

    /// <summary>Jain, The Art of Computer Systems Performance Analysis (1991), example 34.2, a timesharing system: visits 16, 10, 5; demands 2, 3, 1 s; think time 4 s.</summary>
    [Theory]
    [InlineData(1, 6.0, 0.100)]
    [InlineData(2, 7.4, 0.175)]
    [InlineData(20, 56.016, 0.333)]
    public void Jain_timesharing(int users, double response, double throughput)
    {
        var solution = Solve.Exact($$"""
            classes: [{ name: users, population: {{users}}, thinkTime: 4s }]
            stations:
              - { name: cpu, visits: { users: 16 }, service: { users: { exponential: 125ms } } }
              - { name: diskA, visits: { users: 10 }, service: { users: { exponential: 300ms } } }
              - { name: diskB, visits: { users: 5 }, service: { users: { exponential: 200ms } } }
            """);

        solution.System.ResponseTime.ShouldBeNear(response, 1e-5);
        solution.System.Throughput.Value.ShouldBe(throughput, 0.0005);
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

    /// <summary>Erlang's C: 4/9 for 3 servers and 2 erlangs, 1/3 for 2 and 1; 0.4092 for 10 and 8 in the usual tables.</summary>
    [Theory]
    [InlineData(3, 2.0, 0.4444444444)]
    [InlineData(2, 1.0, 0.3333333333)]
    [InlineData(10, 8.0, 0.40918)]
    public void Erlang_c_of_published_tables(int servers, double load, double waiting)
    {
        var solution = Solve.Exact($$"""
            classes: [{ name: calls, rate: {{FormattableString.Invariant($"{load}")}} }]
            stations: [{ name: agents, servers: {{servers}}, visits: { calls: 1 }, service: { calls: { exponential: 1s } } }]
            """);

        solution.At("agents").QueueLength.ShouldBeNear(load + (waiting * load / (servers - load)), 1e-5);
        solution.At("agents").Utilization.ShouldBeNear(load / servers, 1e-12);
    }

    /// <summary>
    /// Bolch et al., Queueing Networks and Markov Chains (2nd ed. 2006), example 7.2: an open Jackson network of four stations with feedback; utilizations 0.8, 0.3, 0.6, 0.2,
    /// mean numbers 4, 0.429, 1.5, 0.25, mean response 1.545 s.
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

    /// <summary>Cobham (1954): two classes, ρ = 0.3 each, exponential with mean 1 s: W0 = 0.6, W1 = 0.6/0.7, W2 = 0.6/(0.7·0.4).</summary>
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

    /// <summary>Erlang's loss formula: B(2, 1) = 0.2 and B(5, 3) = 0.1100.</summary>
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
}
