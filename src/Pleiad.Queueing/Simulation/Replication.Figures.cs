using System.Runtime.CompilerServices;

namespace Pleiad.Queueing.Simulation;

/// <summary>What is counted during a run, and kept batch by batch.</summary>
internal sealed partial class Replication
{
    /// <summary>Figures of a batch per station and class: customers × seconds, work, visits.</summary>
    public const int CellColumns = 3;

    /// <summary>Figures of a batch per class: interactions done, their response time, failed, lost, timed out.</summary>
    public const int ClassColumns = 5;

    /// <summary>Figures of a batch per station: threads held × seconds, waiting for one × seconds, seconds with somebody there.</summary>
    public const int StationColumns = 3;

    private readonly Cell[] _cells;
    private readonly ClassTotals[] _totals;
    private readonly List<double[]> _batches = [];
    private readonly double[] _busySince = [];
    private readonly double[] _busyArea = [];
    private readonly int[] _presentAt = [];

    /// <summary>So many batches have one histogram of response times: what is cut off means ends where a segment ends, so that quantiles are of the same requests.</summary>
    public const int BatchesOfSegment = 16;

    private readonly List<TimeCounts[]> _segments = [];
    private readonly TimeHistogram[] _times;

    /// <summary>Segments of response times, the last of which may not be full.</summary>
    public int Segments => _segments.Count + 1;

    /// <summary>Response times of a class in the segments from one to before another.</summary>
    public TimeHistogram Times(int @class, int from, int to)
    {
        var all = new TimeHistogram();
        for (var segment = from; segment < Math.Min(to, _segments.Count); segment++)
        {
            all.Add(_segments[segment][@class]);
        }

        if (to > _segments.Count)
        {
            all.Add(_times[@class]);
        }

        return all;
    }

    /// <summary>The batches: cells, then classes, then stations.</summary>
    public IReadOnlyList<double[]> Batches => _batches;

    /// <summary>Makes one batch of each two. Their number is even.</summary>
    public void MergeBatches()
    {
        for (var pair = 0; pair < _batches.Count / 2; pair++)
        {
            var (first, second) = (_batches[2 * pair], _batches[(2 * pair) + 1]);
            for (var i = 0; i < first.Length; i++)
            {
                first[i] += second[i];
            }

            _batches[pair] = first;
        }

        _batches.RemoveRange(_batches.Count / 2, _batches.Count - (_batches.Count / 2));
        MergeSegments();
    }

    /// <summary>Segments keep their number of batches; one without a neighbour is open again.</summary>
    private void MergeSegments()
    {
        for (var pair = 0; pair < _segments.Count / 2; pair++)
        {
            _segments[pair] = [.. _segments[2 * pair].Zip(_segments[(2 * pair) + 1], (first, second) =>
            {
                var both = new TimeHistogram();
                both.Add(first);
                both.Add(second);
                return both.Take();
            })];
        }

        for (var c = 0; _segments.Count % 2 == 1 && c < _classes; c++)
        {
            _times[c].Add(_segments[^1][c]);
        }

        _segments.RemoveRange(_segments.Count / 2, _segments.Count - (_segments.Count / 2));
    }

    public static int CellColumn(int classes, int station, int @class) => ((station * classes) + @class) * CellColumns;

    public static int ClassColumn(int stations, int classes, int @class) => (stations * classes * CellColumns) + (@class * ClassColumns);

    public static int StationColumn(int stations, int classes, int station) => (stations * classes * CellColumns) + (classes * ClassColumns) + (station * StationColumns);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Enter(int station, int @class)
    {
        ref var cell = ref _cells[(station * _classes) + @class];
        cell.Area += cell.Present * (Now - cell.Since);
        cell.Since = Now;
        cell.Present++;
        if (_presentAt.Length > 0 && _presentAt[station]++ == 0)
        {
            _busySince[station] = Now;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Leave(int station, int @class)
    {
        ref var cell = ref _cells[(station * _classes) + @class];
        cell.Area += cell.Present * (Now - cell.Since);
        cell.Since = Now;
        cell.Present--;
        if (_presentAt.Length > 0 && --_presentAt[station] == 0)
        {
            _busyArea[station] += Now - _busySince[station];
        }
    }

    private int PresentAt(int station)
    {
        var present = 0;
        for (var c = 0; c < _classes; c++)
        {
            present += _cells[(station * _classes) + c].Present;
        }

        return present;
    }

    private void CloseBatch()
    {
        var stations = _stations.Length;
        var row = new double[StationColumn(stations, _classes, stations)];
        for (var k = 0; k < stations; k++)
        {
            for (var c = 0; c < _classes; c++)
            {
                ref var cell = ref _cells[(k * _classes) + c];
                var at = CellColumn(_classes, k, c);
                row[at] = cell.Area + (cell.Present * (Now - cell.Since));
                row[at + 1] = cell.Work;
                row[at + 2] = cell.Done;
                (cell.Area, cell.Work, cell.Done, cell.Since) = (0, 0, 0, Now);
            }

            var (held, waiting) = _stations[k].TakeAreas(Now);
            var column = StationColumn(stations, _classes, k);
            (row[column], row[column + 1]) = (held, waiting);
            if (_presentAt.Length > 0)
            {
                row[column + 2] = _busyArea[k] + (_presentAt[k] > 0 ? Now - _busySince[k] : 0);
                (_busyArea[k], _busySince[k]) = (0, Now);
            }
        }

        for (var c = 0; c < _classes; c++)
        {
            ref var totals = ref _totals[c];
            var at = ClassColumn(stations, _classes, c);
            (row[at], row[at + 1], row[at + 2], row[at + 3], row[at + 4]) = (totals.Done, totals.Response, totals.Failed, totals.Lost, totals.TimedOut);
            totals = default;
        }

        _batches.Add(row);
        if (_batches.Count % BatchesOfSegment == 0)
        {
            _segments.Add([.. _times.Select(times => times.Take())]);
        }

        CheckDeadlock();
    }

    /// <summary>Customers who all wait for room that only they could make.</summary>
    private void CheckDeadlock()
    {
        if (Fault is null && Jobs.InUse > 0 && Events.IsEmpty)
        {
            var at = Array.FindIndex(_stations, station => station.Outside.Count > 0);
            Fault = new SimulationFault(SimulationFaultKind.Deadlock, Math.Max(0, at));
        }
    }

    private struct Cell
    {
        public double Since;
        public double Area;
        public double Work;
        public long Done;
        public int Present;
    }

    private struct ClassTotals
    {
        public long Done;
        public double Response;
        public long Failed;
        public long Lost;
        public long TimedOut;
    }
}
