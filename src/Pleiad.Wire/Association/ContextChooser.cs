using System.Runtime.InteropServices;

namespace Pleiad.Wire.Association;

/// <summary>
/// Finds the few values of a request that decide which calls it makes, such as a page's kind in a query key: for each class up to two keys with few different values whose
/// mutual information with the sequence of calls is clearly above chance.
/// </summary>
internal sealed class ContextChooser
{
    private const int ValuesMax = 16;
    private const int KeysMax = 2;
    private const int RequestsMin = 50;
    private const int ContextsMax = 20_000;
    private const double InformationMin = 0.05; // nats

    private readonly Dictionary<int, int[]> _keys = [];
    private readonly Dictionary<(int Class, ulong First, ulong Second), int> _contexts = [];

    /// <summary>The number of a request's context; contexts are numbered from 1.</summary>
    public int Of(Node request)
    {
        var (first, second) = _keys.TryGetValue(request.Class, out var keys) ? (ValueOf(request, keys[0]), keys.Length > 1 ? ValueOf(request, keys[1]) : 0) : (0UL, 0UL);
        ref var number = ref CollectionsMarshal.GetValueRefOrAddDefault(_contexts, (request.Class, first, second), out var known);
        if (!known)
        {
            number = Math.Min(_contexts.Count, ContextsMax);
        }

        return number;
    }

    /// <summary>Chooses the keys of every class from requests and the blocks that they have now.</summary>
    public void Choose(IEnumerable<Node> requests)
    {
        foreach (var group in requests.GroupBy(request => request.Class))
        {
            var members = group.Select(request => (Request: request, Calls: SequenceOf(request))).ToList();
            if (members.Count < RequestsMin)
            {
                continue;
            }

            var chosen = new List<int>();
            var keys = members.SelectMany(member => member.Request.Tokens.ToArray()).Select(token => token.Key).Where(key => key != RequestClasses.WholeKey).Distinct()
                .Where(key => members.Select(member => ValueOf(member.Request, key)).Distinct().Take(ValuesMax + 1).Count() is > 1 and <= ValuesMax).ToList();
            var known = 0.0;
            while (chosen.Count < KeysMax && keys.Count > 0)
            {
                var (key, information) = keys.Select(key => (key, Information(members, [.. chosen, key]))).MaxBy(each => each.Item2);
                if (information - known < InformationMin)
                {
                    break;
                }

                known = information;
                chosen.Add(key);
                keys.Remove(key);
            }

            if (chosen.Count > 0)
            {
                _keys[group.Key] = [.. chosen];
            }
        }
    }

    /// <summary>Mutual information of the keys' values and the calls, in nats, less what chance would show.</summary>
    private static double Information(List<(Node Request, ulong Calls)> members, int[] keys)
    {
        var joint = new Dictionary<(ulong, ulong, ulong), int>();
        var values = new Dictionary<(ulong, ulong), int>();
        var calls = new Dictionary<ulong, int>();
        foreach (var (request, sequence) in members)
        {
            var value = (ValueOf(request, keys[0]), keys.Length > 1 ? ValueOf(request, keys[1]) : 0);
            CollectionsMarshal.GetValueRefOrAddDefault(joint, (value.Item1, value.Item2, sequence), out _)++;
            CollectionsMarshal.GetValueRefOrAddDefault(values, value, out _)++;
            CollectionsMarshal.GetValueRefOrAddDefault(calls, sequence, out _)++;
        }

        var byChance = (values.Count - 1.0) * (calls.Count - 1.0) / (2.0 * members.Count);
        return Entropy(values.Values, members.Count) + Entropy(calls.Values, members.Count) - Entropy(joint.Values, members.Count) - byChance;
    }

    private static double Entropy(IEnumerable<int> counts, double total) => -counts.Sum(count => count / total * Math.Log(count / total));

    private static ulong ValueOf(Node request, int key)
    {
        foreach (var token in request.Tokens)
        {
            if (token.Key == key)
            {
                return token.Hash;
            }
        }

        return 0;
    }

    private static ulong SequenceOf(Node request)
    {
        var hash = 17UL;
        foreach (var call in request.Blocks.SelectMany(block => block.Calls).Where(call => call.Exchange.Kind != Protocols.ExchangeKind.Validation))
        {
            hash = Protocols.ValueHash.Combine(hash, (ulong)(call.Exchange.StatementKind > 0 ? call.Exchange.StatementKind : call.Exchange.Statement));
        }

        return hash;
    }
}
