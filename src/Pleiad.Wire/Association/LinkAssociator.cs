using System.Runtime.InteropServices;
using Pleiad.Wire.Packets;
using Pleiad.Wire.Protocols;
using Pleiad.Wire.Schemes;

namespace Pleiad.Wire.Association;

/// <summary>
/// Finds the request behind each call of one tier: by identity where the protocol carries it (the client's address and port in AJP and in HTTP's Forwarded), else by the learned
/// model over everything that time allows, and the client's address where X-Forwarded-For says it.
/// </summary>
internal sealed class LinkAssociator(int tier, IReadOnlyList<int> callers, TierMap map, RequestClasses classes)
{
    // Statements of databases and classes of HTTP calls share one numbering in the model.
    private const int ClassOffset = 1_000_000;

    // More requests at once than this can hardly be told apart; those that began last are kept.
    private const int CandidatesMax = 256;

    private readonly BlockPool _pool = new();
    private readonly Dictionary<Endpoint, Node> _latestOfClient = [];
    private readonly Dictionary<int, int> _kinds = [];
    private LinkModel? _model;
    private ContextChooser _contexts = new();
    private HoldMarks? _marks;

    public int Tier => tier;

    public IReadOnlyList<int> Callers => callers;

    public HoldMarks Marks => _marks ?? HoldMarks.None;

    /// <summary>Calls settled by identity, and by the model.</summary>
    public long ByIdentity { get; private set; }

    /// <summary>Settles the parents of calls.</summary>
    /// <param name="requests">Requests of the calling tiers, by start.</param>
    /// <param name="calls">Calls of this tier, by start.</param>
    public void Associate(List<Node> requests, ReadOnlySpan<Node> calls)
    {
        foreach (var call in calls)
        {
            call.Parent = null;
            call.ParentPosterior = 0;
            if (call.Exchange.StatementKind > 0)
            {
                _kinds[call.Exchange.Statement] = call.Exchange.StatementKind;
            }
        }

        if (!IsDatabase(calls) && !SettleKnown(requests, calls))
        {
            return;
        }

        _pool.TakeAllBack();
        var blocks = Blocks(requests, calls);
        SetCandidates(requests, blocks);
        foreach (var request in requests)
        {
            request.ReadTokens(classes);
        }

        if (blocks.Exists(static block => !block.IsKnown && block.CandidateCount > 0))
        {
            (_model is null ? Learn(requests, blocks) : new LinkSolver(_model, _contexts)).Solve(requests, blocks);
        }

        Settle(blocks);
    }

    private LinkSolver Learn(List<Node> requests, List<Block> blocks)
    {
        LinkSolver? best = null;
        var most = double.NegativeInfinity;
        foreach (var byRates in (ReadOnlySpan<bool>)[false, true])
        {
            var (model, contexts) = (new LinkModel(_kinds), new ContextChooser());
            var solver = new LinkSolver(model, contexts);
            var likelihood = solver.Learn(requests, blocks, byRates);
            if (best is null || likelihood > most)
            {
                (best, most, _model, _contexts) = (solver, likelihood, model, contexts);
            }
        }

        return best!;
    }

    private static bool IsDatabase(ReadOnlySpan<Node> calls)
    {
        foreach (var call in calls)
        {
            if (call.Exchange.Conversation.IsDatabase)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Settles the calls that say whose they are; returns whether others are left.</summary>
    private bool SettleKnown(List<Node> requests, ReadOnlySpan<Node> calls)
    {
        _latestOfClient.Clear();
        var next = 0;
        var isOpen = false;
        foreach (var call in calls)
        {
            if (call.Exchange.Kind != ExchangeKind.Request)
            {
                continue;
            }

            for (; next < requests.Count && requests[next].StartNs <= call.StartNs; next++)
            {
                if (requests[next].Exchange.Conversation.Protocol == "http")
                {
                    ref var latest = ref CollectionsMarshal.GetValueRefOrAddDefault(_latestOfClient, requests[next].Exchange.Conversation.Client, out _);
                    requests[next].BeforeOfClient = latest;
                    latest = requests[next];
                }
            }

            // Of pipelined requests the oldest that is not answered is the one that is worked on.
            Node? found = null;
            if (call.Exchange.FrontClient is { } client && _latestOfClient.TryGetValue(client, out var request))
            {
                for (; request is not null && request.EndNs >= call.StartNs; request = request.BeforeOfClient)
                {
                    found = request;
                }
            }

            if (found is null)
            {
                isOpen = true;
                continue;
            }

            call.Parent = found;
            call.ParentPosterior = 1;
            ByIdentity++;
        }

        return isOpen;
    }

    private List<Block> Blocks(List<Node> requests, ReadOnlySpan<Node> calls)
    {
        var builder = new BlockBuilder(_pool);
        if (IsDatabase(calls))
        {
            _marks ??= calls.Length > 0 ? builder.Judge(calls, FitsInto(requests)) : null;
            var blocks = builder.Build(calls, Marks);
            return Marks == HoldMarks.None ? blocks : Split(builder, blocks, requests);
        }

        var alone = new List<Block>();
        foreach (var call in calls)
        {
            if (call.Exchange.Kind != ExchangeKind.Request)
            {
                continue;
            }

            if (call.Parent is null && call.Exchange.Statement == 0)
            {
                call.Exchange.Statement = ClassOffset + call.Class;
                call.ReadTokens(classes);
                foreach (var token in call.Tokens)
                {
                    call.Exchange.Values.Add(new CallValue(token.Key, token.Hash));
                }
            }

            var block = builder.Alone(call);
            if (call.Parent is { } known)
            {
                block.IsKnown = true;
                block.AddCandidate(known);
            }

            alone.Add(block);
        }

        return alone;
    }

    /// <summary>Blocks that lie in no request were no one's hold: their calls stand alone.</summary>
    private static List<Block> Split(BlockBuilder builder, List<Block> blocks, List<Node> requests)
    {
        var fits = FitsInto(requests);
        if (blocks.TrueForAll(block => fits(block)))
        {
            return blocks;
        }

        return
        [
            .. blocks.SelectMany(block => block.Calls.Count == 1 || fits(block) ? [block] : (IEnumerable<Block>)builder.Build(CollectionsMarshal.AsSpan(block.Calls), HoldMarks.None))
                .OrderBy(block => block.StartNs),
        ];
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
        var next = 0;
        foreach (var block in blocks)
        {
            if (block.IsKnown)
            {
                continue;
            }

            for (; next < requests.Count && requests[next].StartNs <= block.StartNs; next++)
            {
                present.Add(requests[next]);
            }

            RemoveEnded(present, block.StartNs);
            AddCandidates(block, present, block.First.Exchange.FrontClient);
            if (block.CandidateCount == 0 && block.First.Exchange.FrontClient is not null)
            {
                // Whoever was named, it was none of those who are here: then anyone may have asked.
                AddCandidates(block, present, null);
            }
        }
    }

    private void AddCandidates(Block block, List<Node> present, Endpoint? client)
    {
        var address = block.First.Exchange.Conversation.Client.Address;
        for (var at = present.Count - 1; at >= 0 && block.CandidateCount < CandidatesMax; at--)
        {
            if (present[at].EndNs >= block.EndNs && MayCall(present[at], address) && (client is not { } named || IsOf(present[at].Exchange, named)))
            {
                block.AddCandidate(present[at]);
            }
        }
    }

    // A proxy names its client, or, when that is a proxy too that it trusts, whom that one named.
    private static bool IsOf(Exchange request, Endpoint named) => IsSame(request.Conversation.Client, named) || (request.FrontClient is { } before && IsSame(before, named));

    private static bool IsSame(Endpoint known, Endpoint named) => known.Address == named.Address && (known.Port == named.Port || known.Port == 0 || named.Port == 0);

    private static void RemoveEnded(List<Node> present, long beforeNs)
    {
        var kept = 0;
        for (var at = 0; at < present.Count; at++)
        {
            if (present[at].EndNs >= beforeNs)
            {
                present[kept++] = present[at];
            }
        }

        present.RemoveRange(kept, present.Count - kept);
    }

    // A machine calls from its own address; behind one that the scheme does not name it may be any.
    private bool MayCall(Node request, NetAddress from) =>
        callers.Contains(request.Tier) && (from == request.Exchange.Conversation.Server.Address || !map.MayBe(request.Tier, from) || !IsServer(request, from));

    private bool IsServer(Node request, NetAddress address) => map.Scheme.Tiers[request.Tier].Addresses.Count > 0 && map.MayBe(request.Tier, address);

    private static void Settle(List<Block> blocks)
    {
        foreach (var block in blocks)
        {
            if (block.IsKnown || block.CandidateCount == 0)
            {
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
            for (var index = 0; index < block.CandidateCount; index++)
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
