using Pleiad.Queueing.Documents;
using Pleiad.Queueing.Model;
using Pleiad.Queueing.Simulation;
using Pleiad.Queueing.Solving;
using Shouldly;
using Xunit;

namespace Pleiad.Queueing.Tests.Fixtures;

internal static class Solve
{
    public static QueueingModel Model(string yaml) => ModelDocument.Parse(yaml, "test.yaml");

    public static Solution Exact(string yaml) => ModelSolver.Solve(Model(yaml), SolutionMethod.Exact, new SimulationOptions(), TestContext.Current.CancellationToken);

    public static Solution Auto(string yaml) => ModelSolver.Solve(Model(yaml), SolutionMethod.Auto, new SimulationOptions(), TestContext.Current.CancellationToken);

    public static Solution Approximate(string yaml) => ModelSolver.Solve(Model(yaml), SolutionMethod.Approximate, new SimulationOptions(), TestContext.Current.CancellationToken);

    public static Solution Simulated(string yaml, double accuracy = 0.02, ulong seed = 1, double confidence = 0.99) =>
        ModelSolver.Solve(Model(yaml), SolutionMethod.Simulate, new SimulationOptions { Accuracy = accuracy, Seed = seed, Confidence = confidence, Threads = 1 }, TestContext.Current.CancellationToken);

    public static StationFigures At(this Solution solution, string station) => solution.Stations.Single(each => each.Name == station);

    public static StationFigures Of(this StationFigures station, string name) => station.Classes.Single(each => each.Name == name);

    public static SystemFigures Of(this SystemFigures system, string name) => system.Classes.Single(each => each.Name == name);

    public static void ShouldBeNear(this Estimate found, double wanted, double relative = 1e-6) => found.Value.ShouldBe(wanted, Math.Max(1e-15, Math.Abs(wanted) * relative), $"{found.Value} is not within {relative:P3} of {wanted}");

    /// <summary>Half as much again as the 99 % interval: hundreds of such comparisons are made.</summary>
    public static void ShouldHold(this Estimate found, double wanted, string what) =>
        Math.Abs(found.Value - wanted).ShouldBeLessThanOrEqualTo(Math.Max(1e-9, 1.5 * (found.HalfWidth ?? 0)), $"{what}: {found.Value} ± {found.HalfWidth} does not hold {wanted}");

    /// <summary>All figures of a simulation hold those of an exact solution.</summary>
    public static void ShouldAgreeWith(this Solution simulated, Solution exact)
    {
        simulated.System.Throughput.ShouldHold(exact.System.Throughput.Value, "throughput");
        simulated.System.ResponseTime.ShouldHold(exact.System.ResponseTime.Value, "response time");
        for (var k = 0; k < exact.Stations.Count; k++)
        {
            simulated.Stations[k].QueueLength.ShouldHold(exact.Stations[k].QueueLength.Value, $"queue at {exact.Stations[k].Name}");
            simulated.Stations[k].Utilization.ShouldHold(exact.Stations[k].Utilization.Value, $"utilization of {exact.Stations[k].Name}");
            for (var c = 0; c < exact.Stations[k].Classes.Count; c++)
            {
                simulated.Stations[k].Classes[c].QueueLength.ShouldHold(exact.Stations[k].Classes[c].QueueLength.Value, $"queue at {exact.Stations[k].Name} of {exact.Stations[k].Classes[c].Name}");
            }
        }
    }
}
