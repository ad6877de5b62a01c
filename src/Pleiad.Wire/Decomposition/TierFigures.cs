using Pleiad.Wire.Association;
using Pleiad.Wire.Protocols;
using Pleiad.Wire.Statistics;

namespace Pleiad.Wire.Decomposition;

/// <summary>What is summed up of one tier, from every exchange with it whether attributed or not.</summary>
internal sealed class TierFigures
{
    private const double NsPerMs = 1e6;
    private const int ServersMax = 64;
    private const int ConnectionsMax = 10_000;

    private readonly HashSet<int> _conversations = [];

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

    public double AheadSum { get; private set; }

    public long Failures { get; private set; }

    public long Sessions { get; private set; }

    /// <summary>A: what an arriving exchange finds.</summary>
    public double ArrivalsSeen => Residence.Count == 0 ? 0 : AheadSum / Residence.Count;

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

        if (Servers.Count < ServersMax && _conversations.Count < ConnectionsMax && _conversations.Add(exchange.Conversation.Connection))
        {
            Protocols.Add(exchange.Conversation.Protocol);
            Servers.Add(exchange.Conversation.Server.ToString());
            Machines.Add(exchange.Conversation.Server.Address.ToString());
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

    public static bool IsFailure(Exchange exchange) => exchange.Conversation.Protocol is "http" or "ajp" ? exchange.Status >= 500 : exchange.Status != 0;
}

/// <summary>One class of front requests.</summary>
internal sealed class ClassFigures(string name, int depths)
{
    public string Name { get; } = name;

    public Series Residence { get; } = new();

    public long Failures { get; set; }

    public Series[] ResidenceOf { get; } = [.. Enumerable.Range(0, depths).Select(_ => new Series())];

    public Series[] OwnOf { get; } = [.. Enumerable.Range(0, depths).Select(_ => new Series())];

    public long[] Visits { get; } = new long[depths];

    public double[] AheadSums { get; } = new double[depths];

    public void Add(RequestTimes times)
    {
        Residence.Add(times.Residence[0] ?? 0);
        Failures += TierFigures.IsFailure(times.Exchange) ? 1 : 0;
        var level = new List<Node> { times.Request };
        for (var depth = 0; depth < ResidenceOf.Length; depth++)
        {
            if (times.Residence[depth] is { } residence)
            {
                ResidenceOf[depth].Add(residence);
                Visits[depth] += level.Count;
                foreach (var node in level)
                {
                    AheadSums[depth] += Math.Max(0, node.Ahead);
                }
            }

            if (times.Own[depth] is { } own)
            {
                OwnOf[depth].Add(own);
            }

            var below = new List<Node>();
            foreach (var node in level)
            {
                below.AddRange(node.Calls.FindAll(static call => call.Exchange.Kind == ExchangeKind.Request));
            }

            level = below;
        }
    }
}
