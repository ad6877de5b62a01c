using Pleiad.Wire.Association;
using Pleiad.Wire.Protocols;

namespace Pleiad.Wire.Decomposition;

/// <summary>One front request taken apart. Times in milliseconds; null where its calls are not settled.</summary>
internal sealed record RequestTimes(Node Request, string Class, double?[] Residence, double?[] Own, double[] Posterior, int Calls, double? ValidationMs)
{
    public Exchange Exchange => Request.Exchange;

    public bool IsAttributed => Array.TrueForAll(Residence, each => each is not null);
}

/// <summary>
/// Takes a request apart: T of each depth is the union of the exchanges at that depth, so that calls at the same time count once; own time is T less the T below it.
/// </summary>
internal static class Decomposer
{
    private const double NsPerMs = 1e6;

    /// <summary>Takes a request apart.</summary>
    /// <param name="request">A settled front request.</param>
    /// <param name="className">Its class.</param>
    /// <param name="depths">Number of depths in the scheme.</param>
    /// <param name="posteriorMin">Below it calls count as not settled.</param>
    /// <param name="nothingLost">Whether the capture is whole, so that no call seen means none made.</param>
    public static RequestTimes Of(Node request, string className, int depths, double posteriorMin, bool nothingLost)
    {
        var residence = new double?[depths];
        var own = new double?[depths];
        var posterior = new double[depths];
        residence[0] = request.Exchange.DurationNs / NsPerMs;
        posterior[0] = 1;
        var level = new List<Node> { request };
        var calls = 0;
        double? validation = null;
        for (var depth = 1; depth < depths; depth++)
        {
            posterior[depth] = posterior[depth - 1];
            foreach (var node in level)
            {
                posterior[depth] *= node.CallsPosterior;
            }

            var below = new List<Node>();
            foreach (var node in level)
            {
                foreach (var call in node.Calls)
                {
                    if (call.Exchange.Kind == ExchangeKind.Request)
                    {
                        below.Add(call);
                    }
                    else if (call.Exchange.Kind == ExchangeKind.Validation)
                    {
                        validation = (validation ?? 0) + (call.Exchange.DurationNs / NsPerMs);
                    }
                }
            }

            level = below;
            calls += level.Count;
            var isSettled = residence[depth - 1] is not null && posterior[depth] >= posteriorMin && (level.Count > 0 || nothingLost || residence[depth - 1] == 0);
            residence[depth] = isSettled ? Union(level) / NsPerMs : null;
        }

        for (var depth = 0; depth < depths; depth++)
        {
            var next = depth + 1 < depths ? residence[depth + 1] : 0;
            own[depth] = residence[depth] - next;
        }

        return new RequestTimes(request, className, residence, own, posterior, calls, validation);
    }

    /// <summary>Length of the union of the exchanges' intervals, in nanoseconds; puts them into order.</summary>
    public static long Union(List<Node> nodes)
    {
        if (nodes.Count == 1)
        {
            return nodes[0].Exchange.DurationNs;
        }

        nodes.Sort(static (a, b) => a.StartNs.CompareTo(b.StartNs));
        var (sum, until) = (0L, long.MinValue);
        foreach (var node in nodes)
        {
            sum += Math.Max(0, node.EndNs - Math.Max(node.StartNs, until));
            until = Math.Max(until, node.EndNs);
        }

        return sum;
    }
}
