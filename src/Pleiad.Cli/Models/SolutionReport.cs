using System.Text.Json.Serialization;
using Pleiad.Queueing.Solving;

namespace Pleiad.Cli.Models;

/// <summary>A solution as JSON. Times in seconds, rates per second; what cannot be known is left out.</summary>
internal sealed record SolutionReport(
    string Model,
    string Method,
    string Reason,
    bool Exact,
    SystemReport System,
    IReadOnlyList<StationReport> Stations,
    IReadOnlyList<BoundsReport> Bounds,
    SimulationReport? Simulation,
    IReadOnlyList<string> Notes)
{
    public static SolutionReport Of(string model, Solution solution) => new(
        model,
        solution.Method,
        solution.Reason,
        solution.IsExact,
        SystemReport.Of(solution.System, solution.Simulation?.Confidence),
        [.. solution.Stations.Select(station => StationReport.Of(station, solution.Simulation?.Confidence))],
        [.. solution.Bounds.Select(each => new BoundsReport(each.Kind, each.ThroughputMax, each.Bottleneck, each.ThroughputLow, each.ThroughputHigh, each.ResponseLow, each.ResponseHigh))],
        solution.Simulation is { } run ? new SimulationReport(run.Seed, run.Replications, run.Events, run.SimulatedSeconds, run.WarmUpSeconds, run.AccuracyWanted, run.AccuracyReached) : null,
        solution.Notes);

    /// <summary>A number that JSON has: null for what cannot be known.</summary>
    public static double? Number(double value) => double.IsFinite(value) ? value : null;

    public static double[]? Ends(Estimate estimate) => estimate.HalfWidth is { } half && double.IsFinite(half) && double.IsFinite(estimate.Value) ? [estimate.Low, estimate.High] : null;
}

/// <summary>Ends of the confidence intervals, [low, high].</summary>
internal sealed record IntervalReport(
    double Level,
    double[]? Throughput,
    double[]? Utilization = null,
    double[]? QueueLength = null,
    double[]? ResidenceTime = null,
    double[]? ResponseTime = null);

internal sealed record StationReport(
    string Name,
    double? Throughput,
    double? Utilization,
    double? QueueLength,
    double? ResidenceTime,
    double? ResponseTime,
    IntervalReport? Interval,
    double? ThreadsHeld,
    double? ThreadsAwaited,
    IReadOnlyList<StationReport>? Classes)
{
    public static StationReport Of(StationFigures figures, double? level) => new(
        figures.Name,
        SolutionReport.Number(figures.Throughput.Value),
        SolutionReport.Number(figures.Utilization.Value),
        SolutionReport.Number(figures.QueueLength.Value),
        SolutionReport.Number(figures.ResidenceTime.Value),
        SolutionReport.Number(figures.ResponseTime.Value),
        level is { } confidence
            ? new IntervalReport(
                confidence,
                SolutionReport.Ends(figures.Throughput),
                SolutionReport.Ends(figures.Utilization),
                SolutionReport.Ends(figures.QueueLength),
                SolutionReport.Ends(figures.ResidenceTime),
                SolutionReport.Ends(figures.ResponseTime))
            : null,
        figures.ThreadsHeld?.Value,
        figures.ThreadsAwaited?.Value,
        figures.Classes.Count > 0 ? [.. figures.Classes.Select(each => Of(each, level))] : null);
}

internal sealed record QuantileReport(double Probability, double? Seconds, double[]? Interval);

internal sealed record SystemReport(
    string? Name,
    double? Throughput,
    double? ResponseTime,
    double? Customers,
    double? Failed,
    double? TimeoutRate,
    IntervalReport? Interval,
    IReadOnlyList<QuantileReport>? Quantiles,
    IReadOnlyList<SystemReport>? Classes)
{
    public static SystemReport Of(SystemFigures figures, double? level, bool isClass = false) => new(
        isClass ? figures.Name : null,
        SolutionReport.Number(figures.Throughput.Value),
        SolutionReport.Number(figures.ResponseTime.Value),
        SolutionReport.Number(figures.Customers.Value),
        SolutionReport.Number(figures.Failed.Value),
        SolutionReport.Number(figures.TimeoutRate.Value),
        level is { } confidence
            ? new IntervalReport(confidence, SolutionReport.Ends(figures.Throughput), QueueLength: SolutionReport.Ends(figures.Customers), ResponseTime: SolutionReport.Ends(figures.ResponseTime))
            : null,
        figures.Quantiles.Count > 0 ? [.. figures.Quantiles.Select(each => new QuantileReport(each.Probability, SolutionReport.Number(each.Seconds.Value), SolutionReport.Ends(each.Seconds)))] : null,
        isClass ? null : [.. figures.Classes.Select(each => Of(each, level, isClass: true))]);
}

internal sealed record BoundsReport(string Kind, double ThroughputMax, string Bottleneck, double? ThroughputLow, double? ThroughputHigh, double? ResponseTimeLow, double? ResponseTimeHigh);

internal sealed record SimulationReport(ulong Seed, int Replications, long Events, double SimulatedSeconds, double WarmUpSeconds, double AccuracyWanted, double AccuracyReached);

/// <summary>JSON of models and predictions.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UseStringEnumConverter = true)]
[JsonSerializable(typeof(SolutionReport))]
[JsonSerializable(typeof(DistributionReport))]
[JsonSerializable(typeof(ArrivalReport))]
internal sealed partial class ModelJson : JsonSerializerContext;
