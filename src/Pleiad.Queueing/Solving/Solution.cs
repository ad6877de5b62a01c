namespace Pleiad.Queueing.Solving;

/// <summary>A figure, and half the width of its confidence interval when it was estimated.</summary>
/// <param name="Value">The figure; NaN when it cannot be known.</param>
/// <param name="HalfWidth">Half the interval's width, or null for a figure that was computed.</param>
public readonly record struct Estimate(double Value, double? HalfWidth = null)
{
    /// <summary>Lower end of the interval; times, lengths and rates are never below 0.</summary>
    public double Low => Math.Max(0, Value - (HalfWidth ?? 0));

    /// <summary>Upper end of the interval.</summary>
    public double High => Value + (HalfWidth ?? 0);
}

/// <summary>The steady state of one station, for all classes or one.</summary>
/// <param name="Name">The station's name, or the class's.</param>
/// <param name="Throughput">Visits per second.</param>
/// <param name="Utilization">Mean share of the servers that work, 0–1; for delay the mean number of customers served, for a load-dependent station the share of time in which somebody is there.</param>
/// <param name="QueueLength">Mean number of customers waiting or in service, those waiting for calls that they made not among them.</param>
/// <param name="ResidenceTime">Mean time here in one whole interaction, in seconds, over all its visits.</param>
/// <param name="ResponseTime">Mean time here in one visit, in seconds.</param>
public sealed record StationFigures(string Name, Estimate Throughput, Estimate Utilization, Estimate QueueLength, Estimate ResidenceTime, Estimate ResponseTime)
{
    /// <summary>The figures by class, when this is a station.</summary>
    public IReadOnlyList<StationFigures> Classes { get; init; } = [];

    /// <summary>Mean number of threads held, or null without a pool.</summary>
    public Estimate? ThreadsHeld { get; init; }

    /// <summary>Mean number of requests that wait for a thread, or null without a pool.</summary>
    public Estimate? ThreadsAwaited { get; init; }
}

/// <summary>A quantile of the response time.</summary>
/// <param name="Probability">For example 0.95.</param>
/// <param name="Seconds">The time that this share does not exceed.</param>
public sealed record ResponseQuantile(double Probability, Estimate Seconds);

/// <summary>The steady state of the whole, for all classes or one.</summary>
/// <param name="Name">The class's name, or <c>system</c>.</param>
/// <param name="Throughput">Interactions done per second.</param>
/// <param name="ResponseTime">Mean time of an interaction, in seconds, without thinking.</param>
/// <param name="Customers">Mean number of customers in the system, without those who think.</param>
public sealed record SystemFigures(string Name, Estimate Throughput, Estimate ResponseTime, Estimate Customers)
{
    /// <summary>The figures by class, when this is the whole.</summary>
    public IReadOnlyList<SystemFigures> Classes { get; init; } = [];

    /// <summary>Quantiles of the response time; empty when the method gives none.</summary>
    public IReadOnlyList<ResponseQuantile> Quantiles { get; init; } = [];

    /// <summary>Share of interactions that were turned away or given up in the end, 0–1.</summary>
    public Estimate Failed { get; init; } = new(0);

    /// <summary>Time-outs per second.</summary>
    public Estimate TimeoutRate { get; init; } = new(0);
}

/// <summary>How a simulation went.</summary>
/// <param name="Seed">The seed; the same gives the same answer.</param>
/// <param name="Replications">Independent runs.</param>
/// <param name="Events">Events in all of them.</param>
/// <param name="SimulatedSeconds">Length of each run.</param>
/// <param name="WarmUpSeconds">What was cut from the beginning of each.</param>
/// <param name="Confidence">Level of the intervals, for example 0.95.</param>
/// <param name="AccuracyWanted">Relative half width asked for.</param>
/// <param name="AccuracyReached">Relative half width of the response time.</param>
public sealed record SimulationFigures(ulong Seed, int Replications, long Events, double SimulatedSeconds, double WarmUpSeconds, double Confidence, double AccuracyWanted, double AccuracyReached)
{
    /// <summary>Parts of the runs, independent of each other as far as can be seen, that the interval of the response time comes from.</summary>
    public int Groups { get; init; }
}

/// <summary>Limits of what any scheduling can do (asymptotic), and narrower ones for balanced and unbalanced networks of queues.</summary>
/// <param name="ThroughputMax">Interactions per second that the bottleneck allows.</param>
/// <param name="Bottleneck">The station that gives it.</param>
/// <param name="ThroughputLow">Least throughput of a closed class, or null.</param>
/// <param name="ThroughputHigh">Most throughput of a closed class, or null.</param>
/// <param name="ResponseLow">Least response time in seconds, or null.</param>
/// <param name="ResponseHigh">Most response time in seconds, or null.</param>
/// <param name="Kind">Which bounds: <c>asymptotic</c> or <c>balanced</c>.</param>
public sealed record Bounds(string Kind, double ThroughputMax, string Bottleneck, double? ThroughputLow, double? ThroughputHigh, double? ResponseLow, double? ResponseHigh);

/// <summary>The steady state of a model.</summary>
/// <param name="Method">How it was found, for example <c>exact mean value analysis</c>.</param>
/// <param name="Reason">Why that method.</param>
/// <param name="System">The whole.</param>
/// <param name="Stations">The stations, in the model's order.</param>
public sealed record Solution(string Method, string Reason, SystemFigures System, IReadOnlyList<StationFigures> Stations)
{
    /// <summary>Whether it is exact, apart from rounding.</summary>
    public bool IsExact { get; init; }

    /// <summary>How the simulation went, when it was one.</summary>
    public SimulationFigures? Simulation { get; init; }

    /// <summary>Bounds, where they apply.</summary>
    public IReadOnlyList<Bounds> Bounds { get; init; } = [];

    /// <summary>What the reader should know.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}
