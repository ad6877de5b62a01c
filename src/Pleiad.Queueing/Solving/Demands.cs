using Pleiad.Queueing.Model;

namespace Pleiad.Queueing.Solving;

/// <summary>
/// What the analytic methods need of a model: mean visits V, service times S and demands D = V·S by class c and station k, arrival rates λ, populations N, think times Z.
/// </summary>
internal sealed class Demands
{
    private Demands(QueueingModel model)
    {
        Model = model;
        Visits = model.TotalVisits();
        Classes = model.Classes.Count;
        Stations = model.Stations.Count;
        Demand = new double[Classes, Stations];
        for (var c = 0; c < Classes; c++)
        {
            for (var k = 0; k < Stations; k++)
            {
                Demand[c, k] = Visits[c, k] * (model.Stations[k].Service[c]?.Mean ?? 0);
            }
        }

        Rate = [.. model.Classes.Select(each => each.Arrivals?.RatePerSecond ?? 0)];
        Population = [.. model.Classes.Select(each => each.Population)];
        Think = [.. model.Classes.Select(each => each.ThinkTime.Mean)];
    }

    public QueueingModel Model { get; }

    public int Classes { get; }

    public int Stations { get; }

    public double[,] Visits { get; }

    public double[,] Demand { get; }

    public double[] Rate { get; }

    public int[] Population { get; }

    public double[] Think { get; }

    public static Demands Of(QueueingModel model) => new(model);

    /// <summary>Total demand of a class, in seconds.</summary>
    public double Total(int @class) => Enumerable.Range(0, Stations).Sum(k => Demand[@class, k]);

    /// <summary>Work per second that a station does with a long queue: what open classes may bring at most.</summary>
    public double SpeedLimit(int station)
    {
        var each = Model.Stations[station];
        return each.IsDelay ? double.PositiveInfinity : each.Speed is { } speed ? speed[^1] : each.Servers;
    }

    /// <summary>Most work per second that a station does with any number of customers.</summary>
    public double SpeedMax(int station)
    {
        var each = Model.Stations[station];
        return each.IsDelay ? double.PositiveInfinity : each.Speed is { } speed ? speed.Max() : each.Servers;
    }

    /// <summary>Work per second that open classes bring to a station.</summary>
    public double OpenLoad(int station) => Enumerable.Range(0, Classes).Sum(c => Rate[c] * Demand[c, station]);

    /// <summary>The throughput of a class, or an upper bound of a closed one's.</summary>
    public double ThroughputGuess(int @class)
    {
        if (Model.Classes[@class].IsOpen)
        {
            return Rate[@class];
        }

        var slowest = Enumerable.Range(0, Stations).Max(k => Demand[@class, k] / SpeedMax(k));
        return Math.Min(Population[@class] / Math.Max(1e-12, Total(@class) + Think[@class]), slowest > 0 ? 1 / slowest : double.PositiveInfinity);
    }
}
