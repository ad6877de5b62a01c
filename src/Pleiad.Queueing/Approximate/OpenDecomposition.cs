using Pleiad.Distributions.Arrivals;
using Pleiad.Queueing.Model;
using Pleiad.Queueing.Solving;

namespace Pleiad.Queueing.Approximate;

/// <summary>
/// Open networks station by station: each is GI/G/c with the flow's rate and variation. The variation of what leaves follows from what comes (Whitt, The queueing network analyzer, 1983:
/// c_d² = 1 + (1 − ρ²)(c_a² − 1) + ρ²(c_s² − 1)/√m), and is thinned and mixed on the way to the next station.
/// </summary>
internal static class OpenDecomposition
{
    public static string? Obstacle(QueueingModel model) =>
        !model.IsOpen ? "a class is closed"
        : model.Classes.Any(each => double.IsNaN(each.Arrivals!.SquaredVariation)) ? "a class arrives at rates that change with time"
        : model.Classes.FirstOrDefault(each => each.Arrivals is MarkovianArrivals or TraceArrivals) is { } correlated ? $"the times between arrivals of class '{correlated.Name}' depend on each other"
        : model.Classes.FirstOrDefault(each => !double.IsFinite(each.Arrivals!.SquaredVariation)) is { } wild ? $"the times between arrivals of class '{wild.Name}' have an infinite variance"
        : ApproximateMva.Obstacle(model);

    public static Solution Solve(QueueingModel model, string reason)
    {
        Stability.Require(model);
        var demands = Demands.Of(model);
        var order = Enumerable.Range(0, demands.Stations).ToArray();
        var customers = new double[demands.Classes, demands.Stations];

        // The variation of each class's flow on its way, with the rate at which it visits a station at most once; repeated visits look like Poisson.
        var flow = model.Classes.Select(each => each.Arrivals!.SquaredVariation).ToArray();
        foreach (var k in order)
        {
            var station = model.Stations[k];
            var rates = Enumerable.Range(0, demands.Classes).Select(c => demands.Rate[c] * demands.Visits[c, k]).ToArray();
            var rate = rates.Sum();
            if (rate == 0)
            {
                continue;
            }

            var serviceVariation = OpenStation.ServiceOf(demands, k).Variation;
            var arrivalVariation = Enumerable.Range(0, demands.Classes).Sum(c => rates[c] / rate * (demands.Visits[c, k] <= 1 && model.Classes[c].Routing is null ? (demands.Visits[c, k] * flow[c]) + 1 - demands.Visits[c, k] : 1));
            var load = station.IsDelay ? 0 : demands.OpenLoad(k) / station.Servers;
            var isShared = station.Discipline is Discipline.Ps or Discipline.LcfsPr;
            var leaving = station.IsDelay || isShared ? 1 : 1 + ((1 - (load * load)) * (arrivalVariation - 1)) + (load * load * (Math.Max(serviceVariation, 0.2) - 1) / Math.Sqrt(station.Servers));
            var times = OpenStation.VisitTimes(demands, k, arrivalVariation);
            for (var c = 0; c < demands.Classes; c++)
            {
                if (rates[c] > 0)
                {
                    customers[c, k] = rates[c] * times[c];
                    flow[c] = (rates[c] / rate * leaving) + 1 - (rates[c] / rate);
                }
            }
        }

        var name = demands.Stations == 1 ? "approximate GI/G/c" : "approximate decomposition into GI/G/c";
        return SolutionWriter.Write(demands, new Means(demands.Rate, customers) { Busy = [.. order.Select(k => OpenStation.Busy(demands, k))] }, name, reason, isExact: false);
    }
}
