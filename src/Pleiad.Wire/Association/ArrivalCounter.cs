using System.Runtime.InteropServices;
using Pleiad.Wire.Packets;
using Pleiad.Wire.Protocols;
using Pleiad.Wire.Schemes;

namespace Pleiad.Wire.Association;

/// <summary>
/// Counts, for each exchange, the requests that were in its machine when it arrived and not in a call of theirs to another tier: A of R = D(1 + A). It needs no links: the
/// calls that are under way from a machine are as many as the requests there that wait for one.
/// </summary>
internal sealed class ArrivalCounter(TierMap map)
{
    private readonly Dictionary<(int Tier, NetAddress Machine), Presence> _machines = [];
    private readonly PriorityQueue<(Presence Served, Presence[] Calling, bool IsRequest), long> _ends = new();

    /// <summary>Sets <see cref="Node.Ahead"/> of those that have none yet.</summary>
    /// <param name="tiers">The nodes of each tier, by start; those that end after the first uncounted one began must all be there.</param>
    public void Count(IReadOnlyList<List<Node>> tiers)
    {
        _machines.Clear();
        _ends.Clear();
        var callers = new Dictionary<ConversationInfo, (Presence Served, Presence[] Calling)>();
        var arrivals = new List<Node>(tiers.Sum(nodes => nodes.Count));
        foreach (var nodes in tiers)
        {
            arrivals.AddRange(nodes);
        }

        arrivals.Sort(static (a, b) => a.StartNs != b.StartNs ? a.StartNs.CompareTo(b.StartNs) : a.Tier.CompareTo(b.Tier));
        foreach (var node in arrivals)
        {
            if (node.Exchange.Kind is not (ExchangeKind.Request or ExchangeKind.Validation))
            {
                continue;
            }

            while (_ends.TryPeek(out var ended, out var endNs) && endNs <= node.StartNs)
            {
                _ends.Dequeue();
                Add(ended, -1);
            }

            ref var place = ref CollectionsMarshal.GetValueRefOrAddDefault(callers, node.Exchange.Conversation, out var isKnown);
            if (!isKnown)
            {
                place = PlaceOf(node);
            }

            if (node.Ahead < 0)
            {
                node.Ahead = Math.Max(0, place.Served.Inside - place.Served.Calling);
            }

            var present = (place.Served, place.Calling, node.Exchange.Kind == ExchangeKind.Request);
            Add(present, 1);
            _ends.Enqueue(present, node.EndNs);
        }
    }

    private static void Add((Presence Served, Presence[] Calling, bool IsRequest) node, int change)
    {
        node.Served.Inside += node.IsRequest ? change : 0;
        foreach (var caller in node.Calling)
        {
            caller.Calling += change;
        }
    }

    private (Presence Served, Presence[] Calling) PlaceOf(Node node)
    {
        var conversation = node.Exchange.Conversation;
        var callers = Enumerable.Range(0, map.Count).Where(caller => map.Calls[caller].Contains(node.Tier)).Select(caller => At(caller, conversation.Client.Address)).ToArray();
        return (At(node.Tier, conversation.Server.Address), callers);
    }

    private Presence At(int tier, NetAddress machine)
    {
        ref var presence = ref CollectionsMarshal.GetValueRefOrAddDefault(_machines, (tier, machine), out _);
        return presence ??= new Presence();
    }

    /// <summary>How many requests are in a machine of a tier, and how many calls it has under way.</summary>
    private sealed class Presence
    {
        public int Inside { get; set; }

        public int Calling { get; set; }
    }
}
