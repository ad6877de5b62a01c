namespace Pleiad.Queueing.Solving;

/// <summary>What an analytic method finds: by class c and station k.</summary>
/// <param name="Throughput">X: interactions per second.</param>
/// <param name="Customers">Q: mean customers.</param>
internal sealed record Means(double[] Throughput, double[,] Customers)
{
    /// <summary>Probability that somebody is at a station with speeds of its own; null elsewhere.</summary>
    public double?[]? Busy { get; init; }

    /// <summary>Share of interactions turned away.</summary>
    public double Lost { get; init; }

    /// <summary>Threads held by station, or null.</summary>
    public double?[]? ThreadsHeld { get; init; }

    /// <summary>Requests waiting for a thread by station, or null.</summary>
    public double?[]? ThreadsAwaited { get; init; }

    /// <summary>Quantiles of the response time, where the method gives them.</summary>
    public IReadOnlyList<ResponseQuantile> Quantiles { get; init; } = [];
}

/// <summary>Makes a solution of means: utilizations and times follow by the laws of utilization and of Little.</summary>
internal static class SolutionWriter
{
    public static Solution Write(Demands demands, Means means, string method, string reason, bool isExact)
    {
        var model = demands.Model;
        var total = means.Throughput.Sum();
        var stations = model.Stations.Select((station, k) =>
        {
            var classes = model.Classes.Select((each, c) => Station(demands, means, each.Name, k, [c], means.Throughput[c])).ToArray();
            return Station(demands, means, station.Name, k, [.. Enumerable.Range(0, demands.Classes)], total) with
            {
                Classes = classes,
                ThreadsHeld = means.ThreadsHeld?[k] is { } held ? new Estimate(held) : null,
                ThreadsAwaited = means.ThreadsAwaited?[k] is { } awaited ? new Estimate(awaited) : null,
            };
        }).ToArray();
        var byClass = model.Classes.Select((each, c) => System(demands, means, each.Name, [c])).ToArray();
        var system = System(demands, means, "system", [.. Enumerable.Range(0, demands.Classes)]) with { Classes = byClass, Quantiles = means.Quantiles };
        return new Solution(method, reason, system, stations) { IsExact = isExact, Bounds = BoundsOf.Model(demands) };
    }

    private static StationFigures Station(Demands demands, Means means, string name, int k, int[] classes, double throughput)
    {
        var visits = classes.Sum(c => means.Throughput[c] * demands.Visits[c, k]);
        var work = classes.Sum(c => means.Throughput[c] * demands.Demand[c, k]);
        var queue = classes.Sum(c => means.Customers[c, k]);
        var station = demands.Model.Stations[k];
        var all = Enumerable.Range(0, demands.Classes).Sum(c => means.Throughput[c] * demands.Demand[c, k]);
        var utilization = means.Busy?[k] is { } busy ? all > 0 ? busy * work / all : 0 : station.IsDelay ? work : work / station.Servers;
        return new StationFigures(name, new(visits), new(utilization), new(queue), new(queue / throughput), new(queue / visits));
    }

    private static SystemFigures System(Demands demands, Means means, string name, int[] classes)
    {
        var throughput = classes.Sum(c => means.Throughput[c]);
        var customers = classes.Sum(c => Enumerable.Range(0, demands.Stations).Sum(k => means.Customers[c, k]));
        return new SystemFigures(name, new(throughput), new(customers / throughput), new(customers)) { Failed = new(means.Lost) };
    }
}
