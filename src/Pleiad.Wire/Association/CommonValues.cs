using System.Runtime.InteropServices;

namespace Pleiad.Wire.Association;

/// <summary>
/// Finds, before anything is known of who made which call, the places whose values requests and calls have in common: there nearly every call finds its value among the requests
/// that may have made it, and by chance fewer would. Unlike the share of equal pairs this holds with many candidates and with values of which there are few.
/// </summary>
internal sealed class CommonValues
{
    private const int CallsMin = 30;
    private const double DeviationsMin = 6;
    private const double ShareMin = 0.6;

    private readonly Dictionary<(int Statement, int Place, int Key), Found> _places = [];
    private readonly Dictionary<int, (double None, bool IsThere)> _keys = [];

    /// <summary>Takes a block into account.</summary>
    /// <param name="block">With its candidates.</param>
    /// <param name="statementOf">What a value's statement counts as.</param>
    /// <param name="chance">The chance that a request has a value in a place.</param>
    public void Add(Block block, Func<int, int> statementOf, Func<RequestToken, double> chance)
    {
        foreach (var value in block.Values)
        {
            _keys.Clear();
            foreach (var candidate in block.Candidates)
            {
                foreach (var token in candidate.Tokens)
                {
                    ref var key = ref CollectionsMarshal.GetValueRefOrAddDefault(_keys, token.Key, out var known);
                    key = known ? key : (1, false);
                    key.None *= 1 - Math.Min(chance(token with { Hash = value.Hash }), 1);
                    key.IsThere |= token.Hash == value.Hash;
                }
            }

            foreach (var (key, (none, isThere)) in _keys)
            {
                ref var found = ref CollectionsMarshal.GetValueRefOrAddDefault(_places, (statementOf(value.Statement), value.Place, key), out _);
                found.Calls++;
                found.There += isThere ? 1 : 0;
                found.Expected += 1 - none;
                found.Variance += none * (1 - none);
            }
        }
    }

    /// <summary>The places found, with the share of calls that have their request's value.</summary>
    public IEnumerable<((int Statement, int Place, int Key) Place, double Share)> All() => _places
        .Where(each => each.Value.Calls >= CallsMin && each.Value.There - each.Value.Expected > DeviationsMin * Math.Sqrt(each.Value.Variance))
        .Select(each => (each.Key, Share: (each.Value.There - each.Value.Expected) / Math.Max(1e-9, each.Value.Calls - each.Value.Expected)))
        .Where(each => each.Share > ShareMin);

    private struct Found
    {
        public int Calls;
        public double There;
        public double Expected;
        public double Variance;
    }
}
