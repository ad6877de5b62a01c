using Pleiad.Wire.Packets;
using Pleiad.Wire.Protocols;

namespace Pleiad.Wire.Schemes;

/// <summary>A scheme made ready for looking up: which tier serves an endpoint, who calls whom, how deep each tier stands.</summary>
internal sealed class TierMap
{
    private readonly List<(HashSet<NetAddress> Addresses, HashSet<int> Ports)> _matches = [];

    public TierMap(Scheme scheme)
    {
        Scheme = scheme;
        foreach (var tier in scheme.Tiers)
        {
            _matches.Add(([.. tier.Addresses.Select(text => NetAddress.TryParse(text, out var address) ? address : default)], [.. tier.Ports]));
        }

        Calls = [.. scheme.Tiers.Select((tier, index) => CallsOf(scheme, tier, index))];
        Depth = new int[scheme.Tiers.Count];
        // The longest way from the front; as many rounds as tiers find it in whatever order they stand, and end in a circle.
        for (var round = 1; round < Depth.Length; round++)
        {
            for (var index = 0; index < Depth.Length; index++)
            {
                foreach (var called in Calls[index])
                {
                    Depth[called] = Math.Max(Depth[called], Math.Min(Depth[index] + 1, Depth.Length - 1));
                }
            }
        }
    }

    public Scheme Scheme { get; }

    public int Count => Scheme.Tiers.Count;

    /// <summary>For each tier the tiers that it calls.</summary>
    public IReadOnlyList<IReadOnlyList<int>> Calls { get; }

    /// <summary>For each tier its distance from the front.</summary>
    public int[] Depth { get; }

    /// <summary>The tier that serves a conversation, or -1.</summary>
    public int Of(ConversationInfo conversation)
    {
        if (!conversation.TierKnown)
        {
            conversation.Tier = Of(conversation.Server);
            conversation.TierKnown = true;
        }

        return conversation.Tier;
    }

    /// <summary>Whether a tier's machines have this address; unknown addresses may be anyone's.</summary>
    public bool MayBe(int tier, NetAddress address) => _matches[tier].Addresses.Count == 0 || _matches[tier].Addresses.Contains(address);

    private int Of(Endpoint server)
    {
        // The more a tier says of itself, the sooner it matches.
        var best = -1;
        var bestScore = 0;
        for (var index = 0; index < _matches.Count; index++)
        {
            var (addresses, ports) = _matches[index];
            var fits = (addresses.Count == 0 || addresses.Contains(server.Address)) && (ports.Count == 0 || ports.Contains(server.Port));
            var score = (addresses.Count > 0 ? 1 : 0) + (ports.Count > 0 ? 2 : 0);
            if (fits && score > bestScore)
            {
                (best, bestScore) = (index, score);
            }
        }

        return best;
    }

    private static List<int> CallsOf(Scheme scheme, SchemeTier tier, int index) => tier.Calls is { } calls
        ? [.. scheme.Tiers.Select((other, at) => (other, at)).Where(each => calls.Contains(each.other.Name)).Select(each => each.at)]
        : index + 1 < scheme.Tiers.Count ? [index + 1] : [];
}
