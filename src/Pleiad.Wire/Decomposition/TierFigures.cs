using Pleiad.Wire.Association;
using Pleiad.Wire.Protocols;
using Pleiad.Wire.Statistics;

namespace Pleiad.Wire.Decomposition;

/// <summary>What is summed up of one tier, from every exchange with it whether attributed or not.</summary>
internal sealed class TierFigures
{
    private const double NsPerMs = 1e6;
    private const int ServersMax = 64;

    public HashSet<string> Protocols { get; } = [];

    public HashSet<string> Servers { get; } = [];

    public HashSet<string> Machines { get; } = [];

    public Series Residence { get; } = new();

    public Series RequestSpread { get; } = new();

    public Series Service { get; } = new();

    public Series AnswerSpread { get; } = new();

    public Series Validation { get; } = new();

    /// <summary>Own time per front request, over those that were attributed.</summary>
    public Series Own { get; } = new();

    /// <summary>Sum, over the same, of <see cref="RequestTimes.TierOverlap"/>.</summary>
    public double OverlapSum { get; private set; }

    public double AheadSum { get; private set; }

    public long Failures { get; private set; }

    public long Sessions { get; private set; }

    /// <summary>A: what an arriving exchange finds.</summary>
    public double ArrivalsSeen => Residence.Count == 0 ? 0 : AheadSum / Residence.Count;

    public void AddOwn(double own, double overlap)
    {
        Own.Add(own);
        OverlapSum += overlap;
    }

    public void Add(Node node)
    {
        var exchange = node.Exchange;
        switch (exchange.Kind)
        {
            case ExchangeKind.Validation:
                Validation.Add(exchange.DurationNs / NsPerMs);
                return;
            case ExchangeKind.Session or ExchangeKind.Cancel:
                Sessions++;
                return;
        }

        if (!exchange.Conversation.IsNoted)
        {
            Note(exchange.Conversation);
        }

        Residence.Add(exchange.DurationNs / NsPerMs);
        // An answer can begin before the request has ended; nothing of it is service then.
        var answer = exchange.AnswerStartNs > 0 ? exchange.AnswerStartNs : exchange.EndNs;
        var sent = Math.Min(exchange.RequestEndNs, answer);
        RequestSpread.Add((sent - exchange.StartNs) / NsPerMs);
        Service.Add((answer - sent) / NsPerMs);
        AnswerSpread.Add((exchange.EndNs - answer) / NsPerMs);
        AheadSum += Math.Max(0, node.Ahead);
        Failures += IsFailure(exchange) ? 1 : 0;
    }

    private void Note(ConversationInfo conversation)
    {
        conversation.IsNoted = true;
        if (Servers.Count < ServersMax)
        {
            Protocols.Add(conversation.Protocol);
            Servers.Add(conversation.Server.ToString());
            Machines.Add(conversation.Server.Address.ToString());
        }
    }

    public static bool IsFailure(Exchange exchange) => exchange.Conversation.IsWeb ? exchange.Status >= 500 : exchange.Status != 0;
}

/// <summary>One class of front requests.</summary>
internal sealed class ClassFigures(string name, int tiers)
{
    public string Name { get; } = name;

    public Series Residence { get; } = new();

    public long Failures { get; private set; }

    /// <summary>By tier, over requests that are settled so far.</summary>
    public Series[] ResidenceOf { get; } = [.. Enumerable.Range(0, tiers).Select(_ => new Series())];

    public Series[] OwnOf { get; } = [.. Enumerable.Range(0, tiers).Select(_ => new Series())];

    public long[] Visits { get; } = new long[tiers];

    public double[] AheadSums { get; } = new double[tiers];

    public void Add(RequestTimes times)
    {
        Residence.Add(times.Residence[0] ?? 0);
        Failures += TierFigures.IsFailure(times.Exchange) ? 1 : 0;
        for (var tier = 0; tier < ResidenceOf.Length; tier++)
        {
            if (times.TierResidence[tier] is { } residence)
            {
                ResidenceOf[tier].Add(residence);
                Visits[tier] += times.Visits[tier];
                AheadSums[tier] += times.Ahead[tier];
            }

            if (times.TierOwn[tier] is { } own)
            {
                OwnOf[tier].Add(own);
            }
        }
    }
}
