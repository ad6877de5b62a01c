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

    void End();
}

/// <summary>Sums up exchanges and requests as they are settled; keeps figures, not requests, but for a few chosen ones.</summary>
internal sealed class RequestCollector(StatementTable statements, double posteriorMin, Func<bool> nothingLost, long firstNs, IReadOnlyList<IRequestWriter> writers) : IRequestSink
{
    private const int StatementsMax = 5000;

    private readonly Dictionary<int, ClassFigures> _classes = [];
    private readonly Dictionary<(int Tier, int Statement), Series> _statements = [];
    private RequestClasses? _names;

    public TierMap? Map { get; private set; }

    public int Depths { get; private set; } = 1;

    public TierFigures[] Tiers { get; private set; } = [];

    public IReadOnlyCollection<ClassFigures> Classes => _classes.Values;

    public IReadOnlyDictionary<(int Tier, int Statement), Series> Statements => _statements;

    public StatementTable StatementTable => statements;

    /// <summary>Own times over time: a value for each depth, then the whole time.</summary>
    public TimeBins? Bins { get; private set; }

    public ChosenRequests Chosen { get; } = new();

    public long Requests { get; private set; }

    public long Attributed { get; private set; }

    public long[] CallsOpen { get; private set; } = [];

    public void Begin(TierMap map, RequestClasses classes)
    {
        Map = map;
        _names = classes;
        Depths = map.Depth.Max() + 1;
        Tiers = [.. Enumerable.Range(0, map.Count).Select(_ => new TierFigures())];
        CallsOpen = new long[map.Count];
        Bins = new TimeBins(Depths + 1, firstNs);
        foreach (var writer in writers)
        {
            writer.Begin(map);
        }
    }

    public void Exchange(Node node)
    {
        Tiers[node.Tier].Add(node);
        if (node.Exchange is { Kind: ExchangeKind.Request, Statement: > 0 and var statement } && statement < statements.Count && (_statements.Count < StatementsMax || _statements.ContainsKey((node.Tier, statement))))
        {
            if (!_statements.TryGetValue((node.Tier, statement), out var series))
            {
                _statements.Add((node.Tier, statement), series = new Series());
            }

            series.Add(node.Exchange.DurationNs / 1e6);
        }
    }

    public void Request(Node request)
    {
        var name = _names!.Name(request.Class);
        var times = Decomposer.Of(request, name, Depths, posteriorMin, nothingLost());
        Requests++;
        Attributed += times.IsAttributed ? 1 : 0;
        if (!_classes.TryGetValue(request.Class, out var figures))
        {
            _classes.Add(request.Class, figures = new ClassFigures(name, Depths));
        }

        figures.Add(times);
        AddToBins(times);
        Chosen.Offer(times);
        for (var tier = 0; tier < Tiers.Length; tier++)
        {
            // Tiers of one depth share their depth's own time only when there is one of them.
            if (times.Own[Map!.Depth[tier]] is { } own && Map.Depth.Count(depth => depth == Map.Depth[tier]) == 1)
            {
                Tiers[tier].Own.Add(own);
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
    }

    private void AddToBins(RequestTimes times)
    {
        var bin = Bins!.At(times.Exchange.StartNs);
        bin.Count++;
        for (var depth = 0; depth <= Depths; depth++)
        {
            if ((depth < Depths ? times.Own[depth] : times.Residence[0]) is { } value)
            {
                bin.Sums[depth] += value;
                bin.Counts[depth]++;
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
    public IReadOnlyList<RequestTimes> Sampled => [.. _sampled.Where(times => !_slowest.Contains(times)).OrderByDescending(times => times.Residence[0])];

    public void Offer(RequestTimes times)
    {
        if (!times.IsAttributed)
        {
            return;
        }

        if (_slowest.Count < SlowestMax || times.Residence[0] > _slowest[^1].Residence[0])
        {
            _slowest.Add(times);
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
            _sampled.Add(times);
        }
        else if (_chance.NextInt64(_offered) is var place and < SampledMax)
        {
            _sampled[(int)place] = times;
        }
    }
}
