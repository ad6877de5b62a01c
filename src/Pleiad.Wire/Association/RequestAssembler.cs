using System.Runtime.InteropServices;
using Pleiad.Wire.Protocols;
using Pleiad.Wire.Schemes;

namespace Pleiad.Wire.Association;

/// <summary>Takes whole requests with all that they caused, and what could not be given to one.</summary>
internal interface IRequestSink
{
    /// <summary>A scheme is in force; comes before all else.</summary>
    void Begin(TierMap map, RequestClasses classes);

    /// <summary>An exchange of a tier, in no certain order; its <see cref="Node.Ahead"/> is counted.</summary>
    void Exchange(Node node);

    /// <summary>A front request; its calls below the threshold are not among <see cref="Node.Calls"/>. It is the sink's during the call only, unless it says <see cref="Node.Keep"/>.</summary>
    void Request(Node request);

    /// <summary>A call that no request was found for.</summary>
    void Unattributed(Node call);
}

/// <summary>
/// Gathers exchanges, settles them batch by batch, and gives out each front request once it can change no more. Memory holds a batch and what is under way: never the file.
/// </summary>
internal sealed class RequestAssembler(IRequestSink sink, AssemblerOptions options, Scheme? scheme) : IExchangeSink
{
    private readonly OpenExchanges _open = new();
    private readonly RequestClasses _classes = new();
    private readonly List<Exchange> _beforeScheme = [];
    private readonly ExchangePool _exchanges = new();
    private readonly List<Node> _requests = [];
    private Stack<Node>[] _free = [];
    private List<Node>[] _pending = [];
    private int[] _whole = [];
    private LinkAssociator[] _links = [];
    private ArrivalCounter? _arrivals;
    private TierMap? _map = scheme is null ? null : new TierMap(scheme);
    private bool _begun;
    private int _count;
    private int _nextBatch = options.FirstBatchExchanges;
    private long _lastNs;

    /// <summary>Exchanges of no tier of the scheme.</summary>
    public long Outside { get; private set; }

    public long Abandonments { get; private set; }

    /// <summary>Exchanges too long under way for the batches to wait for them.</summary>
    public long Overdue { get; private set; }

    public IReadOnlyList<LinkAssociator> Links => _links;

    public Scheme? Scheme => _map?.Scheme;

    public Exchange New(ConversationInfo conversation, long startNs) => _exchanges.Rent(conversation, startNs);

    public void Opened(Exchange exchange)
    {
        exchange.Conversation.Count++;
        _lastNs = Math.Max(_lastNs, exchange.StartNs);
        _open.Add(exchange);
    }

    public void Abandoned(Exchange exchange)
    {
        Abandonments++;
        _open.Remove(exchange);
        _exchanges.Return(exchange);
    }

    public void Completed(Exchange exchange)
    {
        if (exchange.IsFree)
        {
            throw new InvalidOperationException("an exchange was completed that had been given back");
        }

        _open.Remove(exchange);
        _lastNs = Math.Max(_lastNs, exchange.EndNs);
        if (_map is null)
        {
            _beforeScheme.Add(exchange);
        }
        else
        {
            Add(exchange);
        }

        if (++_count >= _nextBatch)
        {
            Process(isLast: false);
        }
    }

    /// <summary>Settles all that is left.</summary>
    public void End() => Process(isLast: true);

    private void Begin()
    {
        _map ??= SchemeProposal.From(_beforeScheme) is { } proposed ? new TierMap(proposed) : null;
        if (_map is null)
        {
            return;
        }

        if (!_begun)
        {
            _begun = true;
            _pending = [.. Enumerable.Range(0, _map.Count).Select(_ => new List<Node>())];
            _free = [.. _pending.Select(_ => new Stack<Node>())];
            _whole = new int[_map.Count];
            _links = [.. Enumerable.Range(0, _map.Count)
                .Select(tier => (tier, callers: Enumerable.Range(0, _map.Count).Where(caller => _map.Calls[caller].Contains(tier)).ToList()))
                .Where(each => each.callers.Count > 0).Select(each => new LinkAssociator(each.tier, each.callers, _map, _classes))];
            _arrivals = new ArrivalCounter(_map);
            sink.Begin(_map, _classes);
        }

        foreach (var exchange in _beforeScheme)
        {
            Add(exchange);
        }

        _beforeScheme.Clear();
    }

    private void Add(Exchange exchange)
    {
        if (!_begun)
        {
            Begin();
        }

        var tier = _map!.Of(exchange.Conversation);
        if (tier < 0)
        {
            Outside++;
            _exchanges.Return(exchange);
            return;
        }

        var node = (_free[tier].TryPop(out var free) ? free : new Node()).Begin(exchange, tier);
        if (exchange.Conversation.IsWeb)
        {
            node.Class = _classes.Of(exchange.Method, exchange.Uri);
        }

        _pending[tier].Add(node);
    }

    private void Process(bool isLast)
    {
        Begin();
        if (_map is null)
        {
            _nextBatch = _count + options.FirstBatchExchanges;
            return;
        }

        var known = isLast ? long.MaxValue : Math.Min(_open.OldestNs ?? _lastNs, _lastNs);
        for (var tier = 0; tier < _pending.Length; tier++)
        {
            StartOrder.Sort(_pending[tier]);
            _whole[tier] = CountBefore(_pending[tier], known);
        }

        _arrivals!.Count(_pending, _whole);
        Link();
        Commit(isLast ? long.MaxValue : Horizon(known));
        var left = 0;
        foreach (var nodes in _pending)
        {
            Forget(nodes);
            left += nodes.Count;
        }

        // What was under way for the length of several batches is not waited for any longer.
        if (!isLast && left > options.HeldMax)
        {
            Overdue++;
            _open.RemoveOldest();
        }

        _count = left;
        _nextBatch = left + Math.Max(options.BatchExchanges, left);
    }

    private static int CountBefore(List<Node> nodes, long known)
    {
        var count = nodes.Count;
        while (count > 0 && nodes[count - 1].StartNs >= known)
        {
            count--;
        }

        return count;
    }

    /// <summary>The nodes of a tier that are known whole.</summary>
    private Span<Node> Whole(int tier) => CollectionsMarshal.AsSpan(_pending[tier])[.._whole[tier]];

    private void Link()
    {
        for (var tier = 0; tier < _pending.Length; tier++)
        {
            foreach (var node in Whole(tier))
            {
                node.CallsPosterior = 1;
                node.ClearCalls();
            }
        }

        foreach (var link in _links)
        {
            _requests.Clear();
            foreach (var caller in link.Callers)
            {
                foreach (var node in Whole(caller))
                {
                    if (node.Exchange.Kind == ExchangeKind.Request)
                    {
                        _requests.Add(node);
                    }
                }
            }

            if (link.Callers.Count > 1)
            {
                _requests.Sort(static (a, b) => a.StartNs.CompareTo(b.StartNs));
            }

            link.Associate(_requests, Whole(link.Tier));
        }

        foreach (var link in _links)
        {
            foreach (var call in Whole(link.Tier))
            {
                if (call.Parent is { } parent && call.ParentPosterior >= options.PosteriorMin)
                {
                    parent.AddCall(call);
                }
            }
        }
    }

    /// <summary>What ended before this is settled: no request that can still change overlaps it.</summary>
    private long Horizon(long known)
    {
        var horizon = known;
        for (var tier = 0; tier < _pending.Length; tier++)
        {
            if (_map!.Depth[tier] != 0)
            {
                continue;
            }

            foreach (var node in Whole(tier))
            {
                if (node.EndNs >= known)
                {
                    horizon = Math.Min(horizon, node.StartNs);
                }
            }
        }

        return horizon;
    }

    private void Commit(long horizon)
    {
        for (var tier = 0; tier < _pending.Length; tier++)
        {
            if (_map!.Depth[tier] != 0)
            {
                continue;
            }

            foreach (var node in Whole(tier))
            {
                if (!node.Committed && node.EndNs < horizon)
                {
                    CommitTree(node);
                    if (node.Exchange.Kind == ExchangeKind.Request)
                    {
                        sink.Request(node);
                    }
                }
            }
        }

        for (var tier = 0; tier < _pending.Length; tier++)
        {
            foreach (var node in Whole(tier))
            {
                if (!node.Committed && node.EndNs < horizon && IsAlone(node))
                {
                    CommitTree(node);
                    sink.Unattributed(node);
                }
            }
        }
    }

    /// <summary>Lets go of what was given out.</summary>
    private void Forget(List<Node> nodes)
    {
        var kept = 0;
        for (var at = 0; at < nodes.Count; at++)
        {
            var node = nodes[at];
            if (!node.Committed)
            {
                nodes[kept++] = node;
            }
            else if (!node.IsKept)
            {
                _exchanges.Return(node.Exchange);
                _free[node.Tier].Push(node);
            }
        }

        nodes.RemoveRange(kept, nodes.Count - kept);
    }

    // A call of a request that is not settled yet waits with it.
    private bool IsAlone(Node node) => node.Parent is not { } parent || node.ParentPosterior < options.PosteriorMin || parent.Committed;

    private void CommitTree(Node node)
    {
        node.Committed = true;
        sink.Exchange(node);
        foreach (var call in node.Calls)
        {
            if (!call.Committed)
            {
                CommitTree(call);
            }
        }
    }
}

/// <summary>How much is gathered before it is settled.</summary>
internal sealed class AssemblerOptions
{
    /// <summary>Exchanges of the first batch, which the scheme is proposed and the model learned from.</summary>
    public int FirstBatchExchanges { get; set; } = 12_000;

    /// <summary>Exchanges in each batch after it: few enough to stay near the processor.</summary>
    public int BatchExchanges { get; set; } = 2_000;

    /// <summary>Exchanges that one under way may hold up.</summary>
    public int HeldMax { get; set; } = 36_000;

    /// <summary>A link less certain is left open.</summary>
    public double PosteriorMin { get; set; } = 0.9;
}
