using Pleiad.Queueing.Approximate;
using Pleiad.Queueing.Exact;
using Pleiad.Queueing.Exact.Chains;
using Pleiad.Queueing.Model;
using Pleiad.Queueing.Simulation;

namespace Pleiad.Queueing.Solving;

/// <summary>How to solve.</summary>
public enum SolutionMethod
{
    /// <summary>Exactly where that is possible, else by simulation.</summary>
    Auto,

    /// <summary>A formula or algorithm that is exact; refused where there is none.</summary>
    Exact,

    /// <summary>Quick and near: approximate mean value analysis, decomposition, layers by equivalent stations.</summary>
    Approximate,

    /// <summary>Simulation with confidence intervals.</summary>
    Simulate,
}

/// <summary>Finds the steady state of a model.</summary>
public static class ModelSolver
{
    /// <summary>Solves a model; the solution says how and why so.</summary>
    /// <param name="model">The model.</param>
    /// <param name="method">How.</param>
    /// <param name="options">For simulations.</param>
    /// <param name="cancellation">Ends a simulation.</param>
    /// <exception cref="ModelUnsolvableException">A station is unstable, customers block each other, or the method does not cover the model.</exception>
    public static Solution Solve(QueueingModel model, SolutionMethod method, SimulationOptions options, CancellationToken cancellation)
    {
        switch (method)
        {
            case SolutionMethod.Simulate:
                return Simulator.Solve(model, options, "as asked for", cancellation);
            case SolutionMethod.Approximate:
                return Approximate(model, "as asked for");
            default:
                var (exact, obstacle) = TryExact(model);
                var isUncertain = method == SolutionMethod.Auto && IsUncertain(model);
                if (exact is not null && !isUncertain)
                {
                    return WithoutQuantiles(exact);
                }

                if (obstacle == TooLarge && method == SolutionMethod.Auto && ApproximateMva.Obstacle(model) is null)
                {
                    return ApproximateMva.Solve(model, linearizes: true, obstacle);
                }

                if (!isUncertain)
                {
                    var (chain, noChain) = ChainSolution.TrySolve(model, method == SolutionMethod.Exact ? ChainSolution.StatesMax : ChainSolution.StatesAuto, $"{obstacle}, but it is small enough", cancellation);
                    if (chain is not null)
                    {
                        return WithoutQuantiles(chain);
                    }

                    obstacle = $"{obstacle}, and {noChain}";
                }

                if (method == SolutionMethod.Exact)
                {
                    throw new ModelUnsolvableException(UnsolvableReason.MethodDoesNotApply, null, $"there is no exact solution: {obstacle}; use --method simulate or approximate");
                }

                return Simulator.Solve(model, options, obstacle ?? "the model's inputs are uncertain, which an exact solution would not show", cancellation);
        }
    }

    /// <summary>Says where quantiles are to be had when the solution has none.</summary>
    private static Solution WithoutQuantiles(Solution solution) =>
        solution.System.Quantiles.Count > 0 ? solution : solution with { Notes = [.. solution.Notes, "this method gives means only; --method simulate gives quantiles of the response time too, with intervals"] };

    private const string TooLarge = "its populations are too many for an exact solution";

    /// <summary>The exact solution, or null when there is none or the model's inputs are uncertain.</summary>
    internal static Solution? TryKnown(QueueingModel model) => IsUncertain(model) ? null : TryExact(model).Solution;

    internal static bool IsUncertain(QueueingModel model) => model.Stations.Any(station => station.Uncertainty.Any(u => u > 0));

    private static (Solution? Solution, string? Obstacle) TryExact(QueueingModel model)
    {
        if (ProductForm.Obstacle(model) is not { } obstacle)
        {
            return ProductForm.TrySolve(model, "it has a product form") is { } solution ? (solution, null) : (null, TooLarge);
        }

        return SingleStation.TrySolve(model, "it has one queue, for which there is a formula") is { } single ? (single, null) : (null, obstacle);
    }

    private static Solution Approximate(QueueingModel model, string reason)
    {
        if (model.Stations.Any(station => station.Threads is not null))
        {
            return LayeredSolver.Obstacle(model) is { } layered ? throw NotCovered(layered) : LayeredSolver.Solve(model, reason);
        }

        if (model.IsOpen)
        {
            return OpenDecomposition.Obstacle(model) is { } open ? throw NotCovered(open) : OpenDecomposition.Solve(model, reason);
        }

        return ApproximateMva.Obstacle(model) is { } closed ? throw NotCovered(closed) : ApproximateMva.Solve(model, linearizes: true, reason);
    }

    private static ModelUnsolvableException NotCovered(string obstacle) =>
        new(UnsolvableReason.MethodDoesNotApply, null, $"no approximate method covers the model: {obstacle}; use --method simulate");
}
