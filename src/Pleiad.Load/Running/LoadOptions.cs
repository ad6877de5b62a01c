namespace Pleiad.Load.Running;

/// <summary>Which client speaks to the target.</summary>
public enum HttpEngine
{
    /// <summary>The generator's own HTTP/1.1 for http targets, the runtime's for https and HTTP/2.</summary>
    Auto,

    /// <summary>The runtime's, for everything.</summary>
    System,
}

/// <summary>How a run is done, beside what the scenario says.</summary>
public sealed record LoadOptions
{
    /// <summary>Scheme, host and port of what is loaded; http or https. A path in front of all URLs may follow.</summary>
    public required Uri Target { get; init; }

    /// <summary>Seed of all chance; the same seed gives the same arrivals, users and think times.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Threads, each with an event loop of its own: 1 to 64. One makes some ten thousands of requests a second.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>Whether to speak HTTP/2.</summary>
    public bool Http2 { get; init; }

    /// <summary>Which client speaks to the target.</summary>
    public HttpEngine Engine { get; init; }

    /// <summary>Whether a certificate that nobody vouches for is taken.</summary>
    public bool AcceptsAnyCertificate { get; init; }

    /// <summary>Header that carries each request's own id, or null for none.</summary>
    public string? RequestIdHeader { get; init; }

    /// <summary>How long answers are waited for after the end.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Most connections at once of one worker; requests beyond wait for one.</summary>
    public int ConnectionsMax { get; init; } = 10_000;

    /// <summary>File that gets a line of CSV for every request, or null.</summary>
    public string? RequestLogFile { get; init; }

    /// <summary>What think times and pauses are multiplied by; 0.1 for users ten times as quick, 0 or more.</summary>
    public double ThinkScale { get; init; } = 1;

    /// <summary>Which share of the load this process has, and how many there are; for agents.</summary>
    public int Share { get; init; }

    /// <summary>How many processes share the load.</summary>
    public int Shares { get; init; } = 1;
}
