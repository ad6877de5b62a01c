using Pleiad.Distributions;

namespace Pleiad.Queueing.Model;

/// <summary>Who is served next, and how.</summary>
public enum Discipline
{
    /// <summary>First come, first served.</summary>
    Fcfs,

    /// <summary>Processor sharing: all at once, each with an equal share of the servers and at most one.</summary>
    Ps,

    /// <summary>Last come, first served, without interrupting.</summary>
    Lcfs,

    /// <summary>Last come, first served; a newcomer interrupts, the interrupted one goes on later where it was.</summary>
    LcfsPr,

    /// <summary>The next one is drawn by lot.</summary>
    Random,

    /// <summary>The class with the larger priority first, without interrupting; first come, first served within a priority.</summary>
    Priority,

    /// <summary>The class with the larger priority first; it interrupts, the interrupted one goes on later where it was.</summary>
    PriorityPr,

    /// <summary>No queue: a server for everyone.</summary>
    Delay,
}

/// <summary>What happens to a customer that finds a station full.</summary>
public enum WhenFull
{
    /// <summary>It is turned away and its interaction ends unsuccessfully.</summary>
    Lose,

    /// <summary>It waits where it is, and keeps its server there busy (blocking after service).</summary>
    Block,
}

/// <summary>A call that a visit makes to another station, holding its own thread meanwhile.</summary>
/// <param name="Station">Place of the called station.</param>
/// <param name="Mean">Mean number of calls per visit, above 0.</param>
/// <param name="Geometric">Whether the number is geometric, or as near to the mean as whole numbers are.</param>
public sealed record Call(int Station, double Mean, bool Geometric);

/// <summary>Servers with a queue before them. Lists have an entry for each class, in the model's order.</summary>
public sealed record Station
{
    /// <summary>Name, unique among stations.</summary>
    public required string Name { get; init; }

    /// <summary>Line of the model file, from 1, or 0 when it was not read from one.</summary>
    public int Line { get; init; }

    /// <summary>Number of servers, at least 1; of no meaning for delay.</summary>
    public int Servers { get; init; } = 1;

    /// <summary>Who is served next.</summary>
    public Discipline Discipline { get; init; } = Discipline.Fcfs;

    /// <summary>Visits that an interaction makes here on its way, not through calls; 0 for classes that do not.</summary>
    public required IReadOnlyList<double> Visits { get; init; }

    /// <summary>Time of one visit on a server; null for classes that do not come here.</summary>
    public required IReadOnlyList<Distribution?> Service { get; init; }

    /// <summary>Relative standard error of each mean service time, 0 when it is taken as known.</summary>
    public required IReadOnlyList<double> Uncertainty { get; init; }

    /// <summary>Calls made during a visit.</summary>
    public required IReadOnlyList<IReadOnlyList<Call>> Calls { get; init; }

    /// <summary>Most customers here at once, in service too; null without a bound.</summary>
    public int? Capacity { get; init; }

    /// <summary>What happens when it is full.</summary>
    public WhenFull WhenFull { get; init; }

    /// <summary>Threads: a visit holds one from its start to its end, its calls included; null without a bound.</summary>
    public int? Threads { get; init; }

    /// <summary>Whether <see cref="Threads"/> are those of one server, so that more servers bring more.</summary>
    public bool ThreadsPerServer { get; init; }

    /// <summary>Speed of the whole station with 1, 2, … customers, relative to one server; the last holds for more. Null: as many as there are servers.</summary>
    public IReadOnlyList<double>? Speed { get; init; }

    /// <summary>Cost of one server, in any unit.</summary>
    public double Cost { get; init; } = 1;

    /// <summary>Most servers that a plan may give it.</summary>
    public int ServersMax { get; init; } = 1000;

    /// <summary>Threads of all servers, or null without a bound.</summary>
    public int? ThreadsTotal => Threads is { } threads ? ThreadsPerServer ? threads * Servers : threads : null;

    /// <summary>Whether it has no queue.</summary>
    public bool IsDelay => Discipline == Discipline.Delay;

    /// <summary>Whether a visit of any class makes calls.</summary>
    public bool HasCalls => Calls.Any(calls => calls.Count > 0);

    /// <summary>Speed of the station with that many customers: servers busy, or as <see cref="Speed"/> says.</summary>
    public double SpeedWith(int customers) =>
        IsDelay ? customers : Speed is { } speed ? customers == 0 ? 0 : speed[Math.Min(customers, speed.Count) - 1] : Math.Min(customers, Servers);
}
