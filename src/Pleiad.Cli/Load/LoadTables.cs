using System.Globalization;
using Pleiad.Cli.Output;
using Pleiad.Cli.Running;
using Pleiad.Load.Comparing;
using Pleiad.Load.Results;
using Pleiad.Load.Trust;

namespace Pleiad.Cli.Load;

/// <summary>Results as tables.</summary>
internal static class LoadTables
{
    public static void Show(Terminal terminal, RunResult result)
    {
        var table = new TextTable(
            new Column("page"), new Column("requests", Right: true), new Column("per second", Right: true, Spare: 3), new Column("failed", Right: true), new Column("mean", Right: true, Spare: 4), new Column("p50", Right: true, Spare: 2),
            new Column("p95", Right: true), new Column("p99", Right: true, Spare: 1), new Column("max", Right: true, Spare: 5), new Column("p95 from start", Right: true, Spare: 6))
        {
            Title = $"{result.Scenario} on {result.Target}: times from the intended start",
        };
        foreach (var page in result.Pages.Where(page => page.Requests > 0).Append(result.Total))
        {
            table.Add(
                page.Page, Figures.Whole(page.Requests), string.Create(CultureInfo.InvariantCulture, $"{page.RequestsPerSecond:0.0}"), Figures.Whole(page.Failed), Ms(page.FromIntended?.Mean), Ms(page.FromIntended?.P50),
                With(page.FromIntended?.P95, page.P95), With(page.FromIntended?.P99, page.P99), Ms(page.FromIntended?.Max), Ms(page.FromStart?.P95));
        }

        terminal.Table(table);
        terminal.Properties(
            ("measured", string.Create(CultureInfo.InvariantCulture, $"{result.Seconds - result.WarmUpSeconds:0.0} s after {result.WarmUpSeconds:0.0} s of warm-up, {result.SessionsStarted} sessions, seed {result.Seed}")),
            ("failures", string.Join(", ", result.Total.Failures.Select(failure => $"{failure.Value} {failure.Key}"))),
            ("unfinished", result.Unfinished == 0 ? null : $"{result.Unfinished} requests had no answer when the waiting was over"),
            ("generator", string.Create(CultureInfo.InvariantCulture, $"lag p99 {Ms(result.Self.Lag?.P99)}, {result.Self.RequestsPerCpuSecond:0} requests per CPU second, {result.Self.InFlight:0.0} in flight (rate × time: {result.Self.InFlightByLittlesLaw:0.0})")));
        foreach (var threshold in result.Thresholds)
        {
            terminal.Out.WriteLine($"{(threshold.IsMet ? "kept:  " : "MISSED:")} {threshold.Text} (was {threshold.SeenText})");
        }

        foreach (var finding in result.Findings)
        {
            terminal.Out.WriteLine($"{(finding.Weight == Trustworthiness.Refused ? "REFUSED" : "MARKED")}: {finding.What}; {finding.Remedy}");
        }

        if (result.Trust == Trustworthiness.Refused)
        {
            terminal.Out.WriteLine("The generator was the bottleneck: the figures above are its own, not the server's.");
        }
    }

    public static void Show(Terminal terminal, Comparison comparison)
    {
        var table = new TextTable(
            new Column("page"), new Column("figure"), new Column("A", Right: true), new Column("B", Right: true), new Column("B − A, 95 %", Right: true), new Column("p", Right: true, Spare: 1), new Column("verdict"));
        foreach (var each in comparison.Differences)
        {
            table.Add(
                each.Page, each.Metric, Figure(each.Metric, each.A), Figure(each.Metric, each.B), each.Low is null ? null : $"{Figure(each.Metric, each.Low)} to {Figure(each.Metric, each.High)}",
                each.PValue is { } p ? p.ToString("0.####", CultureInfo.InvariantCulture) : null,
                each.Verdict switch { DifferenceVerdict.Noise => "noise", DifferenceVerdict.Better => "better", DifferenceVerdict.Worse => "WORSE", _ => "too short to tell" });
        }

        terminal.Table(table);
        foreach (var finding in comparison.Findings)
        {
            terminal.Out.WriteLine($"note: {finding}");
        }

        terminal.Out.WriteLine(comparison.IsRefused ? "A run was refused, so its figures are the generator's: nothing follows for the server." : comparison.Differs ? "The runs differ." : comparison.Differences.All(each => each.Verdict == DifferenceVerdict.Unknown) ? "The runs are too short to tell." : "What differs is noise.");
    }

    public static string Ms(double? ms) => ms switch
    {
        null or double.NaN => "",
        < 10 => string.Create(CultureInfo.InvariantCulture, $"{ms:0.00} ms"),
        < 1_000 => string.Create(CultureInfo.InvariantCulture, $"{ms:0.0} ms"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{ms / 1_000:0.00} s"),
    };

    private static string With(double? ms, Interval? interval) =>
        ms is null ? "" : interval is null ? Ms(ms) : string.Create(CultureInfo.InvariantCulture, $"{Ms(ms)} ±{interval.RelativeHalfWidth * 100:0} %");

    private static string Figure(string metric, double? value) => value is null ? ""
        : metric == "errors" ? string.Create(CultureInfo.InvariantCulture, $"{value * 100:0.###} %")
        : metric == "requests" ? string.Create(CultureInfo.InvariantCulture, $"{value:0.0}/s")
        : value < 0 ? "−" + Ms(-value) : Ms(value);
}
