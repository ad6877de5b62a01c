using Pleiad.Wire.Association;
using Pleiad.Wire.Protocols;

namespace Pleiad.Wire.Tests.Accuracy;

/// <summary>What is usually done instead: each query goes to one of the requests that are under way, by a simple rule.</summary>
internal static class Baselines
{
    public static readonly IReadOnlyDictionary<string, Func<List<Node>, Node?>> Rules = new Dictionary<string, Func<List<Node>, Node?>>
    {
        ["first come, first served"] = candidates => candidates.MinBy(node => node.StartNs),
        ["last in, first out"] = candidates => candidates.MaxBy(node => node.StartNs),
        ["only candidate"] = candidates => candidates.Count == 1 ? candidates[0] : null,
    };

    /// <summary>For each request the queries that the rule gives it; null when one that may be its own is given to none.</summary>
    public static Dictionary<Node, List<Node>?> Assign(IReadOnlyList<Node> requests, IReadOnlyList<Node> queries, Func<List<Node>, Node?> rule)
    {
        var given = requests.ToDictionary(request => request, _ => (List<Node>?)[]);
        foreach (var query in queries.Where(query => query.Exchange.Kind == ExchangeKind.Request))
        {
            var candidates = requests.Where(request => request.StartNs <= query.StartNs && request.EndNs >= query.EndNs).ToList();
            if (rule(candidates) is { } chosen)
            {
                given[chosen]?.Add(query);
            }
            else
            {
                candidates.ForEach(candidate => given[candidate] = null);
            }
        }

        return given;
    }
}
