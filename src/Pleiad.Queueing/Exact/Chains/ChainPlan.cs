using Pleiad.Distributions.Arrivals;
using Pleiad.Queueing.Model;
using Pleiad.Queueing.Simulation;

namespace Pleiad.Queueing.Exact.Chains;

/// <summary>A chain has more states, or more steps without time, than it may.</summary>
internal sealed class ChainTooLargeException(string message) : Exception(message);

/// <summary>What all steps of a model's chain share.</summary>
internal sealed class ChainPlan
{
    private readonly SimulationPlan _plan;
    private readonly Phases[] _service;
    private readonly Phases[] _think;
    private readonly int _classes;

    public ChainPlan(QueueingModel model)
    {
        (Model, _plan, _classes) = (model, new SimulationPlan(model), model.Classes.Count);
        _service = [.. _plan.Service.Select(service => service is null ? null! : Phases.Of(service)!)];
        _think = [.. model.Classes.Select(each => each.IsOpen ? null! : Phases.Of(each.ThinkTime)!)];
        Arrivals = [.. model.Classes.Select(each => each.Arrivals switch
        {
            null => null,
            PoissonArrivals poisson => new MarkovianArrivals([[-poisson.RatePerSecond]], [[poisson.RatePerSecond]]),
            RenewalArrivals renewal => Renewal(Phases.Of(renewal.Interval)!),
            MarkovianArrivals map => map,
            _ => throw new InvalidOperationException("the obstacle was not asked for"),
        })];
    }

    public QueueingModel Model { get; }

    public ChainNames Names { get; } = new();

    /// <summary>Arrivals of open classes as Markovian processes.</summary>
    public MarkovianArrivals?[] Arrivals { get; }

    public int CountsOfStep => DoneCount(0) + (2 * _classes);

    /// <summary>Why the model is no Markov chain of this kind, or null when it is.</summary>
    public static string? Obstacle(QueueingModel model)
    {
        var visits = model.TotalVisits();
        for (var c = 0; c < model.Classes.Count; c++)
        {
            var each = model.Classes[c];
            if (each.Patience is not null)
            {
                return $"class '{each.Name}' has a time-out";
            }

            if (each.Arrivals is RenewalArrivals renewal ? Phases.Of(renewal.Interval) is null : each.Arrivals is not (null or PoissonArrivals or MarkovianArrivals))
            {
                return $"class '{each.Name}' does not arrive as a Markov process";
            }

            if (!each.IsOpen && Phases.Of(each.ThinkTime) is null)
            {
                return $"the think time of class '{each.Name}' is not of phases";
            }

            for (var k = 0; k < model.Stations.Count; k++)
            {
                var station = model.Stations[k];
                if (visits[c, k] > 0 && Phases.Of(station.Service[c]!) is null)
                {
                    return $"the service of station '{station.Name}' is not of phases";
                }

                // A request that is lost later than at its first station has spent time that the mean of the others does not tell.
                if (visits[c, k] > 0 && station is { Capacity: not null, WhenFull: WhenFull.Lose } && !IsFirstOnly(model, c, k))
                {
                    return $"station '{station.Name}' loses requests that were elsewhere before";
                }
            }
        }

        var blocks = model.Stations.Any(station => station is { Capacity: not null, WhenFull: WhenFull.Block });
        return model.Stations.FirstOrDefault(station => station.Discipline == Discipline.LcfsPr && station.Servers > 1) is { } many ? $"station '{many.Name}' interrupts on several servers"
            : blocks && model.Stations.FirstOrDefault(station => station.Discipline is Discipline.Ps or Discipline.LcfsPr or Discipline.PriorityPr) is { } shared ? $"requests may be blocked on shared servers of station '{shared.Name}'"
            : null;
    }

    public Phases Service(int station, int @class) => _service[(station * _classes) + @class];

    public Phases Think(int @class) => _think[@class];

    public Itinerary? Calls(int station, int @class) => _plan.Calls[(station * _classes) + @class];

    public Itinerary? Way(int @class) => _plan.Way[@class];

    public int VisitCount(int station, int @class) => (station * _classes) + @class;

    public int DoneCount(int @class) => (Model.Stations.Count * _classes) + @class;

    public int FailedCount(int @class) => DoneCount(_classes) + @class;

    private static bool IsFirstOnly(QueueingModel model, int @class, int station)
    {
        var each = model.Classes[@class];
        if (model.Stations.Any(other => other.Calls[@class].Any(call => call.Station == station)))
        {
            // Callers wait for room.
            return true;
        }

        return each.Routing is { } routing
            ? routing.Next.All(row => row[station] == 0)
            : model.Stations.Take(station).All(before => before.Visits[@class] == 0) && model.Stations[station].Visits[@class] <= 1;
    }

    private static MarkovianArrivals Renewal(Phases interval)
    {
        var n = interval.Count;
        return new MarkovianArrivals(
            [.. Enumerable.Range(0, n).Select(i => (IReadOnlyList<double>)[.. Enumerable.Range(0, n).Select(j => i == j ? -interval.Rates[i].Sum() - interval.Exit[i] : interval.Rates[i][j])])],
            [.. Enumerable.Range(0, n).Select(i => (IReadOnlyList<double>)[.. Enumerable.Range(0, n).Select(j => interval.Exit[i] * interval.Initial[j])])]);
    }
}
