using Pleiad.Queueing.Solving;

namespace Pleiad.Queueing.Prediction;

/// <summary>What is asked.</summary>
public sealed record PredictionQuestion
{
    /// <summary>Load wanted: arrivals per second of all open classes together, or users; null: as the model has it.</summary>
    public double? Load { get; init; }

    /// <summary>Whether <see cref="Load"/> is users; null: as the model has it.</summary>
    public bool? IsUsers { get; init; }

    /// <summary>Objectives; none: servers stay as the model has them.</summary>
    public IReadOnlyList<Objective> Objectives { get; init; } = [];

    /// <summary>Points of the curve, from 2 to 100.</summary>
    public int CurvePoints { get; init; } = 10;
}

/// <summary>Whether an objective is kept.</summary>
/// <param name="Objective">The objective.</param>
/// <param name="Figure">What it bounds.</param>
/// <param name="IsKept">Whether the whole interval is within the bound.</param>
public sealed record ObjectiveResult(Objective Objective, Estimate Figure, bool IsKept);

/// <summary>The system with some servers under some load.</summary>
/// <param name="Load">Arrivals per second, or users.</param>
/// <param name="Servers">Servers of each station.</param>
/// <param name="Solution">Its steady state; null when it has none.</param>
/// <param name="Unstable">The station whose queue grows without end, or null.</param>
/// <param name="Objectives">The objectives.</param>
public sealed record Outcome(double Load, IReadOnlyList<int> Servers, Solution? Solution, string? Unstable, IReadOnlyList<ObjectiveResult> Objectives)
{
    /// <summary>Whether it is stable and keeps all objectives.</summary>
    public bool IsGood => Solution is not null && Objectives.All(each => each.IsKept);

    /// <summary>The station with the highest utilization, or the unstable one.</summary>
    public string? Bottleneck => Unstable ?? Solution?.Stations.Where(station => station.Utilization.Value <= 1.5).MaxBy(station => station.Utilization.Value)?.Name;
}

/// <summary>What one more server of a station brings.</summary>
/// <param name="Station">The station.</param>
/// <param name="Outcome">The system with it, under the same load and the same chance.</param>
/// <param name="SaturationLoad">Load at which the first station would then be full.</param>
public sealed record OneMore(string Station, Outcome Outcome, double SaturationLoad);

/// <summary>How the answer depends on the work at one station.</summary>
/// <param name="Station">The station.</param>
/// <param name="MeanElasticity">Relative change of the mean response time per relative change of the service time; NaN when it becomes unstable.</param>
/// <param name="QuantileElasticity">The same for p95.</param>
public sealed record Sensitivity(string Station, double MeanElasticity, double QuantileElasticity);

/// <summary>The answer.</summary>
public sealed record PredictionAnswer
{
    /// <summary>The model's name.</summary>
    public required string Model { get; init; }

    /// <summary>Names of the stations.</summary>
    public required IReadOnlyList<string> Stations { get; init; }

    /// <summary>Cost of one server of each station.</summary>
    public required IReadOnlyList<double> Costs { get; init; }

    /// <summary>Whether loads are users, or arrivals per second.</summary>
    public required bool IsUsers { get; init; }

    /// <summary>The model's own servers under the load wanted.</summary>
    public required Outcome Present { get; init; }

    /// <summary>The servers that keep the objectives at least cost, or null when none were asked for or none can.</summary>
    public Outcome? Plan { get; init; }

    /// <summary>Why there is no plan, or what the reader should know of it.</summary>
    public string? PlanNote { get; init; }

    /// <summary>Largest load under which the model's own servers keep the objectives (or are stable, without any).</summary>
    public required double PresentLoadMax { get; init; }

    /// <summary>The same for the plan.</summary>
    public double? PlanLoadMax { get; init; }

    /// <summary>Response times and utilizations over load, with the plan's servers.</summary>
    public required IReadOnlyList<Outcome> Curve { get; init; }

    /// <summary>What one more server of each station brings to the plan.</summary>
    public required IReadOnlyList<OneMore> OneMore { get; init; }

    /// <summary>How the plan depends on the work at each station.</summary>
    public required IReadOnlyList<Sensitivity> Sensitivities { get; init; }

    /// <summary>Simulations made.</summary>
    public required int Simulations { get; init; }

    /// <summary>Events in all of them.</summary>
    public required long Events { get; init; }

    /// <summary>Seed of all of them.</summary>
    public required ulong Seed { get; init; }

    /// <summary>What the reader should know.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>The servers that the curve and the variants are about: the plan's, else the model's own.</summary>
    public Outcome Chosen => Plan ?? Present;

    /// <summary>Cost of some servers.</summary>
    public double CostOf(IReadOnlyList<int> servers) => servers.Zip(Costs, (count, cost) => count * cost).Sum();
}
