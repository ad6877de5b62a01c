using Pleiad.Queueing.Approximate;
using Pleiad.Queueing.Model;
using Pleiad.Queueing.Solving;

namespace Pleiad.Queueing.Simulation;

/// <summary>Figures with intervals from the batches of all runs.</summary>
internal sealed class SimulationReport
{
    /// <summary>So few parts that do not depend on each other are worth a warning.</summary>
    private const int GroupsFew = 40;

    /// <summary>Stretches that a single run is divided into for the intervals of its quantiles.</summary>
    private const int GroupsOfOneRun = 20;

    private static readonly double[] Probabilities = [0.5, 0.9, 0.95, 0.99];

    private readonly QueueingModel _model;
    private readonly SimulationOptions _options;
    private readonly Replication[] _runs;
    private readonly int _stations;
    private readonly int _classes;
    private readonly double[][] _units;
    private readonly double[] _seconds;
    private readonly double _horizon;
    private readonly double _warmUp;
    private readonly int _cut;

    public SimulationReport(QueueingModel model, SimulationOptions options, Replication[] runs, int cut, BatchPlan batches)
    {
        (_model, _options, _runs, _horizon, _warmUp, _cut) = (model, options, runs, batches.Horizon, cut * batches.Batch, cut);
        (_stations, _classes) = (model.Stations.Count, model.Classes.Count);

        // Uncertain inputs are drawn once for a run: its parts share them.
        var units = (runs[0].Batches.Count - cut) / batches.PerPeriod;
        var ofRun = model.Stations.Any(station => station.Uncertainty.Any(u => u > 0)) && runs.Length > 1 ? 1 : GroupedRatio.GroupsOfRun(runs.Length, units);
        int[] bounds = [.. Enumerable.Range(0, ofRun + 1).Select(group => group < ofRun ? cut + (group * units / ofRun * batches.PerPeriod) : runs[0].Batches.Count)];
        _units = [.. runs.SelectMany(run => Enumerable.Range(0, ofRun).Select(group => Sum(run.Batches.Take(bounds[group]..bounds[group + 1]))))];
        _seconds = [.. runs.SelectMany(_ => Enumerable.Range(0, ofRun).Select(group => (bounds[group + 1] - bounds[group]) * batches.Batch))];
    }

    public Solution Write(string reason)
    {
        var system = System();
        var reached = new[] { system.ResponseTime, system.Throughput }.Max(each => each.Value > 0 ? (each.HalfWidth ?? 0) / each.Value : 0);
        var events = _runs.Sum(run => run.Events.Taken);
        var groups = Grouped(ClassOf(null, 1), ClassOf(null, 0)).Groups;
        var isUncertain = _model.Stations.Any(station => station.Uncertainty.Any(u => u > 0));
        var notes = new List<string>();
        if (_options.HorizonSeconds is null && reached > _options.Accuracy)
        {
            notes.Add(FormattableString.Invariant($"after {events} events the intervals reach {reached:P2}, not the {_options.Accuracy:P2} asked for; allow more events"));
        }

        if (_model.Classes.Any(each => each.IsOpen) && OpenStation.WithoutVariance(_model) is { Capacity: null } wild)
        {
            notes.Add($"times at station '{wild.Name}' have an infinite variance: with one server the mean wait has no limit, with several perhaps none, and what is shown grows with the length of the simulation");
        }

        if (_options.HorizonSeconds is null && groups is > 0 and < GroupsFew && groups < _units.Length && !isUncertain)
        {
            notes.Add(FormattableString.Invariant($"what happens early in a run is felt through much of it: the intervals are of {groups} parts only and may be too narrow; allow more events"));
        }

        if (isUncertain)
        {
            notes.Add("the intervals hold the uncertainty of the model's inputs");
        }

        return new Solution("simulation", reason, system, [.. _model.Stations.Select(Station)])
        {
            Simulation = new SimulationFigures(_options.Seed, _runs.Length, events, _horizon, _warmUp, _options.Confidence, _options.Accuracy, reached) { Groups = groups },
            Notes = notes,
        };
    }

    private static double[] Sum(IEnumerable<double[]> rows)
    {
        double[]? sum = null;
        foreach (var row in rows)
        {
            sum ??= new double[row.Length];
            for (var i = 0; i < row.Length; i++)
            {
                sum[i] += row[i];
            }
        }

        return sum ?? [];
    }

    private Estimate Ratio(Func<double[], double> numerator, Func<double[], double>? denominator = null) => Grouped(numerator, denominator).Estimate;

    private GroupedRatio Grouped(Func<double[], double> numerator, Func<double[], double>? denominator) =>
        GroupedRatio.Of([.. _units.Select(numerator)], denominator is null ? _seconds : [.. _units.Select(denominator)], _runs.Length, _options.Confidence);

    private Func<double[], double> CellsOf(int station, int? @class, int offset) => row =>
        (@class is { } c ? [c] : Enumerable.Range(0, _classes)).Sum(each => row[Replication.CellColumn(_classes, station, each) + offset]);

    private Func<double[], double> ClassOf(int? @class, int offset) => row =>
        (@class is { } c ? [c] : Enumerable.Range(0, _classes)).Sum(each => row[Replication.ClassColumn(_stations, _classes, each) + offset]);

    private StationFigures Station(Station station, int place)
    {
        var column = Replication.StationColumn(_stations, _classes, place);
        var whole = Figures(station, station.Name, place, null);
        return whole with
        {
            Classes = [.. _model.Classes.Select((each, c) => Figures(station, each.Name, place, c))],
            ThreadsHeld = station.Threads is null ? null : Ratio(row => row[column]),
            ThreadsAwaited = station.Threads is null ? null : Ratio(row => row[column + 1]),
        };
    }

    private StationFigures Figures(Station station, string name, int place, int? @class)
    {
        var capacity = station.IsDelay ? 1 : station.Servers;
        var area = CellsOf(place, @class, 0);
        var work = CellsOf(place, @class, 1);
        var busy = Replication.StationColumn(_stations, _classes, place) + 2;
        var all = CellsOf(place, null, 1);
        var utilization = station.Speed is null ? Ratio(row => work(row) / capacity) : Ratio(row => all(row) > 0 ? row[busy] * work(row) / all(row) : 0);
        return new StationFigures(name, Ratio(CellsOf(place, @class, 2)), utilization, Ratio(area), Ratio(area, ClassOf(@class, 0)), Ratio(area, CellsOf(place, @class, 2)));
    }

    private SystemFigures System()
    {
        var whole = Figures("system", null);
        return whole with { Classes = [.. _model.Classes.Select((each, c) => Figures(each.Name, c))] };
    }

    private SystemFigures Figures(string name, int? @class)
    {
        var done = ClassOf(@class, 0);
        var failed = ClassOf(@class, 2);
        var timedOut = ClassOf(@class, 4);
        var failures = Ratio(failed, row => done(row) + failed(row));
        return new SystemFigures(
            name,
            Ratio(done),
            Ratio(ClassOf(@class, 1), done),
            Ratio(row => Enumerable.Range(0, _stations).Sum(k => CellsOf(k, @class, 0)(row))))
        {
            Quantiles = Quantiles(@class),
            Failed = double.IsNaN(failures.Value) ? new Estimate(0) : failures,
            TimeoutRate = Ratio(timedOut),
        };
    }

    private IReadOnlyList<ResponseQuantile> Quantiles(int? @class)
    {
        var units = TimesOfUnits(@class);
        var all = Merged(units);
        return all.Count == 0 ? [] : [.. Probabilities.Select(p => new ResponseQuantile(p, new Estimate(all.Quantile(p), Statistics.HalfWidth([.. units.Where(unit => unit.Count > 0).Select(unit => unit.Quantile(p))], _options.Confidence))))];
    }

    /// <summary>Response times behind the cut: of each run, or of stretches of a single one.</summary>
    private TimeHistogram[] TimesOfUnits(int? @class)
    {
        int[] classes = @class is { } c ? [c] : [.. Enumerable.Range(0, _classes)];
        var first = _cut / Replication.BatchesOfSegment;
        if (_runs.Length > 1)
        {
            return [.. _runs.Select(run => Merged(classes.Select(each => run.Times(each, first, run.Segments))))];
        }

        var stretches = Math.Min(GroupsOfOneRun, _runs[0].Segments - first);
        return [.. Enumerable.Range(0, stretches).Select(i => Merged(classes.Select(each =>
            _runs[0].Times(each, first + (i * (_runs[0].Segments - first) / stretches), first + ((i + 1) * (_runs[0].Segments - first) / stretches)))))];
    }

    private static TimeHistogram Merged(IEnumerable<TimeHistogram> histograms)
    {
        var all = new TimeHistogram();
        foreach (var histogram in histograms)
        {
            all.Add(histogram);
        }

        return all;
    }
}
