using Pleiad.Queueing.Model;
using Pleiad.Queueing.Simulation;
using Pleiad.Queueing.Solving;

namespace Pleiad.Queueing.Prediction;

/// <summary>
/// Answers what hardware a load needs. Every variant is simulated with the same streams of chance, so that differences are those of the variants; figures that decide are simulated
/// longer until their interval is on one side of the bound.
/// </summary>
public sealed class Predictor
{
    private const double ElasticityStep = 0.1;
    private const double ElasticityStepMin = 0.004;

    /// <summary>Share of what is left of a station's capacity.</summary>
    private const double ElasticityShare = 0.2;

    /// <summary>A run that is looked at again and again may stop early only when the bound is this many half widths away.</summary>
    private const double ClearHalfWidths = 2;

    private readonly Workload _workload;
    private readonly PredictionQuestion _question;
    private readonly SimulationOptions _options;
    private readonly CancellationToken _cancellation;
    private readonly Dictionary<(double Load, string Servers), Outcome> _shown = [];
    private readonly Dictionary<string, Outcome> _unstable = [];
    private int _simulations;
    private long _events;

    private Predictor(Workload workload, PredictionQuestion question, SimulationOptions options, CancellationToken cancellation) =>
        (_workload, _question, _options, _cancellation) = (workload, question, options, cancellation);

    /// <summary>Answers.</summary>
    /// <param name="model">The model; its servers are the present hardware.</param>
    /// <param name="question">Load and objectives.</param>
    /// <param name="options">Accuracy and bound of each simulation.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="ArgumentException">The load asked for does not fit the model.</exception>
    public static PredictionAnswer Answer(QueueingModel model, PredictionQuestion question, SimulationOptions options, CancellationToken cancellation) =>
        new Predictor(Workload.Of(model, question.IsUsers ?? (question.Load is null ? null : false), options, cancellation), question, options, cancellation).Answer();

    /// <summary>Simulates some servers under some load; longer when the figures that decide are not clear, shorter when all that matters is clear before.</summary>
    internal Outcome Try(double load, IReadOnlyList<int> servers, Purpose purpose = Purpose.Plan)
    {
        var key = string.Join(',', servers);
        if (_unstable.TryGetValue(key, out var full) && load >= full.Load)
        {
            return full with { Load = load };
        }

        if (_shown.TryGetValue((load, key), out var known) && (purpose != Purpose.Plan || known.Objectives.All(IsClear)))
        {
            return known;
        }

        _cancellation.ThrowIfCancellationRequested();
        _simulations++;
        var model = _workload.At(load, servers);
        try
        {
            var exact = ExactOf(model);
            var decides = purpose != Purpose.Figures && _question.Objectives.Count > 0;

            // What is chosen may take longer, until its figures are clear.
            var options = decides && purpose == Purpose.Plan ? _options with { Accuracy = _options.Accuracy / 2, EventsMax = 3 * _options.EventsMax } : _options;
            var simulated = Simulator.Solve(model, options, "a variant", _cancellation, decides ? IsEnough : null);
            _events += simulated.Simulation!.Events;
            var outcome = OutcomeOf(load, servers, exact, simulated);
            return purpose == Purpose.Figures ? _shown[(load, key)] = outcome : outcome;

            bool IsEnough(Solution seen, bool hasSettled)
            {
                var results = OutcomeOf(load, servers, exact, seen).Objectives;
                var isShown = seen.Simulation!.AccuracyReached <= _options.Accuracy || seen.Simulation.Events >= _options.EventsMax;
                return results.Any(IsClearlyMissed) || (hasSettled && (purpose == Purpose.Limit ? isShown || results.All(IsClearlyKept) : isShown && results.All(IsClear)));
            }
        }
        catch (ModelUnsolvableException error) when (error.Reason is UnsolvableReason.Unstable or UnsolvableReason.Deadlock)
        {
            return _unstable[key] = new Outcome(load, servers, null, error.Station, []);
        }
    }

    private PredictionAnswer Answer()
    {
        var model = _workload.Model;
        var load = _question.Load ?? _workload.Base;
        var own = model.Stations.Select(station => station.Servers).ToArray();
        var present = Try(load, own, Purpose.Figures);
        Outcome? plan = null;
        string? note = null;
        if (_question.Objectives.Count > 0)
        {
            (plan, note) = new ServerSearch(this, _workload, load, _question.Objectives).Find();
        }

        var chosen = plan ?? present;
        var notes = new List<string>();
        if (_workload.Note is { } made)
        {
            notes.Add(made);
        }

        if (model.Stations.Any(station => station.Uncertainty.Any(u => u > 0)))
        {
            notes.Add("the intervals hold the uncertainty of the model's inputs");
        }

        return new PredictionAnswer
        {
            Model = model.Name,
            Stations = [.. model.Stations.Select(station => station.Name)],
            Costs = [.. model.Stations.Select(station => station.IsDelay ? 0 : station.Cost)],
            IsUsers = _workload.IsUsers,
            Present = present,
            Plan = plan,
            PlanNote = note,
            PresentLoadMax = LoadMax(own, present),
            PlanLoadMax = plan is null ? null : own.SequenceEqual(plan.Servers) ? null : LoadMax(plan.Servers, plan),
            Curve = Curve(chosen, load),
            OneMore = [.. Queues(model).Select(k => MoreOf(k, chosen))],
            Sensitivities = [.. Enumerable.Range(0, model.Stations.Count).Where(k => model.Stations[k].Service.Any(service => service?.Mean > 0)).Select(k => SensitivityTo(k, chosen))],
            Simulations = _simulations,
            Events = _events,
            Seed = _options.Seed,
            Notes = notes,
        };
    }

    /// <summary>What is known exactly of a variant, for its objectives.</summary>
    private (Solution? Known, Demands? ByLaw) ExactOf(QueueingModel model)
    {
        var known = _question.Objectives.Count > 0 ? ModelSolver.TryKnown(model) : null;
        return (known, known is null && model.IsOpen && !ModelSolver.IsUncertain(model) && model.Classes.All(each => each.Patience is null) && model.Stations.All(station => station.Capacity is null) ? Demands.Of(model) : null);
    }

    private static bool IsClear(ObjectiveResult result) => result.IsKept || result.Figure.Low > result.Objective.Limit || double.IsNaN(result.Figure.Value);

    private static bool IsClearlyMissed(ObjectiveResult result) => result.Figure.Value - (ClearHalfWidths * (result.Figure.HalfWidth ?? 0)) > result.Objective.Limit;

    private static bool IsClearlyKept(ObjectiveResult result) => result.IsKept && result.Figure.Value + (ClearHalfWidths * (result.Figure.HalfWidth ?? 0)) <= result.Objective.Limit;

    /// <summary>Objectives are judged by what is known exactly where that is so, else by the simulation: noise must not cost a server.</summary>
    private Outcome OutcomeOf(double load, IReadOnlyList<int> servers, (Solution? Known, Demands? ByLaw) exact, Solution simulated)
    {
        return new Outcome(load, servers, simulated, null, [.. _question.Objectives.Select(objective =>
        {
            var figure = objective.FigureOf(simulated);
            if (exact.Known is not null && objective.FigureOf(exact.Known) is { Value: var value } && !double.IsNaN(value))
            {
                figure = new Estimate(value);
            }
            else if (exact.ByLaw is { } demands && objective.Kind == ObjectiveKind.Utilization)
            {
                // What arrives is served: U = λD/m.
                var model = demands.Model;
                figure = new Estimate(Enumerable.Range(0, model.Stations.Count).Where(k => !model.Stations[k].IsDelay && model.Stations[k].Speed is null && (objective.Of is null || objective.Of == model.Stations[k].Name))
                    .Select(k => demands.OpenLoad(k) / model.Stations[k].Servers).DefaultIfEmpty(0).Max());
            }

            // An interval must lie below the bound; a figure without one too, but for rounding.
            return new ObjectiveResult(objective, figure, figure.HalfWidth is null ? figure.Value < objective.Limit * (1 - 1e-9) : figure.High <= objective.Limit);
        })]);
    }

    private static IEnumerable<int> Queues(QueueingModel model) => Enumerable.Range(0, model.Stations.Count).Where(k => !model.Stations[k].IsDelay && model.Stations[k].Speed is null);

    /// <summary>By halving, to one part in a hundred.</summary>
    private double LoadMax(IReadOnlyList<int> servers, Outcome known)
    {
        var (low, high) = known.IsGood ? (known.Load, double.PositiveInfinity) : (0.0, known.Load);
        var saturation = _workload.Saturation(servers);
        if (!_workload.IsUsers || _question.Objectives.Count == 0)
        {
            // Without objectives the limit is where the first station is full; pools may bind before.
            high = Math.Min(high, saturation);
        }

        if (_question.Objectives.Count == 0 && _workload.Model.Stations.All(station => station.Threads is null))
        {
            return saturation;
        }

        for (var doubling = 0; double.IsInfinity(high) && doubling < 20; doubling++)
        {
            var outcome = Try(2 * low, servers, Purpose.Limit);
            if (outcome.IsGood)
            {
                low *= 2;
            }
            else
            {
                high = 2 * low;
            }
        }

        while (high - low > 0.01 * high && high > 1e-9)
        {
            var middle = (low + high) / 2;
            if (_workload.IsUsers)
            {
                middle = Math.Round(middle);
                if (middle <= low || middle >= high)
                {
                    break;
                }
            }

            (low, high) = Try(middle, servers, Purpose.Limit).IsGood ? (middle, high) : (low, middle);
        }

        return low;
    }

    /// <summary>From little load to nearly the most, the load wanted among the points.</summary>
    private IReadOnlyList<Outcome> Curve(Outcome chosen, double load)
    {
        var saturation = _workload.Saturation(chosen.Servers);
        var most = _workload.IsUsers ? Math.Max(1.5 * load, Math.Min(2 * saturation, 3 * load)) : Math.Min(0.97 * saturation, Math.Max(2 * load, 0.0));
        var loads = Enumerable.Range(1, _question.CurvePoints).Select(i => most * i / _question.CurvePoints).Select(each => _workload.IsUsers ? Math.Max(1, Math.Round(each)) : each)
            .Where(each => Math.Abs(each - load) > 0.2 * most / _question.CurvePoints).Distinct();
        return [.. loads.Where(each => each > 0).Select(each => Try(each, chosen.Servers, Purpose.Figures)).Append(chosen).OrderBy(each => each.Load)];
    }

    private OneMore MoreOf(int k, Outcome chosen)
    {
        var servers = chosen.Servers.ToArray();
        servers[k]++;
        return new OneMore(_workload.Model.Stations[k].Name, Try(chosen.Load, servers, Purpose.Figures), _workload.Saturation(servers));
    }

    private Sensitivity SensitivityTo(int k, Outcome chosen)
    {
        var station = _workload.Model.Stations[k];
        var model = _workload.At(chosen.Load, chosen.Servers);

        // Near its limit a tenth more work multiplies times, or makes them endless: a step is a fifth of what is left.
        var busy = model.IsClosed || station.IsDelay ? 0 : chosen.Solution?.Stations[k].Utilization.Value ?? 0;
        for (var step = busy is > 0 and < 1 ? Math.Min(ElasticityStep, ElasticityShare * (1 - busy) / busy) : ElasticityStep; step > ElasticityStepMin; step /= 2)
        {
            try
            {
                var (less, more) = (model.WithServiceScaled(k, 1 - step), model.WithServiceScaled(k, 1 + step));
                var (lessSeen, moreSeen) = (Solve(less), Solve(more));
                var known = ModelSolver.TryKnown(less) is { } below && ModelSolver.TryKnown(more) is { } above ? (below, above) : (lessSeen, moreSeen);
                return new Sensitivity(station.Name, Elasticity(known.Item1.System.ResponseTime.Value, known.Item2.System.ResponseTime.Value, step), Elasticity(P95(lessSeen), P95(moreSeen), step));
            }
            catch (ModelUnsolvableException error) when (error.Reason == UnsolvableReason.Unstable)
            {
                // Nearer to its limit than its utilization says: threads that are held, or another station.
            }
            catch (ModelUnsolvableException error) when (error.Reason == UnsolvableReason.Deadlock)
            {
                break;
            }
        }

        return new Sensitivity(station.Name, double.NaN, double.NaN);

        Solution Solve(QueueingModel variant)
        {
            _simulations++;
            var solution = Simulator.Solve(variant, _options, "a variant", _cancellation);
            _events += solution.Simulation!.Events;
            return solution;
        }

        static double P95(Solution solution) => solution.System.Quantiles.FirstOrDefault(each => each.Probability == 0.95)?.Seconds.Value ?? double.NaN;

        static double Elasticity(double less, double more, double step) => Math.Log(more / less) / Math.Log((1 + step) / (1 - step));
    }

    /// <summary>What a variant is simulated for.</summary>
    internal enum Purpose
    {
        /// <summary>To be chosen, or not.</summary>
        Plan,

        /// <summary>To know whether it keeps the objectives; its figures are not shown.</summary>
        Limit,

        /// <summary>To be shown.</summary>
        Figures,
    }
}
