using Pleiad.Wire.Association;
using Pleiad.Wire.Protocols;

namespace Pleiad.Wire.Decomposition;

/// <summary>One front request taken apart. Times in milliseconds; null where its calls are not settled. It is filled anew for each request: who keeps it takes a copy.</summary>
internal sealed class RequestTimes(int depths, int tiers)
{
    public Node Request { get; set; } = null!;

    public string Class { get; set; } = "";

    /// <summary>T of each depth: the union of the exchanges with its tiers.</summary>
    public double?[] Residence { get; } = new double?[depths];

    /// <summary>Own time of each depth: the time in its tiers that lies in no call of theirs.</summary>
    public double?[] Own { get; } = new double?[depths];

    /// <summary>The probability that everything above a depth has exactly the calls that it was given.</summary>
    public double[] Posterior { get; } = new double[depths];

    /// <summary>The same as <see cref="Residence"/>, by tier.</summary>
    public double?[] TierResidence { get; } = new double?[tiers];

    /// <summary>The same as <see cref="Own"/>, by tier.</summary>
    public double?[] TierOwn { get; } = new double?[tiers];

    /// <summary>What <see cref="TierOwn"/> is longer than the sum of a tier's exchanges less the sum of their calls, because some of these ran at the same time.</summary>
    public double[] TierOverlap { get; } = new double[tiers];

    /// <summary>Exchanges with each tier.</summary>
    public int[] Visits { get; } = new int[tiers];

    /// <summary>Sum of what these found on arrival.</summary>
    public double[] Ahead { get; } = new double[tiers];

    public int Calls { get; set; }

    public double? ValidationMs { get; set; }

    public Exchange Exchange => Request.Exchange;

    public bool IsAttributed => Array.TrueForAll(Residence, each => each is not null);

    /// <summary>A copy that stays, with its request.</summary>
    public RequestTimes Kept()
    {
        var kept = new RequestTimes(Residence.Length, TierOwn.Length) { Request = Request, Class = Class, Calls = Calls, ValidationMs = ValidationMs };
        Request.Keep();
        Residence.CopyTo(kept.Residence, 0);
        Own.CopyTo(kept.Own, 0);
        Posterior.CopyTo(kept.Posterior, 0);
        TierResidence.CopyTo(kept.TierResidence, 0);
        TierOwn.CopyTo(kept.TierOwn, 0);
        TierOverlap.CopyTo(kept.TierOverlap, 0);
        Visits.CopyTo(kept.Visits, 0);
        Ahead.CopyTo(kept.Ahead, 0);
        return kept;
    }
}
