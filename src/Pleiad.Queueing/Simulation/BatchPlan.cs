using Pleiad.Distributions.Arrivals;
using Pleiad.Queueing.Model;
using Pleiad.Queueing.Solving;

namespace Pleiad.Queueing.Simulation;

/// <summary>How long the runs of a simulation are, and into which batches they are divided: where arrivals repeat after a period, in whole periods, since a part of one is not like the whole.</summary>
internal sealed class BatchPlan
{
    private const int BatchesFirst = 256;

    /// <summary>A common period of several classes is looked for up to so many of the longest.</summary>
    private const int PeriodsTogetherMax = 24;

    public BatchPlan(QueueingModel model, double? horizon)
    {
        var (wanted, period) = (horizon ?? FirstHorizon(model), horizon is null ? Period(model) : 0);
        if (period > 0)
        {
            // Powers of two, so that batches that are merged in pairs still divide the period, or are whole periods.
            var periods = wanted / BatchesFirst / period;
            PerPeriod = periods >= 1 ? 1 : (int)Math.Min(BatchesFirst / 2, Math.Pow(2, Math.Ceiling(-Math.Log2(periods))));
            Batch = period * Math.Max(1, Math.Floor(periods)) / PerPeriod;
            Horizon = Math.Ceiling(wanted / (Batch * Together)) * Together * Batch;
        }
        else
        {
            (Horizon, Batch) = (wanted, wanted / BatchesFirst);
        }
    }

    /// <summary>Length of each run, in seconds.</summary>
    public double Horizon { get; private set; }

    /// <summary>Length of a batch, in seconds.</summary>
    public double Batch { get; private set; }

    /// <summary>Batches of a period; 1 where nothing repeats.</summary>
    public int PerPeriod { get; private set; } = 1;

    /// <summary>Runs and what is cut off them are multiples of so many batches: quantiles have no finer parts than segments, and are of the same requests as the means.</summary>
    public int Together => Math.Max(Replication.BatchesOfSegment, PerPeriod);

    public void Extend(double factor) => Horizon = Math.Ceiling(Horizon * factor / (Batch * Together)) * Together * Batch;

    /// <summary>Two batches have become one.</summary>
    public void Merge()
    {
        Batch *= 2;
        PerPeriod = Math.Max(1, PerPeriod / 2);
    }

    /// <summary>So many batches and what is missing to a whole part.</summary>
    public int Whole(int batches) => (Math.Max(0, batches) + Together - 1) / Together * Together;

    /// <summary>What is left of a series of batches without what comes again in every period, the first of which may not have settled.</summary>
    public double[] WithoutPeriod(double[] series)
    {
        var periods = series.Length / PerPeriod;
        if (PerPeriod == 1 || periods < 3)
        {
            return series;
        }

        var usual = Enumerable.Range(0, PerPeriod).Select(phase => Enumerable.Range(1, periods - 1).Average(period => series[(period * PerPeriod) + phase])).ToArray();
        return [.. series.Select((value, at) => value - usual[at % PerPeriod])];
    }

    /// <summary>After how long all that repeats comes again: a multiple of the longest period, or the longest when the others do not divide any; 0 when nothing repeats.</summary>
    private static double Period(QueueingModel model)
    {
        var periods = model.Classes.Select(PeriodOf).Where(period => period > 0).ToArray();
        var longest = periods.DefaultIfEmpty(0).Max();
        var times = Enumerable.Range(1, PeriodsTogetherMax).FirstOrDefault(m => periods.All(period => Math.Abs((m * longest / period) - Math.Round(m * longest / period)) < 1e-9 * m * longest / period));
        return longest * Math.Max(1, times);
    }

    private static double PeriodOf(CustomerClass each) => each.Arrivals switch { TimeVaryingArrivals steps => steps.Period, TraceArrivals trace => trace.Period, _ => 0 };

    /// <summary>Some thousand interactions, more where the load is near its limit and the memory of a queue is long.</summary>
    private static double FirstHorizon(QueueingModel model)
    {
        var demands = Demands.Of(model);
        var throughput = Enumerable.Range(0, model.Classes.Count).Select(demands.ThroughputGuess).ToArray();
        var utilization = Enumerable.Range(0, model.Stations.Count).Where(k => !model.Stations[k].IsDelay)
            .Select(k => Enumerable.Range(0, model.Classes.Count).Sum(c => throughput[c] * demands.Demand[c, k]) / demands.SpeedMax(k)).DefaultIfEmpty(0).Max();
        var stretch = Math.Clamp(0.2 / Math.Max(1e-3, 1 - utilization), 1, 100);
        var cycle = Enumerable.Range(0, model.Classes.Count).Max(c => demands.Total(c) + model.Classes[c].ThinkTime.Mean);
        var slowest = throughput.Where(x => x > 0).DefaultIfEmpty(1).Min();

        // What repeats is seen whole, and more than once.
        var period = model.Classes.Max(PeriodOf);
        return Math.Max(Math.Max(3 * period, 1000 * stretch / Math.Max(throughput.Sum(), 1e-12)), Math.Max(10 * cycle, Math.Min(100 / slowest, 20_000 / Math.Max(throughput.Sum(), 1e-12))));
    }
}
