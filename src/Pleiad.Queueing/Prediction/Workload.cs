using Pleiad.Distributions.Arrivals;
using Pleiad.Queueing.Model;
using Pleiad.Queueing.Simulation;
using Pleiad.Queueing.Solving;

namespace Pleiad.Queueing.Prediction;

/// <summary>A model whose load can be turned up and down: arrivals per second, or users.</summary>
internal sealed class Workload
{
    private readonly QueueingModel _model;
    private readonly double _base;

    private Workload(QueueingModel model, bool isUsers, double @base, string? note) => (_model, IsUsers, _base, Note) = (model, isUsers, @base, note);

    /// <summary>Whether the load is a number of users, or arrivals per second.</summary>
    public bool IsUsers { get; }

    /// <summary>What the reader should know about how the load was made.</summary>
    public string? Note { get; }

    /// <summary>The load that the model itself has.</summary>
    public double Base => _base;

    public QueueingModel Model => _model;

    /// <param name="model">The model.</param>
    /// <param name="wantsUsers">Whether the load is to be users; null: as the model has it.</param>
    /// <param name="options">For finding the mix of a closed model that is to be open.</param>
    /// <param name="cancellation">Ends it.</param>
    public static Workload Of(QueueingModel model, bool? wantsUsers, SimulationOptions options, CancellationToken cancellation)
    {
        var rate = model.Classes.Sum(each => each.Arrivals?.RatePerSecond ?? 0);
        var users = model.Classes.Sum(each => each.Population);
        if (wantsUsers == true || (wantsUsers is null && rate == 0))
        {
            return users > 0 ? new Workload(model, true, users, null) : throw new ArgumentException("the model has no closed class, whose users could be changed");
        }

        if (rate > 0)
        {
            return new Workload(model, false, rate, users > 0 ? "the users of closed classes stay as they are" : null);
        }

        // Users become arrivals in the proportions in which they work.
        var solution = ModelSolver.Solve(model, SolutionMethod.Auto, options with { Accuracy = 0.05 }, cancellation);
        var open = model with
        {
            Classes = [.. model.Classes.Select((each, c) => each with { Population = 0, Arrivals = new PoissonArrivals(Math.Max(1e-9, solution.System.Classes[c].Throughput.Value)) })],
        };
        return new Workload(open, false, open.Classes.Sum(each => each.Arrivals!.RatePerSecond), "the users of the model became Poisson arrivals in the proportions of their throughput");
    }

    /// <summary>The model under that load, with that many servers.</summary>
    public QueueingModel At(double load, IReadOnlyList<int> servers)
    {
        var scaled = IsUsers
            ? _model with { Classes = [.. _model.Classes.Select(each => each.IsOpen ? each : each with { Population = (int)Math.Round(each.Population * load / _base) })] }
            : _model.WithRatesScaled(load / _base);
        return scaled.WithServers(servers);
    }

    /// <summary>Load at which the first station would be full; infinity when none ever is.</summary>
    public double Saturation(IReadOnlyList<int> servers)
    {
        var demands = Demands.Of(At(_base, servers));
        var most = double.PositiveInfinity;
        for (var k = 0; k < demands.Stations; k++)
        {
            var perLoad = IsUsers
                ? Enumerable.Range(0, demands.Classes).Where(c => demands.Population[c] > 0).Sum(c => demands.Population[c] / Math.Max(1e-12, demands.Think[c] + demands.Total(c)) * demands.Demand[c, k])
                : demands.OpenLoad(k);
            most = perLoad > 0 ? Math.Min(most, demands.SpeedLimit(k) / perLoad * _base) : most;
        }

        return most;
    }
}
