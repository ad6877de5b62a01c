namespace Pleiad.Wire.Schemes;

/// <summary>The tiers of a system, from the one that clients call to the last.</summary>
/// <param name="Tiers">At least one tier, names unique.</param>
public sealed record Scheme(IReadOnlyList<SchemeTier> Tiers)
{
    /// <summary>Most tiers in a scheme.</summary>
    public const int TiersMax = 16;
}

/// <summary>One tier: machines that serve the same.</summary>
/// <param name="Name">Unique name, for example <c>web</c>.</param>
public sealed record SchemeTier(string Name)
{
    /// <summary>Addresses that it serves on; empty for any.</summary>
    public IReadOnlyList<string> Addresses { get; init; } = [];

    /// <summary>Ports that it serves on; empty for any.</summary>
    public IReadOnlyList<int> Ports { get; init; } = [];

    /// <summary>Machines in the tier; the number of its addresses unless given.</summary>
    public int? Replicas { get; init; }

    /// <summary>Names of the tiers that it calls; the next one of the list unless given.</summary>
    public IReadOnlyList<string>? Calls { get; init; }
}
