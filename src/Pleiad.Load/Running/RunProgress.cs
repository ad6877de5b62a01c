namespace Pleiad.Load.Running;

/// <summary>What a run does now, for live views and the control API.</summary>
public sealed record RunProgress
{
    /// <summary>Seconds since the start.</summary>
    public double Seconds { get; init; }

    /// <summary>Planned length in seconds.</summary>
    public double DurationSeconds { get; init; }

    /// <summary>Factor by which the planned load is multiplied now.</summary>
    public double Factor { get; init; } = 1;

    /// <summary>Sessions per second, or users, that are asked for now.</summary>
    public double Level { get; init; }

    /// <summary>Requests that ended, per second, over the last seconds.</summary>
    public double RequestsPerSecond { get; init; }

    /// <summary>Share of them that failed, from 0 to 1.</summary>
    public double FailedShare { get; init; }

    /// <summary>Median time from the intended start over the last seconds, in milliseconds; NaN without requests.</summary>
    public double P50Ms { get; init; }

    /// <summary>The same for 95 of 100.</summary>
    public double P95Ms { get; init; }

    /// <summary>The same for 99 of 100.</summary>
    public double P99Ms { get; init; }

    /// <summary>How late the generator was in 99 of 100 cases, over the last seconds, in milliseconds.</summary>
    public double LagP99Ms { get; init; }

    /// <summary>Share of the workers' time in which they computed, from 0 to 1.</summary>
    public double CpuShare { get; init; }

    /// <summary>Requests under way.</summary>
    public long InFlight { get; init; }

    /// <summary>Requests since the start.</summary>
    public long Requests { get; init; }

    /// <summary>Requests since the start that failed.</summary>
    public long Failed { get; init; }

    /// <summary>Whether the run is over.</summary>
    public bool IsOver { get; init; }

    /// <summary>How far a stop rule is: half of the interval relative to the figure; null without a rule or before it can be told.</summary>
    public double? UntilNow { get; init; }
}
