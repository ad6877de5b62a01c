using System.Runtime.InteropServices;

namespace Pleiad.Wire.Association;

/// <summary>Finds, before anything is known of who made which call, the places whose values requests and calls have in common (<see cref="Presence"/>).</summary>
internal sealed class CommonValues
{
    private readonly Dictionary<(int Statement, int Place, int Key), Presence> _places = [];
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
                CollectionsMarshal.GetValueRefOrAddDefault(_places, (statementOf(value.Statement), value.Place, key), out _).Add(none, isThere);
            }
        }
    }

    /// <summary>The places found, with the share of calls that have their request's value.</summary>
    public IEnumerable<((int Statement, int Place, int Key) Place, double Share)> All() => _places.Select(each => (each.Key, each.Value.Share)).Where(each => each.Share > 0);
}
