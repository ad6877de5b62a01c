using Pleiad.Distributions;
using Pleiad.Distributions.Arrivals;

namespace Pleiad.Load.Scenarios;

/// <summary>Who decides when the next session begins.</summary>
public enum LoadKind
{
    /// <summary>Sessions arrive whether the server keeps up or not.</summary>
    Open,

    /// <summary>A fixed number of users, each beginning anew after the last page.</summary>
    Closed,

    /// <summary>Sessions arrive, and a user may come back after one.</summary>
    PartlyOpen,
}

/// <summary>Whose the connections are.</summary>
public enum ConnectionUse
{
    /// <summary>Each session opens its own and closes it at its end, as browsers of different people do.</summary>
    PerUser,

    /// <summary>Sessions share them, as the clients behind one proxy do.</summary>
    Shared,
}

/// <summary>A length of time in which the level goes evenly from one value to another.</summary>
/// <param name="Length">Above 0.</param>
/// <param name="From">Sessions per second, or users, at its beginning; 0 or more.</param>
/// <param name="To">The same at its end.</param>
public sealed record LoadStep(TimeSpan Length, double From, double To);

/// <summary>How much load, and of which kind.</summary>
public sealed record LoadPlan
{
    /// <summary>Open unless the file has <c>users</c>.</summary>
    public LoadKind Kind { get; init; } = LoadKind.Open;

    /// <summary>Steps, ramps and spikes in order; the last level holds until the end.</summary>
    public IReadOnlyList<LoadStep> Steps { get; init; } = [new(TimeSpan.FromSeconds(30), 1, 1)];

    /// <summary>Length of the run; the sum of the steps unless given.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Whose the connections are.</summary>
    public ConnectionUse Connections { get; init; }

    /// <summary>The process of arrivals; its rate is 1 where the steps give the rate.</summary>
    internal ArrivalProcess Arrivals { get; init; } = new PoissonArrivals(1);

    /// <summary>Time between a user's sessions, closed and partly open.</summary>
    internal Distribution? Pause { get; init; }

    /// <summary>Probability of coming back after a session, partly open.</summary>
    internal double Returns { get; init; }

    /// <summary>Reads a rate such as <c>20</c>, <c>20/s</c> or <c>90/min</c>.</summary>
    public static bool TryParseRate(string text, out double perSecond) => Times.TryRate(text, out perSecond);

    /// <summary>The same with another level all the time; users of an open load still come back as often as the plan says.</summary>
    public LoadPlan WithLevel(LoadKind kind, double level, TimeSpan duration) =>
        this with { Kind = kind == LoadKind.Open && Returns > 0 ? LoadKind.PartlyOpen : kind, Steps = [new LoadStep(duration, level, level)], Duration = duration };
}
