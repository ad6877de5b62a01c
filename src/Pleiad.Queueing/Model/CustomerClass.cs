using Pleiad.Distributions;
using Pleiad.Distributions.Arrivals;

namespace Pleiad.Queueing.Model;

/// <summary>Customers that behave alike. Open: they arrive and leave. Closed: a fixed number, each thinking between two interactions.</summary>
public sealed record CustomerClass
{
    /// <summary>Name, unique among classes.</summary>
    public required string Name { get; init; }

    /// <summary>How an open class arrives; null for a closed class.</summary>
    public ArrivalProcess? Arrivals { get; init; }

    /// <summary>How many customers a closed class has, 0 or more; 0 for an open class.</summary>
    public int Population { get; init; }

    /// <summary>Time between the end of an interaction and the next of the same customer (closed).</summary>
    public Distribution ThinkTime { get; init; } = new Deterministic(0);

    /// <summary>The larger is served first where the discipline is priority.</summary>
    public int Priority { get; init; }

    /// <summary>Where interactions go, when visits alone do not say it; null when visits do.</summary>
    public Routing? Routing { get; init; }

    /// <summary>What a client does when an answer takes too long; null: it waits.</summary>
    public Patience? Patience { get; init; }

    /// <summary>Whether it has an arrival process.</summary>
    public bool IsOpen => Arrivals is not null;
}

/// <summary>Probabilities of where an interaction goes next. What is missing to 1 ends the interaction.</summary>
/// <param name="Start">Probability of beginning at each station.</param>
/// <param name="Next">Probability of going from each station (row) to each station (column).</param>
public sealed record Routing(IReadOnlyList<double> Start, IReadOnlyList<IReadOnlyList<double>> Next);

/// <summary>Time-out and retries of a client.</summary>
/// <param name="TimeoutSeconds">Longest time that one attempt is waited for, above 0.</param>
/// <param name="Retries">Most further attempts, 0 or more.</param>
/// <param name="Backoff">Pause before each further attempt.</param>
/// <param name="Drops">Whether the servers notice that nobody waits any more when its turn comes; if not they do the work for nothing.</param>
public sealed record Patience(double TimeoutSeconds, int Retries, Distribution Backoff, bool Drops);
