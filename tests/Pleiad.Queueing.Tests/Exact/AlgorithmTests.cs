using Pleiad.Queueing.Exact;
using Pleiad.Queueing.Tests.Fixtures;
using Shouldly;
using Xunit;

namespace Pleiad.Queueing.Tests.Exact;

public sealed class AlgorithmTests
{
    [Fact]
    public void Convolution_and_mean_value_analysis_agree_on_several_classes()
    {
        int[] populations = [4, 3, 5];
        double[] think = [2, 0, 7];
        var demand = new double[,] { { 1, 0.5, 0.2 }, { 0.3, 2, 0 }, { 0.7, 0.1, 0.9 } };

        var (x, q) = MeanValueAnalysis.Solve(populations, think, demand);
        var stations = Enumerable.Range(0, 3).Select(k => new ProductFormStation([.. Enumerable.Range(0, 3).Select(r => demand[r, k])], 0, [1])).ToArray();
        var (y, figures) = new Convolution(populations, think, stations).Solve();

        for (var r = 0; r < 3; r++)
        {
            y[r].ShouldBe(x[r], 1e-12);
            for (var k = 0; k < 3; k++)
            {
                figures[k].Closed[r].ShouldBe(q[r, k], 1e-11);
            }
        }
    }

    [Fact]
    public void A_single_server_written_as_many_speeds_changes_nothing()
    {
        var one = new ProductFormStation([1, 0.4], 0.3, [1]);
        var many = one with { Speed = [1, 1, 1] };
        var other = new ProductFormStation([0.2, 0.9], 0, [1, 2]);

        var (x, a) = new Convolution([6, 4], [1, 3], [one, other]).Solve();
        var (y, b) = new Convolution([6, 4], [1, 3], [many, other]).Solve();

        y.ShouldBe(x, 1e-12);
        b[0].Closed.ShouldBe(a[0].Closed, 1e-11);
        b[0].Open.ShouldBe(a[0].Open, 1e-11);
        b[0].Busy.ShouldBe(a[0].Busy, 1e-11);
        b[1].Closed.ShouldBe(a[1].Closed, 1e-11);
    }

    [Fact]
    public void The_machine_repairman_with_several_repairmen_matches_its_birth_and_death_chain()
    {
        // 12 machines that run 10 h on average, 3 repairmen who take 2 h.
        var solution = Solve.Exact("""
            classes: [{ name: machines, population: 12, thinkTime: 10h }]
            stations: [{ name: repair, servers: 3, visits: 1, service: { exponential: 2h } }]
            """);

        var p = new double[13];
        p[0] = 1;
        for (var n = 1; n <= 12; n++)
        {
            p[n] = p[n - 1] * ((12 - n + 1) / 10.0) / (Math.Min(n, 3) / 2.0);
        }

        var sum = p.Sum();
        solution.At("repair").QueueLength.ShouldBeNear(p.Select((each, n) => n * each).Sum() / sum, 1e-12);
        solution.System.Throughput.ShouldBeNear(p.Select((each, n) => each * (12 - n) / 36000).Sum() / sum, 1e-12);
    }

    [Fact]
    public void Many_servers_under_heavy_load_keep_all_digits()
    {
        // Mean value analysis with marginal probabilities gives negative ones here.
        var solution = Solve.Exact("""
            classes: [{ name: users, population: 2000, thinkTime: 5s }]
            stations:
              - { name: app, servers: 32, visits: 1, service: { exponential: 100ms } }
              - { name: db, servers: 4, visits: 2, service: { exponential: 10ms } }
            """);

        solution.System.Throughput.ShouldBeNear(200, 1e-6);
        solution.At("db").Utilization.ShouldBeNear(1, 1e-6);
        (solution.At("app").QueueLength.Value + solution.At("db").QueueLength.Value + (5 * solution.System.Throughput.Value)).ShouldBe(2000, 1e-6);
    }

    [Fact]
    public void An_open_class_beside_a_closed_one_on_several_servers_matches_its_chain()
    {
        var solution = Solve.Exact("""
            classes:
              - { name: batch, population: 3, thinkTime: 1s }
              - { name: web, rate: 1.5 }
            stations: [{ name: cpu, servers: 2, discipline: ps, visits: 1, service: { batch: { exponential: 0.8s }, web: { exponential: 0.5s } } }]
            """);

        // States (closed at the cpu, open at the cpu); PS gives each n/(n) of min(n, 2) servers.
        const int most = 400;
        var p = new double[4, most];
        double sum = 0, closed = 0, open = 0;
        for (var j = 0; j <= 3; j++)
        {
            for (var l = 0; l < most; l++)
            {
                // Product form: multinomial × Π loads / Π min(i, 2), times the thinkers.
                var log = 0.0;
                for (var i = 1; i <= j + l; i++)
                {
                    log += Math.Log(i) - Math.Log(Math.Min(i, 2));
                }

                for (var i = 1; i <= j; i++)
                {
                    log += Math.Log(0.8) - Math.Log(i);
                }

                for (var i = 1; i <= l; i++)
                {
                    log += Math.Log(0.75) - Math.Log(i);
                }

                for (var i = 1; i <= 3 - j; i++)
                {
                    log -= Math.Log(i);
                }

                p[j, l] = Math.Exp(log);
                sum += p[j, l];
                closed += j * p[j, l];
                open += l * p[j, l];
            }
        }

        solution.At("cpu").Of("batch").QueueLength.ShouldBeNear(closed / sum, 1e-9);
        solution.At("cpu").Of("web").QueueLength.ShouldBeNear(open / sum, 1e-9);
    }

    [Fact]
    public void Without_customers_or_think_time_nothing_breaks()
    {
        var solution = Solve.Exact("""
            classes:
              - { name: none, population: 0, thinkTime: 1s }
              - { name: one, population: 1 }
            stations: [{ name: cpu, visits: 1, service: { exponential: 0.5s } }]
            """);

        solution.System.Of("one").Throughput.ShouldBeNear(2, 1e-12);
        solution.System.Of("none").Throughput.Value.ShouldBe(0);
        solution.At("cpu").Utilization.ShouldBeNear(1, 1e-12);
    }

    [Fact]
    public void Delays_are_counted_by_the_work_in_them()
    {
        var solution = Solve.Exact("""
            classes: [{ name: users, population: 10, thinkTime: 0s }]
            stations:
              - { name: lan, discipline: delay, visits: 1, service: { exponential: 1s } }
              - { name: cpu, visits: 1, service: { exponential: 0.2s } }
            """);

        solution.At("lan").ResidenceTime.ShouldBeNear(1, 1e-12);
        solution.At("lan").Utilization.ShouldBeNear(solution.System.Throughput.Value, 1e-12);
        solution.System.ResponseTime.ShouldBeNear(10 / solution.System.Throughput.Value, 1e-12);
    }

    [Fact]
    public void Bounds_hold_the_truth()
    {
        for (var users = 1; users <= 60; users += 7)
        {
            var solution = Solve.Exact($$"""
                classes: [{ name: users, population: {{users}}, thinkTime: 15s }]
                stations:
                  - { name: cpu, visits: 1, service: { exponential: 5s } }
                  - { name: disk1, visits: 1, service: { exponential: 4s } }
                  - { name: disk2, visits: 1, service: { exponential: 3s } }
                """);

            foreach (var bounds in solution.Bounds)
            {
                solution.System.Throughput.Value.ShouldBeInRange(bounds.ThroughputLow!.Value - 1e-12, bounds.ThroughputHigh!.Value + 1e-12, $"{bounds.Kind} with {users}");
                solution.System.ResponseTime.Value.ShouldBeInRange(bounds.ResponseLow!.Value - 1e-9, bounds.ResponseHigh!.Value + 1e-9, $"{bounds.Kind} with {users}");
                bounds.Bottleneck.ShouldBe("cpu");
            }
        }
    }

    [Theory]
    [InlineData(1e-200, 1e150)]
    [InlineData(3, 5)]
    [InlineData(1e-80, 1e-80)]
    public void Wide_numbers_add_and_multiply_as_doubles_where_those_can(double a, double b)
    {
        Wide.Ratio((Wide)a * (Wide)b, 1).ShouldBe(a * b, a * b * 1e-15);
        Wide.Ratio((Wide)a + (Wide)b, 1).ShouldBe(a + b, (a + b) * 1e-15);
        Wide big = 1e200;
        Wide.Ratio(big * big * big * big, big * big * big).ShouldBe(1e200, 1e186);
    }
}
