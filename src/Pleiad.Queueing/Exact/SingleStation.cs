using Pleiad.Distributions.Arrivals;
using Pleiad.Queueing.Model;
using Pleiad.Queueing.Solving;

namespace Pleiad.Queueing.Exact;

/// <summary>
/// Open models with one queue, visited at most once, and any delays: M/G/1 in any order that does not look at the work, M/G/1 and M/M/c with priorities, M/M/c/K and M/G/c/c.
/// Sources: Kleinrock, Queueing Systems, volumes 1 (1975) and 2 (1976); Cobham 1954 for priorities.
/// </summary>
internal static class SingleStation
{
    /// <summary>The solution, or null when the model is of another kind.</summary>
    public static Solution? TrySolve(QueueingModel model, string reason)
    {
        if (!model.IsOpen || model.HasLayers || model.Classes.Any(each => each.Patience is not null || each.Arrivals is not PoissonArrivals))
        {
            return null;
        }

        var demands = Demands.Of(model);
        var queues = Enumerable.Range(0, demands.Stations).Where(k => !model.Stations[k].IsDelay || model.Stations[k].Capacity is not null).ToArray();
        if (queues is not [var queue] || !IsVisitedOnce(demands, queue))
        {
            return null;
        }

        var station = model.Stations[queue];
        if (station.Capacity is { } capacity)
        {
            return demands.Stations == 1 ? Bounded(demands, station, capacity, reason) : null;
        }

        if (station.Speed is not null)
        {
            return null;
        }

        Stability.Require(model);
        var wait = Enumerable.Range(0, demands.Classes).Select(c => demands.Visits[c, queue] > 0 ? Residence(demands, queue, c) : 0).ToArray();
        if (wait.Any(each => each is null))
        {
            return null;
        }

        var customers = new double[demands.Classes, demands.Stations];
        for (var c = 0; c < demands.Classes; c++)
        {
            for (var k = 0; k < demands.Stations; k++)
            {
                customers[c, k] = demands.Rate[c] * (k == queue ? demands.Visits[c, k] * wait[c]!.Value : demands.Demand[c, k]);
            }
        }

        var name = station.Discipline is Discipline.Priority or Discipline.PriorityPr ? $"exact M/{(station.Servers == 1 ? "G/1" : "M/c")} with priorities" : "exact M/G/1";
        return SolutionWriter.Write(demands, new Means(demands.Rate, customers), name, reason, isExact: true);
    }

    /// <summary>Whether what arrives at the queue is Poisson: nobody comes back to it.</summary>
    private static bool IsVisitedOnce(Demands demands, int queue) =>
        Enumerable.Range(0, demands.Classes).All(c => demands.Visits[c, queue] <= 1 + 1e-12
            && (demands.Model.Classes[c].Routing is not { } routing || routing.Next[queue].All(share => share == 0)));

    /// <summary>Mean time of one visit of a class at the queue, or null when no formula covers it.</summary>
    private static double? Residence(Demands demands, int queue, int @class)
    {
        var station = demands.Model.Stations[queue];
        var rates = Enumerable.Range(0, demands.Classes).Select(c => demands.Rate[c] * demands.Visits[c, queue]).ToArray();
        var times = station.Service;
        var own = times[@class]!.Mean;
        var served = Enumerable.Range(0, demands.Classes).Where(c => rates[c] > 0).ToArray();
        var second = served.Sum(c => rates[c] * (times[c]!.Variance + (times[c]!.Mean * times[c]!.Mean)));
        if (!double.IsFinite(second))
        {
            return null;
        }

        var load = served.Sum(c => rates[c] * times[c]!.Mean) / station.Servers;
        var mine = demands.Model.Classes[@class].Priority;
        var above = served.Where(c => demands.Model.Classes[c].Priority > mine).ToArray();
        var upTo = served.Where(c => demands.Model.Classes[c].Priority >= mine).ToArray();
        var loadAbove = above.Sum(c => rates[c] * times[c]!.Mean) / station.Servers;
        var loadUpTo = upTo.Sum(c => rates[c] * times[c]!.Mean) / station.Servers;
        switch (station.Discipline)
        {
            case Discipline.Fcfs or Discipline.Lcfs or Discipline.Random when station.Servers == 1:
                return own + (second / (2 * (1 - load)));
            case Discipline.Priority when station.Servers == 1:
                return own + (second / (2 * (1 - loadAbove) * (1 - loadUpTo)));
            case Discipline.PriorityPr when station.Servers == 1:
                var delaying = upTo.Sum(c => rates[c] * (times[c]!.Variance + (times[c]!.Mean * times[c]!.Mean)));
                return (own / (1 - loadAbove)) + (delaying / (2 * (1 - loadAbove) * (1 - loadUpTo)));
            case Discipline.Priority when served.All(c => ProductForm.IsExponential(times[c]!) && Math.Abs(times[c]!.Mean - own) < 1e-9 * own):
                return own + (Formulas.ErlangC(station.Servers, load * station.Servers) * own / station.Servers / ((1 - loadAbove) * (1 - loadUpTo)));
            default:
                return null;
        }
    }

    private static Solution? Bounded(Demands demands, Station station, int capacity, string reason)
    {
        var served = Enumerable.Range(0, demands.Classes).Where(c => demands.Demand[c, 0] > 0).ToArray();
        var own = station.Service[served.FirstOrDefault()]!.Mean;
        var isExponential = served.All(c => ProductForm.IsExponential(station.Service[c]!) && Math.Abs(station.Service[c]!.Mean - own) < 1e-9 * own);
        var servers = station.IsDelay ? capacity : station.Servers;
        var dependsOnMeanOnly = servers >= capacity || (station.Discipline == Discipline.Ps && station.Servers == 1);
        var rate = demands.Rate.Sum();
        if (station.WhenFull != WhenFull.Lose || station.Speed is not null || served.Length < demands.Classes || demands.Visits.Cast<double>().Any(v => v != 1) || !(isExponential || dependsOnMeanOnly)
            || (station.Discipline is Discipline.Priority or Discipline.PriorityPr && servers < capacity && demands.Classes > 1) || capacity > 10_000_000)
        {
            return null;
        }

        // With times that depend on the class only their mean over all arrivals matters where the shape does not.
        var mean = Enumerable.Range(0, demands.Classes).Sum(c => demands.Rate[c] * demands.Demand[c, 0]) / rate;
        var p = Formulas.BoundedQueue(rate, mean, servers, capacity);
        var lost = p[^1];
        var customers = new double[demands.Classes, 1];
        var all = p.Select((share, n) => n * share).Sum();
        for (var c = 0; c < demands.Classes; c++)
        {
            customers[c, 0] = all * (dependsOnMeanOnly ? demands.Rate[c] * demands.Demand[c, 0] / (rate * mean) : demands.Rate[c] / rate);
        }

        var name = servers >= capacity ? "exact M/G/c/c (Erlang B)" : isExponential ? "exact M/M/c/K" : "exact M/G/1-PS/K";
        return SolutionWriter.Write(demands, new Means([.. demands.Rate.Select(each => each * (1 - lost))], customers) { Lost = lost }, name, reason, isExact: true);
    }
}
