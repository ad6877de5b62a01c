using System.Globalization;
using Pleiad.Cli.Output;
using Pleiad.Cli.Running;
using Pleiad.Queueing.Solving;

namespace Pleiad.Cli.Models;

/// <summary>A solution as people read it.</summary>
internal static class SolutionTables
{
    public static void Write(Terminal terminal, string model, Solution solution)
    {
        terminal.Properties(("model", model), ("method", $"{solution.Method} ({solution.Reason})"));
        terminal.Table(Stations(solution));
        terminal.Table(System(solution));
        foreach (var bounds in solution.Bounds)
        {
            var range = bounds is { ThroughputLow: { } low, ThroughputHigh: { } high } ? string.Create(CultureInfo.InvariantCulture, $", throughput {Rate(low)} to {Rate(high)}") : "";
            var response = bounds.ResponseLow is { } least ? $", response at least {Time(least)}" + (bounds.ResponseHigh is { } most ? $" and at most {Time(most)}" : "") : "";
            terminal.Out.WriteLine($"bounds ({bounds.Kind}): at most {Rate(bounds.ThroughputMax)} before '{bounds.Bottleneck}' is full{range}{response}");
        }

        if (solution.Simulation is { } run)
        {
            terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"simulated: {run.Replications} runs of {Time(run.SimulatedSeconds)}, warm-up of {Time(run.WarmUpSeconds)} cut, {run.Events:N0} events, seed {run.Seed}, {run.Confidence:P0} intervals"));
        }

        foreach (var note in solution.Notes)
        {
            terminal.Out.WriteLine($"note: {note}");
        }
    }

    public static string Time(double seconds) => double.IsNaN(seconds) ? "" : Math.Abs(seconds) switch
    {
        0 => "0 s",
        < 1e-3 => string.Create(CultureInfo.InvariantCulture, $"{seconds * 1e6:G4} µs"),
        < 1 => string.Create(CultureInfo.InvariantCulture, $"{seconds * 1e3:G4} ms"),
        < 10_000 => string.Create(CultureInfo.InvariantCulture, $"{seconds:G4} s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{seconds:N0} s"),
    };

    public static string Rate(double perSecond) => string.Create(CultureInfo.InvariantCulture, $"{perSecond:G5}/s");

    private static TextTable Stations(Solution solution)
    {
        var hasPools = solution.Stations.Any(station => station.ThreadsHeld is not null);
        var table = new TextTable([new("Station"), new("Class"), new("Throughput", Right: true), new("Utilization", Right: true), new("Queue", Right: true), new("Residence", Right: true), new("Per visit", Right: true, Spare: 2), .. hasPools ? (Column[])[new("Threads", Right: true, Spare: 1)] : []]);
        foreach (var station in solution.Stations)
        {
            Add(table, station.Name, station.Classes.Count > 1 ? "all" : station.Classes[0].Name, station, hasPools);
            foreach (var each in station.Classes.Count > 1 ? station.Classes : [])
            {
                Add(table, "", each.Name, each, hasPools);
            }
        }

        return table;
    }

    private static void Add(TextTable table, string station, string @class, StationFigures figures, bool hasPools)
    {
        var pool = figures.ThreadsHeld is { } held ? string.Create(CultureInfo.InvariantCulture, $"{held.Value:0.0} + {figures.ThreadsAwaited?.Value:0.0} waiting") : "";
        table.Add([station, @class, With(figures.Throughput, Rate), With(figures.Utilization, value => value.ToString("0.0000", CultureInfo.InvariantCulture)), With(figures.QueueLength, value => value.ToString("G5", CultureInfo.InvariantCulture)), With(figures.ResidenceTime, Time), With(figures.ResponseTime, Time), .. hasPools ? (string[])[pool] : []]);
    }

    private static TextTable System(Solution solution)
    {
        var quantiles = solution.System.Quantiles.Select(each => each.Probability).ToArray();
        var hasFailures = solution.System.Failed.Value > 0 || solution.System.TimeoutRate.Value > 0;
        var table = new TextTable([new("System"), new("Throughput", Right: true), new("Response", Right: true), new("Customers", Right: true), .. quantiles.Select(p => new Column(string.Create(CultureInfo.InvariantCulture, $"p{p * 100:G4}"), Right: true)), .. hasFailures ? (Column[])[new("Failed", Right: true)] : []]);
        foreach (var figures in solution.System.Classes.Count > 1 ? [solution.System, .. solution.System.Classes] : (IReadOnlyList<SystemFigures>)[solution.System])
        {
            table.Add([figures.Name == "system" ? "all" : figures.Name, With(figures.Throughput, Rate), With(figures.ResponseTime, Time), With(figures.Customers, value => value.ToString("G5", CultureInfo.InvariantCulture)), .. quantiles.Select(p => figures.Quantiles.FirstOrDefault(each => each.Probability == p) is { } found ? With(found.Seconds, Time) : ""), .. hasFailures ? (string[])[With(figures.Failed, value => value.ToString("P2", CultureInfo.InvariantCulture))] : []]);
        }

        return table;
    }

    private static string With(Estimate estimate, Func<double, string> show) =>
        !double.IsFinite(estimate.Value) ? ""
        : estimate.HalfWidth is { } half && double.IsFinite(half) && estimate.Value > 0 ? string.Create(CultureInfo.InvariantCulture, $"{show(estimate.Value)} ±{half / estimate.Value:P1}")
        : show(estimate.Value);
}
