using Pleiad.Queueing.Simulation;
using Pleiad.Queueing.Solving;
using Pleiad.Queueing.Tests.Fixtures;
using Shouldly;
using Xunit;

namespace Pleiad.Queueing.Tests.Simulation;

/// <summary>Runs that stop by themselves: their intervals hold the truth as often as those of a fixed length.</summary>
public sealed class StoppingTests
{
    private const string Periodic = "classes: [{ name: a, arrivals: { timeVarying: [{ length: 20s, rate: 0.2 }, { length: 20s, rate: 1.2 }] } }]\nstations: [{ name: s, service: { exponential: 1s } }]";

    /// <summary>With ten runs' means alone, stopping where their interval looked narrow, 88 to 92 of 100 held it.</summary>
    [Theory]
    [InlineData("classes: [{ name: a, rate: 0.7 }]\nstations: [{ name: s, service: { exponential: 1s } }]", 0.1)]
    [InlineData(Periodic, 0.07)]
    [InlineData("classes: [{ name: a, population: 6, thinkTime: 3s }]\nstations:\n  - { name: web, threads: 3, service: { exponential: 400ms }, calls: { db: 1 } }\n  - { name: db, service: { exponential: 300ms } }", 0.05)]
    public void Intervals_of_runs_that_stop_by_themselves_hold_the_truth(string yaml, double accuracy)
    {
        var truth = yaml == Periodic ? OverPeriod(20, 0.2, 1.2) : Solve.Exact(yaml).System.ResponseTime.Value;
        const int runs = 300;
        var held = 0;
        for (var seed = 1; seed <= runs; seed++)
        {
            var response = Run(yaml, new SimulationOptions { Seed = (ulong)seed, Accuracy = accuracy, Threads = 1 }).System.ResponseTime;
            held += Math.Abs(response.Value - truth) <= response.HalfWidth ? 1 : 0;
        }

        (held / (double)runs).ShouldBeInRange(0.93, 0.98);
    }

    [Fact]
    public void What_repeats_is_simulated_and_cut_in_whole_periods()
    {
        foreach (var (first, second) in new[] { ("timeVarying: [{ length: 1h, rate: 0.2 }, { length: 1h, rate: 0.8 }]", "timeVarying: [{ length: 20min, rate: 0.1 }, { length: 28min, rate: 0.3 }]"), ("timeVarying: [{ length: 30s, rate: 0.2 }, { length: 30s, rate: 0.8 }]", "poisson: 0.1") })
        {
            var solution = Run($"classes: [{{ name: a, arrivals: {{ {first} }} }}, {{ name: b, arrivals: {{ {second} }} }}]\nstations: [{{ name: s, discipline: ps, service: {{ exponential: 700ms }} }}]", new SimulationOptions { Accuracy = 0.05 });

            // 2 h and 48 min are together again after 4 h.
            var period = first.Contains("1h", StringComparison.Ordinal) ? 4 * 3600.0 : 60;
            foreach (var seconds in new[] { solution.Simulation!.SimulatedSeconds, solution.Simulation.WarmUpSeconds })
            {
                (seconds / period).ShouldBe(Math.Round(seconds / period), 1e-6);
                seconds.ShouldBeGreaterThan(0);
            }
        }
    }

    /// <summary>Groups that follow each other closely tell less than they seem to: e(i) = φ e(i − 1) + chance.</summary>
    [Theory]
    [InlineData(0.0, 160, 0.9, 1.15)]
    [InlineData(0.6, 40, 0.8, 1.3)]
    [InlineData(0.95, 10, 0.6, 1.5)]
    public void Groups_that_depend_on_each_other_are_put_together(double correlation, int groupsAtMost, double low, double high)
    {
        const int trials = 200;
        var random = new Random(7);
        double variance = 0, estimated = 0;
        var groups = 0;
        for (var trial = 0; trial < trials; trial++)
        {
            var values = new double[160];
            for (var i = 0; i < values.Length; i++)
            {
                var chance = Normal(random);
                values[i] = i % 16 == 0 ? chance / Math.Sqrt(1 - (correlation * correlation)) : (correlation * values[i - 1]) + chance;
            }

            var found = GroupedRatio.Of([.. values.Select(value => 100 + value)], [.. values.Select(_ => 1.0)], 10, 0.95);
            variance += Math.Pow(found.Estimate.Value - 100, 2) / trials;
            estimated += Math.Pow(found.Estimate.HalfWidth!.Value / 1.98, 2) / trials;
            groups += found.Groups;
        }

        (groups / trials).ShouldBeInRange(10, groupsAtMost);
        Math.Sqrt(estimated / variance).ShouldBeInRange(low, high);

        static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
    }

    /// <summary>Mean response time of one server of rate 1 whose arrivals have two rates in turn: the differential equations of its chain until a period is like the one before.</summary>
    private static double OverPeriod(double length, double first, double second)
    {
        const int states = 200;
        const double step = 0.01;
        var p = new double[states];
        p[0] = 1;
        var (area, before) = (0.0, -1.0);
        while (Math.Abs(area - before) > 1e-8 * area)
        {
            (before, area) = (area, 0);
            for (var i = 0; i < 2 * length / step; i++)
            {
                // By the middle of each step.
                var rate = i * step < length ? first : second;
                var middle = Moved(p, Flow(p, rate), step / 2);
                p = Moved(p, Flow(middle, rate), step);
                area += step * middle.Select((share, n) => n * share).Sum();
            }
        }

        return area / (length * (first + second));

        static double[] Moved(double[] from, double[] flow, double time) => [.. from.Zip(flow, (share, change) => share + (time * change))];

        static double[] Flow(double[] p, double rate) => [.. Enumerable.Range(0, states).Select(n =>
            (n > 0 ? (rate * p[n - 1]) - p[n] : 0) + (n < states - 1 ? p[n + 1] - (rate * p[n]) : 0))];
    }

    private static Solution Run(string yaml, SimulationOptions options) => Simulator.Solve(Solve.Model(yaml), options, "test", TestContext.Current.CancellationToken);
}
