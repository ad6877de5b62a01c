using Pleiad.Queueing.Model;
using Pleiad.Queueing.Solving;

namespace Pleiad.Queueing.Simulation;

/// <summary>Simulates a model in independent runs until the interval asked for is reached.</summary>
internal sealed class Simulator
{
    /// <summary>Batches of a run before two become one.</summary>
    private const int BatchesMax = 1024;

    /// <summary>A run does not stop by itself before its intervals come from so many independent groups: from fewer it cannot tell its own variance, and stops where that happens to look small.</summary>
    private const int GroupsWanted = 80;

    private const int ExtensionsMax = 7;

    private readonly QueueingModel _model;
    private readonly SimulationOptions _options;
    private readonly Func<Solution, bool, bool>? _isEnough;
    private readonly Replication[] _runs;
    private readonly BatchPlan _batches;
    private readonly int _groupsWanted;

    private Simulator(QueueingModel model, SimulationOptions options, Func<Solution, bool, bool>? isEnough)
    {
        (_model, _options, _isEnough) = (model, options, isEnough);
        var plan = new SimulationPlan(model);
        _runs = [.. Enumerable.Range(0, options.Replications).Select(number => new Replication(plan, options.Seed, number) { JobsMax = Math.Max(20_000, 5_000_000 / options.Replications) })];
        _batches = new BatchPlan(model, options.HorizonSeconds);
        _groupsWanted = ModelSolver.IsUncertain(model) ? 0 : GroupsWanted;
    }

    /// <summary>Simulates.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">Seed, accuracy, bound.</param>
    /// <param name="reason">Why it is simulated.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <param name="isEnough">Whether the question that a run is made for is answered already, before the accuracy is reached, given what was seen and whether it has settled; null goes by the accuracy.</param>
    /// <exception cref="ModelUnsolvableException">A queue grows without end, or customers block each other.</exception>
    public static Solution Solve(QueueingModel model, SimulationOptions options, string reason, CancellationToken cancellation, Func<Solution, bool, bool>? isEnough = null)
    {
        Stability.Require(model);
        return new Simulator(model, options, isEnough).Run(reason, cancellation);
    }

    private Solution Run(string reason, CancellationToken cancellation)
    {
        var cut = WarmUp(cancellation);
        while (true)
        {
            var solution = Report(cut, reason);
            if (_options.HorizonSeconds is not null)
            {
                return solution;
            }

            var reached = solution.Simulation!.AccuracyReached;
            var events = _runs.Sum(run => run.Events.Taken);
            var isLongEnough = solution.Simulation.Groups >= _groupsWanted || (IsDividedFully(solution.Simulation.Groups, cut) && reached <= _options.Accuracy / 2);
            if ((reached <= _options.Accuracy && isLongEnough) || events >= _options.EventsMax || _isEnough?.Invoke(solution, true) == true)
            {
                return solution;
            }

            // Half the width costs four times the length; what may be answered before is looked at sooner.
            var wanted = Math.Clamp(1.1 * Math.Pow(reached / _options.Accuracy, 2), 1.3, _isEnough is null ? 3 : 1.6);
            wanted = isLongEnough ? wanted : Math.Max(wanted, 2);
            _batches.Extend(Math.Max(1.05, Math.Min(wanted, (double)_options.EventsMax / events)));
            var earlier = cut * _batches.Batch;
            Continue(cancellation);
            cut = Settled(Statistics.WarmUp(Population()) is >= 0 and var found ? found : (int)(earlier / _batches.Batch));
        }
    }

    /// <summary>Runs until what the empty start left behind is gone. Returns the batches to cut.</summary>
    private int WarmUp(CancellationToken cancellation)
    {
        for (var extension = 0; ; extension++)
        {
            Continue(cancellation);
            var cut = Statistics.WarmUp(Population());
            if (_options.HorizonSeconds is not null)
            {
                return _batches.Whole(cut);
            }

            if (cut >= 0 || extension == ExtensionsMax)
            {
                if (extension > 2)
                {
                    RefuseGrowth();
                }

                return Settled(cut);
            }

            var isLast = _runs.Sum(run => run.Events.Taken) >= _options.EventsMax;
            if (extension > 3 || isLast)
            {
                RefuseGrowth();
            }

            if (isLast || IsAnsweredBefore())
            {
                // It has not settled and may go on no longer: the later half is the nearest there is.
                return _batches.Whole(_runs[0].Batches.Count / 2);
            }

            _batches.Extend(2);
        }
    }

    /// <summary>
    /// At least a sixteenth is cut: what MSER-5 does not tell from chance is less than the interval of one run, but the same in all. Groups are about as long, and hardly depend on each other,
    /// so that behind the first the start is forgotten.
    /// </summary>
    private int Settled(int cut) => _batches.Whole(Math.Max(cut, _runs[0].Batches.Count / 16));

    /// <summary>From an empty start times grow: an objective that is missed already will be.</summary>
    private bool IsAnsweredBefore() => _isEnough?.Invoke(Report(_batches.Whole(_runs[0].Batches.Count / 2), ""), false) == true;

    /// <summary>Whether there are only so few groups because the runs have no more periods: with an interval that is much narrower than it need be, a few long periods are enough.</summary>
    private bool IsDividedFully(int groups, int cut) => groups >= _runs.Length * GroupedRatio.GroupsOfRun(_runs.Length, (_runs[0].Batches.Count - cut) / _batches.PerPeriod);

    private Solution Report(int cut, string reason) => new SimulationReport(_model, _options, _runs, cut, _batches).Write(reason);

    private void Continue(CancellationToken cancellation)
    {
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, _options.Threads), CancellationToken = cancellation };
        var (end, batch) = (_batches.Horizon, _batches.Batch);
        Parallel.ForEach(_runs, parallel, run => run.RunUntil(end, batch));
        if (_runs.Select(run => run.Fault).FirstOrDefault(fault => fault is not null) is { } found)
        {
            throw Refused(found);
        }

        while (_runs[0].Batches.Count > BatchesMax)
        {
            _batches.Merge();
            Array.ForEach(_runs, run => run.MergeBatches());
        }
    }

    private ModelUnsolvableException Refused(SimulationFault fault)
    {
        var (name, line) = (_model.Stations[fault.Station].Name, _model.Stations[fault.Station].Line is > 0 and var at ? $"line {at}: " : "");
        return fault.Kind switch
        {
            SimulationFaultKind.Deadlock => new ModelUnsolvableException(UnsolvableReason.Deadlock, name, $"{line}customers block each other in a circle at station '{name}'; raise a capacity in the circle, or let full stations lose"),
            SimulationFaultKind.Standstill => new ModelUnsolvableException(UnsolvableReason.Standstill, name, $"{line}customers whom station '{name}' turns away come back at once, so that no time passes; give them a 'thinkTime', or the station 'full: block'"),
            _ => Unstable(fault.Station),
        };
    }

    /// <summary>A closed or bounded model cannot grow for ever; an open one must not.</summary>
    private void RefuseGrowth()
    {
        if (_model.IsClosed)
        {
            return;
        }

        var (stations, classes) = (_model.Stations.Count, _model.Classes.Count);
        var quarter = _runs[0].Batches.Count / 4;
        var growth = Enumerable.Range(0, stations).Select(k => (Place: k, Early: Mean(k, quarter, quarter), Late: Mean(k, 3 * quarter, quarter))).MaxBy(each => each.Late - each.Early);
        var floor = _model.Stations[growth.Place].Servers * 3.0;
        if (growth.Late > 1.7 * growth.Early && growth.Late > floor + 50)
        {
            throw Unstable(growth.Place);
        }

        double Mean(int station, int from, int count) =>
            _runs.Average(run => Enumerable.Range(from, count).Average(b => Enumerable.Range(0, classes).Sum(c => run.Batches[b][Replication.CellColumn(classes, station, c)]))) / _batches.Batch;
    }

    private ModelUnsolvableException Unstable(int place) => Stability.Unstable(_model, place, null);

    /// <summary>Mean number of customers at all stations, batch by batch, over all runs.</summary>
    private double[] Population()
    {
        var count = _runs[0].Batches.Count;
        var series = new double[count];
        var cells = _model.Stations.Count * _model.Classes.Count;
        foreach (var run in _runs)
        {
            for (var b = 0; b < count; b++)
            {
                for (var cell = 0; cell < cells; cell++)
                {
                    series[b] += run.Batches[b][cell * Replication.CellColumns];
                }
            }
        }

        return _batches.WithoutPeriod(series);
    }
}
