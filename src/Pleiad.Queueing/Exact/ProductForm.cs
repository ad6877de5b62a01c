using Pleiad.Distributions;
using Pleiad.Distributions.Arrivals;
using Pleiad.Queueing.Model;
using Pleiad.Queueing.Solving;

namespace Pleiad.Queueing.Exact;

/// <summary>Networks whose stations behave as if they were alone (Jackson 1957; Baskett, Chandy, Muntz and Palacios 1975).</summary>
internal static class ProductForm
{
    /// <summary>Work that an exact solution may take; beyond it approximate mean value analysis answers.</summary>
    private const double CostMax = 1e9;

    private const double SizeMax = 2e6;

    private static readonly double[] Probabilities = [0.5, 0.9, 0.95, 0.99];

    /// <summary>Why the model has no product form, or null when it has.</summary>
    public static string? Obstacle(QueueingModel model)
    {
        var visits = model.TotalVisits();
        if (model.Classes.FirstOrDefault(each => each.Arrivals is not null and not PoissonArrivals) is { } renewal)
        {
            return $"class '{renewal.Name}' does not arrive as Poisson";
        }

        if (model.Classes.FirstOrDefault(each => each.Patience is not null) is { } impatient)
        {
            return $"class '{impatient.Name}' has a time-out";
        }

        for (var k = 0; k < model.Stations.Count; k++)
        {
            var station = model.Stations[k];
            if (station.Threads is not null)
            {
                return $"station '{station.Name}' holds threads while its calls are served";
            }

            if (station.Capacity is not null)
            {
                return $"station '{station.Name}' has a capacity";
            }

            var services = Enumerable.Range(0, model.Classes.Count).Where(c => visits[c, k] > 0).Select(c => station.Service[c]!).ToArray();
            switch (station.Discipline)
            {
                case Discipline.Ps or Discipline.Delay:
                case Discipline.LcfsPr when station.Servers == 1:
                case var _ when services.Length == 0:
                    break;
                case Discipline.LcfsPr:
                    return $"station '{station.Name}' interrupts on several servers";
                case Discipline.Priority or Discipline.PriorityPr when model.Classes.Where((_, c) => visits[c, k] > 0).Select(each => each.Priority).Distinct().Count() > 1:
                    return $"station '{station.Name}' prefers some classes";
                default:
                    if (services.Any(service => !IsExponential(service)))
                    {
                        return $"station '{station.Name}' serves in turn, and not exponentially";
                    }

                    if (services.Any(service => Math.Abs(service.Mean - services[0].Mean) > 1e-9 * services[0].Mean))
                    {
                        return $"station '{station.Name}' serves in turn classes with different means";
                    }

                    break;
            }
        }

        return null;
    }

    public static bool IsExponential(Distribution service) => service is Exponential or Erlang { Phases: 1 } || service.Mean == 0;

    /// <summary>Solves a network with product form, or returns null when that would take too long.</summary>
    public static Solution? TrySolve(QueueingModel model, string reason)
    {
        Stability.Require(model);
        var demands = Demands.Of(model);
        var closed = Enumerable.Range(0, demands.Classes).Where(c => !model.Classes[c].IsOpen).ToArray();
        var populations = closed.Select(c => demands.Population[c]).ToArray();
        var size = Lattice.SizeOf(populations);
        if (size > SizeMax || size * demands.Stations > 3e7)
        {
            return null;
        }

        // A station with a server for every customer is a delay.
        var all = populations.Sum();
        var queues = Enumerable.Range(0, demands.Stations).Where(k => !model.Stations[k].IsDelay && (demands.OpenLoad(k) > 0 || model.Stations[k].Speed is not null || model.Stations[k].Servers < all)).ToArray();
        var delays = Enumerable.Range(0, demands.Stations).Except(queues).ToArray();
        var think = closed.Select(c => demands.Think[c] + delays.Sum(k => demands.Demand[c, k])).ToArray();
        var (throughput, customers, busy) = (new double[demands.Classes], new double[demands.Classes, demands.Stations], new double?[demands.Stations]);
        for (var c = 0; c < demands.Classes; c++)
        {
            throughput[c] = demands.Rate[c];
        }

        string method;
        if (model.IsClosed && queues.All(k => demands.SpeedMax(k) == 1 && model.Stations[k].Speed is null) && size > 1)
        {
            method = "exact mean value analysis";
            var demand = new double[closed.Length, queues.Length];
            for (var r = 0; r < closed.Length; r++)
            {
                for (var q = 0; q < queues.Length; q++)
                {
                    demand[r, q] = demands.Demand[closed[r], queues[q]];
                }
            }

            var (x, n) = MeanValueAnalysis.Solve(populations, think, demand);
            for (var r = 0; r < closed.Length; r++)
            {
                throughput[closed[r]] = x[r];
                for (var q = 0; q < queues.Length; q++)
                {
                    customers[closed[r], queues[q]] = n[r, q];
                }
            }
        }
        else
        {
            method = model.IsOpen ? "exact open product form" : model.IsClosed ? "exact convolution" : "exact mixed product form";
            var stations = queues.Select(k => new ProductFormStation([.. closed.Select(c => demands.Demand[c, k])], demands.OpenLoad(k), Speeds(model.Stations[k]))).ToArray();
            if (Convolution.Cost(populations, stations) > CostMax)
            {
                return null;
            }

            var (x, figures) = new Convolution(populations, think, stations).Solve();
            for (var q = 0; q < queues.Length; q++)
            {
                var k = queues[q];
                busy[k] = model.Stations[k].Speed is null ? null : figures[q].Busy;
                for (var r = 0; r < closed.Length; r++)
                {
                    throughput[closed[r]] = x[r];
                    customers[closed[r], k] = figures[q].Closed[r];
                }

                for (var c = 0; c < demands.Classes; c++)
                {
                    if (model.Classes[c].IsOpen)
                    {
                        customers[c, k] = demands.OpenLoad(k) > 0 ? figures[q].Open * demands.Rate[c] * demands.Demand[c, k] / demands.OpenLoad(k) : 0;
                    }
                }
            }

            for (var r = 0; r < closed.Length; r++)
            {
                throughput[closed[r]] = x[r];
            }
        }

        foreach (var k in delays)
        {
            for (var c = 0; c < demands.Classes; c++)
            {
                customers[c, k] = throughput[c] * demands.Demand[c, k];
            }
        }

        return SolutionWriter.Write(demands, new Means(throughput, customers) { Busy = busy, Quantiles = Quantiles(demands) }, method, reason, isExact: true);
    }

    /// <summary>Speeds as far as they change.</summary>
    private static double[] Speeds(Station station) => station.Speed is { } speed ? [.. speed] : [.. Enumerable.Range(1, station.Servers).Select(n => (double)n)];

    /// <summary>Known in closed form for one exponential station with a queue in order of arrival.</summary>
    private static IReadOnlyList<ResponseQuantile> Quantiles(Demands demands)
    {
        var model = demands.Model;
        var visited = Enumerable.Range(0, demands.Stations).Where(k => Enumerable.Range(0, demands.Classes).Any(c => demands.Visits[c, k] > 0)).ToArray();
        if (!model.IsOpen || visited is not [var only] || model.Stations[only] is not { Discipline: Discipline.Fcfs, Speed: null } station
            || Enumerable.Range(0, demands.Classes).Any(c => demands.Visits[c, only] != 1 || model.Classes[c].Routing is not null))
        {
            return [];
        }

        var service = station.Service[0]!.Mean;
        return [.. Probabilities.Select(p => new ResponseQuantile(p, new Estimate(Formulas.ResponseQuantileMMc(demands.Rate.Sum(), service, station.Servers, p))))];
    }
}
