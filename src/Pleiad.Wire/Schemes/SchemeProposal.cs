using Pleiad.Wire.Packets;
using Pleiad.Wire.Protocols;

namespace Pleiad.Wire.Schemes;

/// <summary>
/// Proposes a scheme from exchanges: a server whose machine calls another server stands before it; on one machine, where addresses tell nothing, the one whose exchanges
/// contain the other's does. Servers of one protocol and port that are called by the same tier are one tier.
/// </summary>
internal static class SchemeProposal
{
    // A share of exchanges that lie inside another server's; below it they only happen at the same time.
    private const double ContainedShareMin = 0.9;
    private const int ContainedLookedMax = 2000;
    private const int ServersMax = 64;

    /// <summary>The scheme that the exchanges show.</summary>
    /// <param name="exchanges">In any order; work only counts.</param>
    public static Scheme? From(IReadOnlyList<Exchange> exchanges)
    {
        var servers = exchanges.Where(exchange => exchange.Kind == ExchangeKind.Request)
            .GroupBy(exchange => exchange.Conversation.Server)
            .Select(group => new Server(group.Key, [.. group.OrderBy(exchange => exchange.StartNs)]))
            .OrderByDescending(server => server.Exchanges.Count).Take(ServersMax).ToList();
        if (servers.Count == 0)
        {
            return null;
        }

        var calls = servers.Select((caller, from) => servers.Select((called, to) => from != to && Calls(caller, called)).ToArray()).ToArray();
        var depth = Depths(calls);
        var groups = servers.Select((server, index) => (server, depth: depth[index]))
            .GroupBy(each => (each.depth, each.server.Endpoint.Port, each.server.Protocol))
            .OrderBy(group => group.Key.depth).ThenByDescending(group => group.Sum(each => each.server.Exchanges.Count))
            .Take(Scheme.TiersMax).ToList();
        var names = Names([.. groups.Select(group => (group.Key.depth, group.Key.Protocol))]);
        return new Scheme([.. groups.Select((group, index) => new SchemeTier(names[index])
        {
            Addresses = [.. group.Select(each => each.server.Endpoint.Address.ToString()).Distinct().Order(StringComparer.Ordinal)],
            Ports = [group.Key.Port],
            Calls = CallsOf(groups.Count, index, to => group.Any(from => groups[to].Any(target => calls[servers.IndexOf(from.server)][servers.IndexOf(target.server)] && target.depth == from.depth + 1)), names),
        })]);
    }

    private static bool Calls(Server caller, Server called)
    {
        var from = called.Exchanges.Where(exchange => exchange.Conversation.Client.Address == caller.Endpoint.Address).Take(ContainedLookedMax).ToList();
        if (from.Count * 2 < Math.Min(called.Exchanges.Count, ContainedLookedMax))
        {
            return false;
        }

        if (caller.Endpoint.Address != called.Endpoint.Address)
        {
            return true;
        }

        return from.Count(exchange => caller.Contains(exchange)) >= from.Count * ContainedShareMin && from.Count * 4 > caller.Exchanges.Count
            && caller.Exchanges.Count(called.Contains) < caller.Exchanges.Count * ContainedShareMin;
    }

    /// <summary>Longest way from the front; a circle ends it.</summary>
    private static int[] Depths(bool[][] calls)
    {
        var depth = new int[calls.Length];
        for (var round = 0; round < calls.Length; round++)
        {
            for (var from = 0; from < calls.Length; from++)
            {
                for (var to = 0; to < calls.Length; to++)
                {
                    if (calls[from][to] && !calls[to][from] && depth[to] < depth[from] + 1 && depth[from] < calls.Length)
                    {
                        depth[to] = depth[from] + 1;
                    }
                }
            }
        }

        return depth;
    }

    private static List<string> Names(IReadOnlyList<(int Depth, string Protocol)> tiers)
    {
        var names = new List<string>();
        foreach (var (depth, protocol) in tiers)
        {
            var name = protocol is "postgresql" or "tns" ? "db" : depth == 0 ? "web" : "app";
            var unique = name;
            for (var number = 2; names.Contains(unique); number++)
            {
                unique = $"{name}{number}";
            }

            names.Add(unique);
        }

        return names;
    }

    // Said only where it is not the next of the list.
    private static List<string>? CallsOf(int count, int index, Func<int, bool> calls, List<string> names)
    {
        var called = Enumerable.Range(index + 1, count - index - 1).Where(calls).ToList();
        return called is [var single] && single == index + 1 || (called.Count == 0 && index == count - 1) ? null : [.. called.Select(to => names[to])];
    }

    private sealed class Server(Endpoint endpoint, IReadOnlyList<Exchange> exchanges)
    {
        private readonly long _longestNs = exchanges.Max(exchange => exchange.DurationNs);

        public Endpoint Endpoint { get; } = endpoint;

        public IReadOnlyList<Exchange> Exchanges { get; } = exchanges;

        public string Protocol => Exchanges[0].Conversation.Protocol;

        /// <summary>Whether one of its exchanges begins before and ends after another.</summary>
        public bool Contains(Exchange inner)
        {
            var (low, high) = (0, Exchanges.Count);
            while (low < high)
            {
                var middle = (low + high) / 2;
                (low, high) = Exchanges[middle].StartNs < inner.StartNs ? (middle + 1, high) : (low, middle);
            }

            for (var at = low - 1; at >= 0 && Exchanges[at].StartNs + _longestNs >= inner.EndNs; at--)
            {
                if (Exchanges[at].EndNs >= inner.EndNs)
                {
                    return true;
                }
            }

            return false;
        }
    }
}
