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
    private const int ConversationsMax = 100_000;

    private readonly Dictionary<(int Tier, NetAddress Machine), Presence> _machines = [];
    private readonly Dictionary<int, Place> _places = [];
    private readonly PriorityQueue<(Place Place, bool IsRequest), long> _ends = new();

    /// <summary>Sets <see cref="Node.Ahead"/> of those that have none yet.</summary>
    /// <param name="tiers">The nodes of each tier, by start; those that end after the first uncounted one began must all be there.</param>
    /// <param name="counts">How many of each tier count.</param>
    public void Count(List<Node>[] tiers, ReadOnlySpan<int> counts)
    {
        foreach (var machine in _machines.Values)
        {
            machine.Inside = machine.Calling = 0;
        }

        _ends.Clear();
        if (_places.Count > ConversationsMax)
        {
            _places.Clear();
            _machines.Clear();
        }

        // The tiers are in order each: the next of all is the earliest of their next ones, of equal ones that of the front.
        Span<int> next = stackalloc int[tiers.Length];
        Span<long> starts = stackalloc long[tiers.Length];
        next.Clear();
        for (var tier = 0; tier < tiers.Length; tier++)
        {
            starts[tier] = StartOf(tiers[tier], 0, counts[tier]);
        }

        while (true)
        {
            var first = 0;
            for (var tier = 1; tier < starts.Length; tier++)
            {
                first = starts[tier] < starts[first] ? tier : first;
            }

            if (starts[first] == long.MaxValue)
            {
                return;
            }

            var node = tiers[first][next[first]++];
            starts[first] = StartOf(tiers[first], next[first], counts[first]);
            if (node.Exchange.Kind is ExchangeKind.Request or ExchangeKind.Validation)
            {
                Arrive(node);
            }
        }
    }

    private static long StartOf(List<Node> nodes, int index, int count) => index < count ? nodes[index].StartNs : long.MaxValue;

    private void Arrive(Node node)
    {
        while (_ends.TryPeek(out var ended, out var endNs) && endNs <= node.StartNs)
        {
            _ends.Dequeue();
            Add(ended.Place, ended.IsRequest, -1);
        }

        ref var place = ref CollectionsMarshal.GetValueRefOrAddDefault(_places, node.Exchange.Conversation.Connection, out _);
        place ??= PlaceOf(node);
        if (node.Ahead < 0)
        {
            node.Ahead = Math.Max(0, place.Served.Inside - place.Served.Calling);
        }

        var isRequest = node.Exchange.Kind == ExchangeKind.Request;
        Add(place, isRequest, 1);
        _ends.Enqueue((place, isRequest), node.EndNs);
    }

    private static void Add(Place place, bool isRequest, int change)
    {
        place.Served.Inside += isRequest ? change : 0;
        foreach (var caller in place.Calling)
        {
            caller.Calling += change;
        }
    }

    private Place PlaceOf(Node node)
    {
        var conversation = node.Exchange.Conversation;
        var callers = Enumerable.Range(0, map.Count).Where(caller => map.Calls[caller].Contains(node.Tier)).Select(caller => At(caller, conversation.Client.Address)).ToArray();
        return new Place(At(node.Tier, conversation.Server.Address), callers);
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

    /// <summary>Where a connection leads, and who may be waiting at its other end.</summary>
    private sealed record Place(Presence Served, Presence[] Calling);
}
