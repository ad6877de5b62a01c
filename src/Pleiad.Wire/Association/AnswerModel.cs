using System.Runtime.InteropServices;
using Pleiad.Wire.Protocols;

namespace Pleiad.Wire.Association;

/// <summary>
/// Learns how far an HTTP call's answer is its request's answer too, as it is where a proxy hands it on: the same status, as many bytes each way, the same fields of the content.
/// How much of it a proxy leaves as it was is judged from the traffic; how much an equal answer says depends on how common it is among the requests of its class.
/// </summary>
internal sealed class AnswerModel
{
    // Status; with the bytes of both bodies; with the fields of the content too.
    private const int Levels = 3;
    private const int FrequenciesMax = 200_000;

    // What a class of calls must have been seen to weigh as much as all do.
    private const double OwnWeight = 10;
    private const double PriorWeight = 1;
    private const int AnyClass = 0;

    private readonly Dictionary<(int Class, int Level), Sightings> _seen = [];
    private readonly Dictionary<(int Class, int Level, ulong Hash), int> _frequency = [];
    private readonly Dictionary<int, int> _totals = [];

    // What was found from the first, until enough was learned to do without.
    private readonly double[] _found = new double[Levels];
    private int _level = -1;

    /// <summary>Counts how common a request's answer is.</summary>
    public void Count(Node request)
    {
        if (!HasAnswer(request.Exchange))
        {
            return;
        }

        CollectionsMarshal.GetValueRefOrAddDefault(_totals, request.Class, out _)++;
        for (var level = 0; level < Levels && _frequency.Count < FrequenciesMax; level++)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(_frequency, (request.Class, level, HashOf(request.Exchange, level)), out _)++;
        }
    }

    /// <summary>Finds how far answers are handed on before anything is known of who made which call.</summary>
    public void Find(IReadOnlyList<Block> blocks)
    {
        for (var level = 0; level < Levels; level++)
        {
            var presence = new Presence();
            foreach (var block in blocks)
            {
                if (HasAnswer(block.First.Exchange))
                {
                    var hash = HashOf(block.First.Exchange, level);
                    var (none, isThere) = (1.0, false);
                    foreach (var candidate in block.Candidates)
                    {
                        none *= HasAnswer(candidate.Exchange) ? 1 - Chance(candidate.Class, level, hash) : 1;
                        isThere |= HasAnswer(candidate.Exchange) && HashOf(candidate.Exchange, level) == hash;
                    }

                    presence.Add(none, isThere);
                }
            }

            _found[level] = presence.Share;
        }
    }

    /// <summary>Lets what was counted weigh half beside what comes.</summary>
    public void Halve()
    {
        Array.Clear(_found);
        Frequencies.Halve(_frequency);
        foreach (var key in _totals.Keys)
        {
            _totals[key] /= 2;
        }
    }

    /// <summary>Takes a call and a request for belonging together, with some weight.</summary>
    public void Add(Exchange call, Node request, double weight)
    {
        if (!HasAnswer(call) || !HasAnswer(request.Exchange))
        {
            return;
        }

        for (var level = 0; level < Levels; level++)
        {
            var hash = HashOf(call, level);
            var isEqual = hash == HashOf(request.Exchange, level);
            var chance = Chance(request.Class, level, hash);
            CollectionsMarshal.GetValueRefOrAddDefault(_seen, (request.Class, level), out _).Add(weight, isEqual, chance);
            CollectionsMarshal.GetValueRefOrAddDefault(_seen, (AnyClass, level), out _).Add(weight, isEqual, chance);
        }
    }

    /// <summary>Finds what says most.</summary>
    public void Update()
    {
        _level = -1;
        var most = 0.0;
        for (var level = 0; level < Levels; level++)
        {
            if (_seen.TryGetValue((AnyClass, level), out var seen) && seen.Weight > OwnWeight)
            {
                var (equal, chance) = (ShareOf(AnyClass, level), Math.Clamp(seen.ByChance / seen.Weight, 1e-6, 1 - 1e-6));
                var says = (equal * Math.Log(equal / chance)) + ((1 - equal) * Math.Log((1 - equal) / (1 - chance)));
                (most, _level) = equal > chance && says > most ? (says, level) : (most, _level);
            }
        }
    }

    public void Fade(double keep) => Sightings.Fade(_seen, keep);

    /// <summary>Adds for each candidate the logarithm of the likelihood ratio that the block's answer is its own.</summary>
    public void AddEvidence(Block block)
    {
        var call = block.First.Exchange;
        if (_level < 0 || !HasAnswer(call))
        {
            return;
        }

        var hash = HashOf(call, _level);
        for (var index = 0; index < block.CandidateCount; index++)
        {
            var request = block.Candidates[index];
            if (HasAnswer(request.Exchange))
            {
                var (equal, chance) = (ShareOf(request.Class, _level), Chance(request.Class, _level, hash));
                block.Evidence[index] += hash == HashOf(request.Exchange, _level) ? Math.Max(0, Math.Log(equal / chance)) : Math.Min(0, Math.Log((1 - equal) / (1 - chance)));
            }
        }
    }

    private static bool HasAnswer(Exchange exchange) => exchange.AnswerBytes >= 0;

    private static ulong HashOf(Exchange exchange, int level) => level switch
    {
        0 => (ulong)exchange.Status,
        1 => ValueHash.Combine(ValueHash.Combine((ulong)exchange.Status, (ulong)exchange.AnswerBytes), (ulong)exchange.RequestBytes),
        _ => ValueHash.Combine(HashOf(exchange, 1), exchange.AnswerFields),
    };

    /// <summary>The share of calls whose answer is their request's.</summary>
    private double ShareOf(int ofClass, int level)
    {
        var all = _seen.GetValueOrDefault((AnyClass, level));
        var share = Math.Max(_found[level], (all.Equal + (PriorWeight / 2)) / (all.Weight + PriorWeight));
        var own = ofClass == AnyClass || _found[level] > 0 ? default : _seen.GetValueOrDefault((ofClass, level));
        return Math.Clamp((own.Equal + (OwnWeight * share)) / (own.Weight + OwnWeight), 1e-3, 1 - 1e-3);
    }

    /// <summary>The chance that a request of the class has this answer.</summary>
    private double Chance(int ofClass, int level, ulong hash) =>
        Math.Min((_frequency.GetValueOrDefault((ofClass, level, hash)) + 0.5) / (_totals.GetValueOrDefault(ofClass) + 1.0), 1 - 1e-3);
}
