using System.Runtime.InteropServices;

namespace Pleiad.Wire.Association;

/// <summary>
/// Learns which value of a request comes back as which value of a call, by how often they are equal where they belong together and how common the value is anyway. Nothing is
/// assumed of names or kinds: a pair of places that are equal no more often than by chance says nothing.
/// </summary>
internal sealed class ValueModel(Dictionary<int, int> kinds)
{
    private const int PairsMax = 50_000;
    private const int FrequenciesMax = 200_000;

    // What a place that was seen little is taken to have seen: as many equal as by chance.
    private const double PriorWeight = 1;

    // Below this many sightings a pair says nothing, whatever they were.
    private const double WeightMin = 8;

    private const double EqualMost = 0.98;

    // How much more often than by chance a pair must be equal to count at all.
    private const double LiftMin = 2;

    // Requests after which the counts of values are halved.
    private const int CountedMax = 5000;

    private readonly Dictionary<(int Statement, int Place, int Key), Sightings> _pairs = [];
    private readonly AnswerModel _answers = new();
    private readonly Dictionary<RequestToken, int> _frequency = [];
    private readonly Dictionary<int, int> _keyTotals = [];
    private readonly Dictionary<(int Statement, int Place), Link[]> _links = [];
    private readonly List<((int Statement, int Place, int Key) Place, double Share)> _found = [];
    private int _counted;

    /// <summary>Counts how common each value is among the requests.</summary>
    public void CountRequests(IEnumerable<Node> requests)
    {
        if (_counted >= CountedMax)
        {
            Halve();
        }

        foreach (var request in requests)
        {
            _counted++;
            _answers.Count(request);
            foreach (var token in request.Tokens)
            {
                Count(token);
            }
        }
    }

    /// <summary>Lets what was counted weigh half beside what comes; values that were seen once are forgotten.</summary>
    private void Halve()
    {
        _counted /= 2;
        _answers.Halve();
        Frequencies.Halve(_frequency);

        foreach (var key in _keyTotals.Keys)
        {
            _keyTotals[key] /= 2;
        }
    }

    private void Count(RequestToken token)
    {
        CollectionsMarshal.GetValueRefOrAddDefault(_keyTotals, token.Key, out _)++;
        if (_frequency.Count < FrequenciesMax)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(_frequency, token, out _)++;
        }
    }

    /// <summary>Takes a block and a request for belonging together, with some weight.</summary>
    public void Add(Block block, Node request, double weight)
    {
        _answers.Add(block.First.Exchange, request, weight);
        foreach (var value in block.Values)
        {
            Add(value, value.Statement, request, weight);
            if (kinds.Count > 0 && kinds.TryGetValue(value.Statement, out var kind))
            {
                Add(value, kind, request, weight);
            }
        }
    }

    private void Add(in BlockValue value, int statement, Node request, double weight)
    {
        foreach (var token in request.Tokens)
        {
            var key = (statement, value.Place, token.Key);
            if (_pairs.Count >= PairsMax && !_pairs.ContainsKey(key))
            {
                continue;
            }

            CollectionsMarshal.GetValueRefOrAddDefault(_pairs, key, out _).Add(weight, value.Hash == token.Hash, Chance(new RequestToken(token.Key, value.Hash)));
        }
    }

    /// <summary>Finds pairs before anything is known of who made which call.</summary>
    public void Find(IReadOnlyList<Block> blocks)
    {
        var common = new CommonValues();
        foreach (var block in blocks)
        {
            common.Add(block, statement => kinds.GetValueOrDefault(statement, statement), Chance);
        }

        _answers.Find(blocks);
        _found.Clear();
        _found.AddRange(common.All());
    }

    /// <summary>Finds the pairs that say something.</summary>
    public void Update()
    {
        _links.Clear();
        _answers.Update();
        foreach (var group in _pairs.Where(pair => pair.Value.Weight >= WeightMin).GroupBy(pair => (pair.Key.Statement, pair.Key.Place)))
        {
            var links = new List<Link>();
            foreach (var (key, seen) in group)
            {
                var chance = Math.Clamp(seen.ByChance / seen.Weight, 1e-6, 0.95);
                var equal = Math.Clamp((seen.Equal + (PriorWeight * chance)) / (seen.Weight + PriorWeight), 1e-4, 1 - 1e-4);
                if (equal > LiftMin * chance && seen.Equal >= 4)
                {
                    links.Add(new Link(key.Key, Math.Log(equal), Math.Log((1 - equal) / (1 - chance))));
                }
            }

            if (links.Count > 0)
            {
                _links[group.Key] = [.. links];
            }
        }

        // What was found from the first says what it says until more is known.
        foreach (var ((statement, place, key), share) in _found)
        {
            ref var links = ref CollectionsMarshal.GetValueRefOrAddDefault(_links, (statement, place), out _);
            links ??= [];
            if (!links.Any(link => link.Key == key))
            {
                links = [.. links, new Link(key, Math.Log(Math.Min(share, EqualMost)), Math.Log(1 - Math.Min(share, EqualMost)))];
            }
        }
    }

    public void Fade(double keep)
    {
        _answers.Fade(keep);
        Sightings.Fade(_pairs, keep);
    }

    /// <summary>Logarithms of the likelihood ratios that a block and each of its candidates belong together, by their values alone.</summary>
    public void Evidence(Block block)
    {
        var evidence = block.Evidence;
        evidence.Clear();
        _answers.AddEvidence(block);
        foreach (var value in block.Values)
        {
            if (_links.TryGetValue((value.Statement, value.Place), out var links) || (kinds.TryGetValue(value.Statement, out var kind) && _links.TryGetValue((kind, value.Place), out links)))
            {
                for (var index = 0; index < evidence.Length; index++)
                {
                    evidence[index] += Evidence(value.Hash, links, block.Candidates[index].Tokens);
                }
            }
        }
    }

    /// <summary>One value tells once: the place that says most for it counts, or, when none is equal, the one that says most against.</summary>
    private double Evidence(ulong hash, Link[] links, ReadOnlySpan<RequestToken> tokens)
    {
        var best = double.NegativeInfinity;
        var against = 0.0;
        foreach (var link in links)
        {
            foreach (var token in tokens)
            {
                if (token.Key != link.Key)
                {
                    continue;
                }

                if (token.Hash == hash)
                {
                    best = Math.Max(best, link.LogEqual - Math.Log(Chance(token)));
                }
                else
                {
                    against = Math.Min(against, link.LogDifferent);
                }
            }
        }

        return best > double.NegativeInfinity ? best : against;
    }

    /// <summary>The chance that a request has this value in this place.</summary>
    private double Chance(RequestToken token) => (_frequency.GetValueOrDefault(token) + 0.5) / (_keyTotals.GetValueOrDefault(token.Key) + 1.0);

    private readonly record struct Link(int Key, double LogEqual, double LogDifferent);
}
