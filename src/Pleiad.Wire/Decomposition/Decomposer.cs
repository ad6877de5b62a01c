using Pleiad.Wire.Association;
using Pleiad.Wire.Protocols;
using Pleiad.Wire.Schemes;

namespace Pleiad.Wire.Decomposition;

/// <summary>
/// Takes requests apart. T of a tier is the union of a request's exchanges with it, so that calls at the same time count once; its own time is that union less the union of the
/// calls that these exchanges make, to whatever tiers. A depth is taken like one tier of all that stand there.
/// </summary>
internal sealed class Decomposer
{
    private const double NsPerMs = 1e6;

    private readonly TierMap _map;
    private readonly double _posteriorMin;
    private readonly RequestTimes _times;
    private readonly bool[] _sharesDepth;

    // By tier: a request's exchanges with it, and the calls that these make.
    private readonly List<Node>[] _nodes;
    private readonly List<Node>[] _below;
    private readonly List<Node> _together = [];

    /// <param name="map">The scheme.</param>
    /// <param name="posteriorMin">Below it calls count as not settled.</param>
    public Decomposer(TierMap map, double posteriorMin)
    {
        _map = map;
        _posteriorMin = posteriorMin;
        Depths = map.Depth.Max() + 1;
        _times = new RequestTimes(Depths, map.Count);
        _nodes = [.. Enumerable.Range(0, map.Count).Select(_ => new List<Node>())];
        _below = [.. Enumerable.Range(0, map.Count).Select(_ => new List<Node>())];
        _sharesDepth = [.. Enumerable.Range(0, Depths).Select(depth => map.Depth.Count(each => each == depth) > 1)];
    }

    public int Depths { get; }

    /// <summary>Takes a request apart.</summary>
    /// <param name="request">A settled front request.</param>
    /// <param name="className">Its class.</param>
    /// <param name="nothingLost">Whether the capture is whole, so that no call seen means none made.</param>
    /// <returns>Its times, until the next one is taken apart.</returns>
    public RequestTimes Of(Node request, string className, bool nothingLost)
    {
        _times.Request = request;
        _times.Class = className;
        _times.Calls = -1;
        _times.ValidationMs = null;
        Array.Fill(_times.Posterior, 1);
        Array.Clear(_times.Visits);
        Array.Clear(_times.Ahead);
        for (var tier = 0; tier < _nodes.Length; tier++)
        {
            _nodes[tier].Clear();
            _below[tier].Clear();
        }

        Gather(request);
        for (var depth = 1; depth < Depths; depth++)
        {
            _times.Posterior[depth] *= _times.Posterior[depth - 1];
        }

        for (var depth = 0; depth < Depths; depth++)
        {
            Residence(depth, nothingLost);
        }

        for (var tier = 0; tier < _nodes.Length; tier++)
        {
            var own = AreSettled(tier) && _times.TierResidence[tier] is { } residence ? residence - (Union(_below[tier]) / NsPerMs) : (double?)null;
            _times.TierOwn[tier] = own;
            _times.TierOverlap[tier] = own is { } known ? known - ((Sum(_nodes[tier]) - Sum(_below[tier])) / NsPerMs) : 0;
            if (!_sharesDepth[_map.Depth[tier]])
            {
                _times.Own[_map.Depth[tier]] = own;
            }
        }

        for (var depth = 0; depth < Depths; depth++)
        {
            if (_sharesDepth[depth])
            {
                _times.Own[depth] = OwnTogether(depth);
            }
        }

        return _times;
    }

    private void Gather(Node node)
    {
        var depth = _map.Depth[node.Tier];
        _nodes[node.Tier].Add(node);
        _times.Calls++;
        _times.Visits[node.Tier]++;
        _times.Ahead[node.Tier] += Math.Max(0, node.Ahead);
        if (depth + 1 < Depths)
        {
            _times.Posterior[depth + 1] *= node.CallsPosterior;
        }

        foreach (var call in node.Calls)
        {
            if (call.Exchange.Kind == ExchangeKind.Request)
            {
                _below[node.Tier].Add(call);
                Gather(call);
            }
            else if (call.Exchange.Kind == ExchangeKind.Validation)
            {
                _times.ValidationMs = (_times.ValidationMs ?? 0) + (call.Exchange.DurationNs / NsPerMs);
            }
        }
    }

    private void Residence(int depth, bool nothingLost)
    {
        var isSettled = depth == 0 || (_times.Residence[depth - 1] is not null && _times.Posterior[depth] >= _posteriorMin);
        var noCallIsNone = nothingLost || depth == 0 || _times.Residence[depth - 1] == 0;
        _together.Clear();
        for (var tier = 0; tier < _nodes.Length; tier++)
        {
            if (_map.Depth[tier] == depth)
            {
                // A request to one of several front tiers says nothing of the others.
                var isOther = depth == 0 && tier != _times.Request.Tier;
                _times.TierResidence[tier] = isSettled && !isOther && (noCallIsNone || _nodes[tier].Count > 0) ? Union(_nodes[tier]) / NsPerMs : null;
                _times.Residence[depth] = _times.TierResidence[tier];
                _together.AddRange(_nodes[tier]);
            }
        }

        if (_sharesDepth[depth])
        {
            _times.Residence[depth] = isSettled && (noCallIsNone || _together.Count > 0) ? Union(_together) / NsPerMs : null;
        }
    }

    private double? OwnTogether(int depth)
    {
        _together.Clear();
        for (var tier = 0; tier < _nodes.Length; tier++)
        {
            if (_map.Depth[tier] == depth)
            {
                if (!AreSettled(tier))
                {
                    return null;
                }

                _together.AddRange(_below[tier]);
            }
        }

        return _times.Residence[depth] - (Union(_together) / NsPerMs);
    }

    /// <summary>Whether the calls of a tier's exchanges are known.</summary>
    private bool AreSettled(int tier)
    {
        foreach (var called in _map.Calls[tier])
        {
            if (_times.Residence[_map.Depth[called]] is null)
            {
                return false;
            }
        }

        return true;
    }

    private static long Sum(List<Node> nodes)
    {
        var sum = 0L;
        foreach (var node in nodes)
        {
            sum += node.Exchange.DurationNs;
        }

        return sum;
    }

    /// <summary>Length of the union of the exchanges' intervals, in nanoseconds; puts them into order.</summary>
    public static long Union(List<Node> nodes)
    {
        if (nodes.Count <= 1)
        {
            return nodes.Count == 0 ? 0 : nodes[0].Exchange.DurationNs;
        }

        StartOrder.Sort(nodes);
        var (sum, until) = (0L, long.MinValue);
        foreach (var node in nodes)
        {
            sum += Math.Max(0, node.EndNs - Math.Max(node.StartNs, until));
            until = Math.Max(until, node.EndNs);
        }

        return sum;
    }
}
