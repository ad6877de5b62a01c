namespace Pleiad.Client.Queries;

/// <summary>Which jobs to list; what is null does not matter.</summary>
public sealed record JobQuery
{
    /// <summary>Only jobs of this service.</summary>
    public string? Service { get; init; }

    /// <summary>Only jobs in this state: waiting, running, done, failed or cancelled.</summary>
    public string? State { get; init; }

    /// <summary>Only jobs of this name.</summary>
    public string? Name { get; init; }

    /// <summary>Where to go on: <c>Next</c> of the page before.</summary>
    public string? After { get; init; }

    /// <summary>Most jobs of a page, from 1 to 1000; null leaves it to the server.</summary>
    public int? Limit { get; init; }
}
