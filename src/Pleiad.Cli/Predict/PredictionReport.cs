using System.Text.Json.Serialization;
using Pleiad.Cli.Models;
using Pleiad.Queueing.Prediction;

namespace Pleiad.Cli.Predict;

/// <summary>A prediction as JSON. Times in seconds; loads per second or in users, as <c>loadUnit</c> says.</summary>
internal sealed record PredictionReport(
    string Model,
    string LoadUnit,
    double Load,
    string? Bottleneck,
    OutcomeReport Present,
    OutcomeReport? Plan,
    string? PlanNote,
    double? PresentLoadMax,
    double? PlanLoadMax,
    IReadOnlyList<OutcomeReport> Curve,
    IReadOnlyList<OneMoreReport> OneMore,
    IReadOnlyList<SensitivityReport> Sensitivity,
    int Simulations,
    ulong Seed,
    IReadOnlyList<string> Notes)
{
    public static PredictionReport Of(PredictionAnswer answer) => new(
        answer.Model,
        answer.IsUsers ? "users" : "requests/s",
        answer.Chosen.Load,
        answer.Chosen.Bottleneck,
        OutcomeReport.Of(answer, answer.Present),
        answer.Plan is { } plan ? OutcomeReport.Of(answer, plan) : null,
        answer.PlanNote,
        SolutionReport.Number(answer.PresentLoadMax),
        answer.PlanLoadMax is { } most ? SolutionReport.Number(most) : null,
        [.. answer.Curve.Select(outcome => OutcomeReport.Of(answer, outcome))],
        [.. answer.OneMore.Select(more => new OneMoreReport(more.Station, SolutionReport.Number(more.SaturationLoad), OutcomeReport.Of(answer, more.Outcome)))],
        [.. answer.Sensitivities.Select(each => new SensitivityReport(each.Station, SolutionReport.Number(each.MeanElasticity), SolutionReport.Number(each.QuantileElasticity)))],
        answer.Simulations,
        answer.Seed,
        answer.Notes);
}

/// <summary>Some servers under some load.</summary>
internal sealed record OutcomeReport(
    double Load,
    IReadOnlyDictionary<string, int> Servers,
    double Cost,
    bool Stable,
    string? Unstable,
    string? Bottleneck,
    IReadOnlyList<ObjectiveReport> Objectives,
    SystemReport? System,
    IReadOnlyList<UtilizationReport>? Stations)
{
    public static OutcomeReport Of(PredictionAnswer answer, Outcome outcome) => new(
        outcome.Load,
        answer.Stations.Zip(outcome.Servers).ToDictionary(pair => pair.First, pair => pair.Second),
        answer.CostOf(outcome.Servers),
        outcome.Solution is not null,
        outcome.Unstable,
        outcome.Bottleneck,
        [.. outcome.Objectives.Select(each => new ObjectiveReport(each.Objective.ToString(), SolutionReport.Number(each.Figure.Value), SolutionReport.Ends(each.Figure), each.IsKept))],
        outcome.Solution is { } solution ? SystemReport.Of(solution.System, solution.Simulation?.Confidence) : null,
        outcome.Solution?.Stations.Select(station => new UtilizationReport(station.Name, SolutionReport.Number(station.Utilization.Value), SolutionReport.Ends(station.Utilization), SolutionReport.Number(station.QueueLength.Value), SolutionReport.Number(station.ResidenceTime.Value))).ToList());
}

internal sealed record ObjectiveReport(string Objective, double? Value, double[]? Interval, bool Kept);

internal sealed record UtilizationReport(string Name, double? Utilization, double[]? UtilizationInterval, double? QueueLength, double? ResidenceTime);

internal sealed record OneMoreReport(string Station, double? SaturationLoad, OutcomeReport Outcome);

internal sealed record SensitivityReport(string Station, double? MeanElasticity, double? P95Elasticity);

/// <summary>JSON of predictions.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(PredictionReport))]
internal sealed partial class PredictionJson : JsonSerializerContext;
