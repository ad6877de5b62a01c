namespace Pleiad.Queueing.Simulation;

/// <summary>How long and how finely to simulate.</summary>
public sealed record SimulationOptions
{
    /// <summary>Seed of all streams: the same seed gives the same answer, on any machine and any number of cores.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Independent runs, from 1 to 1000; with one the intervals come from batch means.</summary>
    public int Replications { get; init; } = 10;

    /// <summary>Level of the intervals, from 0.5 to 0.999.</summary>
    public double Confidence { get; init; } = 0.95;

    /// <summary>Goes on until half the interval of the response time is at most this share of it.</summary>
    public double Accuracy { get; init; } = 0.01;

    /// <summary>Most events of all runs together; the answer says when the accuracy was not reached with them.</summary>
    public long EventsMax { get; init; } = 100_000_000;

    /// <summary>Exactly this much simulated time per run instead of an accuracy, in seconds; null to go by the accuracy.</summary>
    public double? HorizonSeconds { get; init; }

    /// <summary>Most threads at once.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;
}
