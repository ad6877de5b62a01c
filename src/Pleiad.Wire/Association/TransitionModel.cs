namespace Pleiad.Wire.Association;

/// <summary>
/// Which statement follows which in a request: a chain of first order for each context, falling back on all contexts where little was seen. The begin and the end of a request
/// are states too, so it holds how many calls there are. Of statements prepared before the capture only the kind counts: each session has names of its own for the same.
/// </summary>
internal sealed class TransitionModel(Dictionary<int, int> kinds)
{
    /// <summary>The state before the first call and after the last; statements are numbered from 1.</summary>
    public const int Outside = 0;

    // Weight of all contexts beside a context's own counts, and of a transition never seen.
    private const double SharedWeight = 4;
    private const double UnseenWeight = 0.5;
    private const int EntriesMax = 200_000;
    private const int AnyContext = 0;

    private readonly Dictionary<(int Context, int From, int To), double> _pairs = [];
    private readonly Dictionary<(int Context, int From), double> _totals = [];

    // Logarithms that were asked for since the counts last changed.
    private readonly Dictionary<(int Context, int From, int To), double> _logs = [];

    public double Log(int context, int from, int to)
    {
        if (_logs.TryGetValue((context, from, to), out var known))
        {
            return known;
        }

        var (fromKind, toKind) = (KindOf(from), KindOf(to));
        var shared = (Pair(AnyContext, fromKind, toKind) + (UnseenWeight / 50)) / (Total(AnyContext, fromKind) + UnseenWeight);
        var log = Math.Log((Pair(context, fromKind, toKind) + (SharedWeight * shared)) / (Total(context, fromKind) + SharedWeight));
        _logs[(context, from, to)] = log;
        return log;
    }

    public void Add(int context, int from, int to)
    {
        if (_pairs.Count < EntriesMax)
        {
            var (fromKind, toKind) = (KindOf(from), KindOf(to));
            Count(context, fromKind, toKind);
            Count(AnyContext, fromKind, toKind);
        }
    }

    /// <summary>Takes what was added into account.</summary>
    public void Update() => _logs.Clear();

    public void Fade(double keep)
    {
        foreach (var key in _pairs.Keys)
        {
            _pairs[key] *= keep;
        }

        foreach (var key in _totals.Keys)
        {
            _totals[key] *= keep;
        }
    }

    private void Count(int context, int from, int to)
    {
        System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_pairs, (context, from, to), out _) += 1;
        System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_totals, (context, from), out _) += 1;
    }

    private int KindOf(int statement) => kinds.Count > 0 && kinds.TryGetValue(statement, out var kind) ? kind : statement;

    private double Pair(int context, int from, int to) => _pairs.GetValueOrDefault((context, from, to));

    private double Total(int context, int from) => _totals.GetValueOrDefault((context, from));
}
