namespace Pleiad.Client.Queries;

/// <summary>Which events to list; what is null does not matter.</summary>
public sealed record EventQuery
{
    /// <summary>Only events about this service.</summary>
    public string? Service { get; init; }

    /// <summary>Only events about this machine.</summary>
    public string? Machine { get; init; }

    /// <summary>Only events of this kind, for example <c>machineStarting</c>.</summary>
    public string? Kind { get; init; }

    /// <summary>Only events after this id.</summary>
    public long? After { get; init; }

    /// <summary>Whether to list the newest of all that fit instead of the oldest; still by ascending id.</summary>
    public bool Newest { get; init; }

    /// <summary>Most events of a page, from 1 to 1000; null leaves it to the server.</summary>
    public int? Limit { get; init; }
}
