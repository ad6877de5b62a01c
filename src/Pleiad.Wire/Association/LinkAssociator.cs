using Pleiad.Wire.Packets;
using Pleiad.Wire.Protocols;
using Pleiad.Wire.Schemes;

namespace Pleiad.Wire.Association;

/// <summary>
/// Finds the request behind each call of one tier: by identity where the protocol carries it (AJP's remote address and port), else by the learned model over everything that
/// time allows.
/// </summary>
internal sealed class LinkAssociator(int tier, IReadOnlyList<int> callers, TierMap map, RequestClasses classes)
{
    // Statements of databases and classes of HTTP calls share one numbering in the model.
    private const int ClassOffset = 1_000_000;

    // More requests at once than this can hardly be told apart; those that began last are kept.
    private const int CandidatesMax = 256;

    private readonly LinkModel _model = new();
    private readonly ContextChooser _contexts = new();
    private HoldMarks? _marks;

    public int Tier => tier;

    public IReadOnlyList<int> Callers => callers;

    public HoldMarks Marks => _marks ?? HoldMarks.None;

    /// <summary>Calls settled by identity, and by the model.</summary>
    public long ByIdentity { get; private set; }

    /// <summary>Settles the parents of calls.</summary>
    /// <param name="requests">Requests of the calling tiers, by start.</param>
    /// <param name="calls">Calls of this tier, by start.</param>
    public void Associate(List<Node> requests, List<Node> calls)
    {
        foreach (var call in calls)
        {
            call.Parent = null;
            call.ParentPosterior = 0;
        }

        var blocks = Blocks(requests, calls);
        SetCandidates(requests, blocks);
        foreach (var request in requests)
        {
            request.Tokens ??= classes.Tokens(request.Exchange.Uri);
        }

        if (blocks.Exists(block => !block.IsKnown && block.Candidates.Length > 0))
        {
            new LinkSolver(_model, _contexts).Solve(requests, blocks);
        }

        Settle(blocks);
    }

    private List<Block> Blocks(List<Node> requests, List<Node> calls)
    {
        var isDatabase = calls.Exists(call => call.Exchange.Conversation.Protocol is "postgresql" or "tns");
        if (isDatabase)
        {
            _marks ??= calls.Count > 0 ? BlockBuilder.Judge(calls, FitsInto(requests)) : null;
            var blocks = BlockBuilder.Build(calls, Marks);
            return Marks == HoldMarks.None ? blocks : Split(blocks, requests);
        }

        var byClient = requests.Where(request => request.Exchange.Conversation.Protocol == "http").GroupBy(request => request.Exchange.Conversation.Client)
            .ToDictionary(group => group.Key, group => group.ToList());
        var alone = new List<Block>();
        foreach (var call in calls.Where(call => call.Exchange.Kind == ExchangeKind.Request))
        {
            var known = call.Exchange.FrontClient is { } client ? FindByClient(byClient, client, call) : null;
            if (known is null && call.Exchange.Statement == 0)
            {
                call.Exchange.Statement = ClassOffset + call.Class;
                call.Exchange.Values = [.. (call.Tokens ??= classes.Tokens(call.Exchange.Uri)).Select(token => new CallValue(token.Key, token.Hash))];
            }

            var block = BlockBuilder.Alone(call);
            block.IsKnown = known is not null;
            block.Candidates = known is null ? [] : [known];
            alone.Add(block);
        }

        return alone;
    }

    /// <summary>The request that a client's connection was in when the call began.</summary>
    private static Node? FindByClient(Dictionary<Endpoint, List<Node>> byClient, Endpoint client, Node call)
    {
        if (!byClient.TryGetValue(client, out var requests))
        {
            return null;
        }

        var (low, high) = (0, requests.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = requests[middle].StartNs <= call.StartNs ? (middle + 1, high) : (low, middle);
        }

        // Of pipelined requests the oldest that is not answered is the one that is worked on.
        Node? found = null;
        for (var at = low - 1; at >= 0 && requests[at].EndNs >= call.StartNs; at--)
        {
            found = requests[at];
        }

        return found;
    }

    /// <summary>Blocks that lie in no request were no one's hold: their calls stand alone.</summary>
    private static List<Block> Split(List<Block> blocks, List<Node> requests)
    {
        var fits = FitsInto(requests);
        if (blocks.TrueForAll(block => fits(block)))
        {
            return blocks;
        }

        return [.. blocks.SelectMany(block => block.Calls.Count == 1 || fits(block) ? [block] : (IEnumerable<Block>)BlockBuilder.Build(block.Calls, HoldMarks.None)).OrderBy(block => block.StartNs)];
    }

    private static Func<Block, bool> FitsInto(List<Node> requests)
    {
        // For each request in order of start the latest end so far: a block fits when some request that began before it ends after it.
        var latest = new long[requests.Count];
        for (var at = 0; at < latest.Length; at++)
        {
            latest[at] = Math.Max(at > 0 ? latest[at - 1] : 0, requests[at].EndNs);
        }

        return block =>
        {
            var (low, high) = (0, latest.Length);
            while (low < high)
            {
                var middle = (low + high) / 2;
                (low, high) = requests[middle].StartNs <= block.StartNs ? (middle + 1, high) : (low, middle);
            }

            return low > 0 && latest[low - 1] >= block.EndNs;
        };
    }

    private void SetCandidates(List<Node> requests, List<Block> blocks)
    {
        var present = new List<Node>();
        var candidates = new List<Node>();
        var next = 0;
        foreach (var block in blocks.Where(block => !block.IsKnown))
        {
            for (; next < requests.Count && requests[next].StartNs <= block.StartNs; next++)
            {
                present.Add(requests[next]);
            }

            present.RemoveAll(request => request.EndNs < block.StartNs);
            candidates.Clear();
            var address = block.First.Exchange.Conversation.Client.Address;
            for (var at = present.Count - 1; at >= 0 && candidates.Count < CandidatesMax; at--)
            {
                if (present[at].EndNs >= block.EndNs && MayCall(present[at], address))
                {
                    candidates.Add(present[at]);
                }
            }

            block.Candidates = [.. candidates];
        }
    }

    // A machine calls from its own address; behind one that the scheme does not name it may be any.
    private bool MayCall(Node request, NetAddress from) =>
        callers.Contains(request.Tier) && (from == request.Exchange.Conversation.Server.Address || !map.MayBe(request.Tier, from) || !IsServer(request, from));

    private bool IsServer(Node request, NetAddress address) => map.Scheme.Tiers[request.Tier].Addresses.Count > 0 && map.MayBe(request.Tier, address);

    private void Settle(List<Block> blocks)
    {
        foreach (var block in blocks.Where(block => block.Candidates.Length > 0))
        {
            if (block.IsKnown)
            {
                ByIdentity++;
                Settle(block, 0, 1);
                continue;
            }

            var total = block.WeightOfNone;
            var best = 0;
            for (var index = 0; index < block.Weight.Length; index++)
            {
                total += block.Weight[index];
                best = block.Weight[index] > block.Weight[best] ? index : best;
            }

            if (total <= 0)
            {
                continue;
            }

            Settle(block, best, block.Weight[best] / total);
            for (var index = 0; index < block.Candidates.Length; index++)
            {
                var share = block.Weight[index] / total;
                block.Candidates[index].CallsPosterior *= index == best ? share : 1 - share;
            }
        }
    }

    private static void Settle(Block block, int candidate, double posterior)
    {
        foreach (var call in block.Calls)
        {
            call.Parent = block.Candidates[candidate];
            call.ParentPosterior = posterior;
        }
    }
}
