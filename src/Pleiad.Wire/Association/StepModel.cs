namespace Pleiad.Wire.Association;

/// <summary>
/// How a request goes from one block of calls to the next: at the same time or after it, on the same connection or not, and how much later. Each pair of statements has its own
/// ways, as the same lines of a program stand between them: one pair always keeps the connection, the next always gives it back and waits for another.
/// </summary>
internal sealed class StepModel(Dictionary<int, int> kinds)
{
    // What a pair must have been seen to weigh as much as all pairs together do.
    private const double OwnWeight = 4;
    private const int PairsMax = 2000;
    private const int AnyStays = 0;
    private const int AnyLeaves = 1;

    private readonly Dictionary<(int From, int To), Pair> _pairs = [];
    private readonly DelayDensity _gaps = new();
    private readonly Pair _all = new(AnyStays);

    /// <summary>Logarithm of the likelihood of going from a block to the next.</summary>
    public double Log(Block from, Block to)
    {
        var pair = _pairs.TryGetValue(KeyOf(from, to), out var own) ? own : _all;
        var way = WayOf(from, to, out var gap);
        return way == Way.Overlaps ? pair.Logs[(int)way] : pair.Logs[(int)way] + _gaps.Log(pair.Group + (way == Way.Stays ? AnyStays : AnyLeaves), gap);
    }

    public void Add(Block from, Block to)
    {
        var key = KeyOf(from, to);
        if (!_pairs.TryGetValue(key, out var pair))
        {
            pair = _pairs.Count < PairsMax ? new Pair(2 * (_pairs.Count + 1)) : _all;
            if (pair != _all)
            {
                _pairs.Add(key, pair);
            }
        }

        var way = WayOf(from, to, out var gap);
        _all.Counts[(int)way]++;
        if (pair != _all)
        {
            pair.Counts[(int)way]++;
        }

        if (way != Way.Overlaps)
        {
            _gaps.Add(pair.Group + (way == Way.Stays ? AnyStays : AnyLeaves), gap, 1);
        }
    }

    public void Update()
    {
        _gaps.Update();
        Span<double> shares = stackalloc double[3];
        var total = _all.Counts[0] + _all.Counts[1] + _all.Counts[2] + 2;
        for (var way = 0; way < shares.Length; way++)
        {
            shares[way] = (_all.Counts[way] + (way == (int)Way.Overlaps ? 0.001 : 1)) / total;
            _all.Logs[way] = Math.Log(shares[way]);
        }

        foreach (var pair in _pairs.Values)
        {
            var own = pair.Counts[0] + pair.Counts[1] + pair.Counts[2] + OwnWeight;
            for (var way = 0; way < shares.Length; way++)
            {
                pair.Logs[way] = Math.Log((pair.Counts[way] + (OwnWeight * shares[way])) / own);
            }
        }
    }

    public void Fade(double keep)
    {
        _gaps.Fade(keep);
        Fade(_all, keep);
        foreach (var pair in _pairs.Values)
        {
            Fade(pair, keep);
        }
    }

    private (int From, int To) KeyOf(Block from, Block to) => kinds.Count == 0 ? (from.LastStatement, to.FirstStatement)
        : (kinds.GetValueOrDefault(from.LastStatement, from.LastStatement), kinds.GetValueOrDefault(to.FirstStatement, to.FirstStatement));

    private static void Fade(Pair pair, double keep)
    {
        foreach (ref var count in pair.Counts.AsSpan())
        {
            count *= keep;
        }
    }

    private static Way WayOf(Block from, Block to, out long gap)
    {
        gap = to.StartNs - from.EndNs;
        return gap < 0 ? Way.Overlaps : to.Before == from ? Way.Stays : Way.Leaves;
    }

    private enum Way
    {
        Stays,
        Leaves,
        Overlaps,
    }

    private sealed class Pair(int group)
    {
        public int Group { get; } = group;

        public double[] Counts { get; } = new double[3];

        public double[] Logs { get; } = [Math.Log(0.5), Math.Log(0.5), Math.Log(0.001)];
    }
}
