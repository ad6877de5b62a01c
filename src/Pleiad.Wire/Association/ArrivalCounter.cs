using Pleiad.Wire.Packets;
using Pleiad.Wire.Schemes;

namespace Pleiad.Wire.Association;

/// <summary>
/// Counts, for each exchange, the requests that were in its machine when it arrived and not in a call of theirs to another tier: A of R = D(1 + A). It needs no links: the
/// calls that are under way from a machine are as many as the requests there that wait for one.
/// </summary>
internal sealed class ArrivalCounter(TierMap map)
{
    private readonly Dictionary<(int Tier, NetAddress Machine), int> _inside = [];
    private readonly Dictionary<(int Tier, NetAddress Machine), int> _calling = [];

    /// <summary>Sets <see cref="Node.Ahead"/> of those that have none yet.</summary>
    /// <param name="tiers">The nodes of each tier, by start; those that end after the first uncounted one began must all be there.</param>
    public void Count(IReadOnlyList<List<Node>> tiers)
    {
        _inside.Clear();
        _calling.Clear();
        var arrivals = tiers.SelectMany(nodes => nodes).Where(node => node.Exchange.Kind is Protocols.ExchangeKind.Request or Protocols.ExchangeKind.Validation)
            .OrderBy(node => node.StartNs).ThenBy(node => node.Tier).ToList();
        var ends = new PriorityQueue<Node, long>();
        foreach (var node in arrivals)
        {
            while (ends.TryPeek(out var ended, out var endNs) && endNs <= node.StartNs)
            {
                ends.Dequeue();
                Add(ended, -1);
            }

            var here = (node.Tier, node.Exchange.Conversation.Server.Address);
            if (node.Ahead < 0)
            {
                node.Ahead = Math.Max(0, _inside.GetValueOrDefault(here) - _calling.GetValueOrDefault(here));
            }

            Add(node, 1);
            ends.Enqueue(node, node.EndNs);
        }
    }

    private void Add(Node node, int change)
    {
        if (node.Exchange.Kind == Protocols.ExchangeKind.Request)
        {
            Change(_inside, (node.Tier, node.Exchange.Conversation.Server.Address), change);
        }

        for (var caller = 0; caller < map.Count; caller++)
        {
            if (map.Calls[caller].Contains(node.Tier))
            {
                Change(_calling, (caller, node.Exchange.Conversation.Client.Address), change);
            }
        }
    }

    private static void Change<TKey>(Dictionary<TKey, int> counts, TKey key, int change)
        where TKey : notnull => System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(counts, key, out _) += change;
}
