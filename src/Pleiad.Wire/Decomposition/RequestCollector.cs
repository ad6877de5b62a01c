using Pleiad.Wire.Association;
using Pleiad.Wire.Protocols;
using Pleiad.Wire.Schemes;
using Pleiad.Wire.Statistics;

namespace Pleiad.Wire.Decomposition;

/// <summary>Takes each front request as it is settled, for files that have a line for each.</summary>
internal interface IRequestWriter : IDisposable
{
    void Begin(TierMap map);

    void Write(RequestTimes times);

    /// <summary>A call that is no request's; by default nothing is written for it.</summary>
    void WriteUnattributed(Node call)
    {
    }

    void End();
}

/// <summary>Sums up exchanges and requests as they are settled; keeps figures, not requests, but for a few chosen ones.</summary>
internal sealed class RequestCollector(StatementTable statements, double posteriorMin, Func<bool> nothingLost, long firstNs, IReadOnlyList<IRequestWriter> writers) : IRequestSink
{
    private const int StatementsMax = 5000;

    private readonly List<ClassFigures?> _classes = [];
    private readonly List<(int Tier, int Statement, Series Times)> _statements = [];
    private Series?[][] _statementsOf = [];
    private RequestClasses? _names;
    private Decomposer? _decomposer;

    public TierMap? Map { get; private set; }

    public TierFigures[] Tiers { get; private set; } = [];

    public IEnumerable<ClassFigures> Classes => _classes.OfType<ClassFigures>();

    public IReadOnlyList<(int Tier, int Statement, Series Times)> Statements => _statements;

    public StatementTable StatementTable => statements;

    /// <summary>Own times over time: a value for each tier, then the whole time.</summary>
    public TimeBins? Bins { get; private set; }

    public ChosenRequests Chosen { get; } = new();

    public long Requests { get; private set; }

    public long Attributed { get; private set; }

    public long[] CallsOpen { get; private set; } = [];

    public void Begin(TierMap map, RequestClasses classes)
    {
        Map = map;
        _names = classes;
        _decomposer = new Decomposer(map, posteriorMin);
        _statementsOf = [.. Enumerable.Range(0, map.Count).Select(_ => Array.Empty<Series?>())];
        Tiers = [.. Enumerable.Range(0, map.Count).Select(_ => new TierFigures())];
        CallsOpen = new long[map.Count];
        Bins = new TimeBins(map.Count + 1, firstNs);
        foreach (var writer in writers)
        {
            writer.Begin(map);
        }
    }

    public void Exchange(Node node)
    {
        Tiers[node.Tier].Add(node);
        if (node.Exchange is { Kind: ExchangeKind.Request, Statement: > 0 and var statement } && statement < statements.Count)
        {
            TimesOf(node.Tier, statement)?.Add(node.Exchange.DurationNs / 1e6);
        }
    }

    private Series? TimesOf(int tier, int statement)
    {
        ref var known = ref _statementsOf[tier];
        if (statement >= known.Length)
        {
            Array.Resize(ref known, Math.Max(statement + 1, known.Length * 2));
        }

        if (known[statement] is null && _statements.Count < StatementsMax)
        {
            known[statement] = new Series();
            _statements.Add((tier, statement, known[statement]!));
        }

        return known[statement];
    }

    public void Request(Node request)
    {
        var name = _names!.Name(request.Class);
        var times = _decomposer!.Of(request, name, nothingLost());
        Requests++;
        Attributed += times.IsAttributed ? 1 : 0;
        while (_classes.Count <= request.Class)
        {
            _classes.Add(null);
        }

        (_classes[request.Class] ??= new ClassFigures(name, Tiers.Length)).Add(times);
        AddToBins(times);
        Chosen.Offer(times);
        for (var tier = 0; tier < Tiers.Length; tier++)
        {
            if (times.TierOwn[tier] is { } own)
            {
                Tiers[tier].AddOwn(own, times.TierOverlap[tier]);
            }
        }

        foreach (var writer in writers)
        {
            writer.Write(times);
        }
    }

    public void Unattributed(Node call)
    {
        if (call.Exchange.Kind == ExchangeKind.Request)
        {
            CallsOpen[call.Tier]++;
        }

        foreach (var writer in writers)
        {
            writer.WriteUnattributed(call);
        }
    }

    private void AddToBins(RequestTimes times)
    {
        var bin = Bins!.At(times.Exchange.StartNs);
        bin.Count++;
        for (var tier = 0; tier <= Tiers.Length; tier++)
        {
            if ((tier < Tiers.Length ? times.TierOwn[tier] : times.Residence[0]) is { } value)
            {
                bin.Sums[tier] += value;
                bin.Counts[tier]++;
            }
        }
    }
}

/// <summary>A few requests to show whole: the slowest, and some that chance chose.</summary>
internal sealed class ChosenRequests
{
    private const int SlowestMax = 4;
    private const int SampledMax = 4;

    private readonly List<RequestTimes> _slowest = [];
    private readonly List<RequestTimes> _sampled = [];
    private readonly Random _chance = new(20_100_517);
    private long _offered;

    /// <summary>Slowest first.</summary>
    public IReadOnlyList<RequestTimes> Slowest => _slowest;

    /// <summary>Some that are not among the slowest, by their length.</summary>
    public IReadOnlyList<RequestTimes> Sampled => [.. _sampled.Where(times => !_slowest.Exists(slow => slow.Request == times.Request)).OrderByDescending(times => times.Residence[0])];

    public void Offer(RequestTimes times)
    {
        if (!times.IsAttributed)
        {
            return;
        }

        if (_slowest.Count < SlowestMax || times.Residence[0] > _slowest[^1].Residence[0])
        {
            _slowest.Add(times.Kept());
            _slowest.Sort((a, b) => b.Residence[0]!.Value.CompareTo(a.Residence[0]!.Value));
            if (_slowest.Count > SlowestMax)
            {
                _slowest.RemoveAt(SlowestMax);
            }
        }

        // Each request has the same chance to be among the sampled (reservoir sampling).
        _offered++;
        if (_sampled.Count < SampledMax)
        {
            _sampled.Add(times.Kept());
        }
        else if (_chance.NextInt64(_offered) is var place and < SampledMax)
        {
            _sampled[(int)place] = times.Kept();
        }
    }
}
