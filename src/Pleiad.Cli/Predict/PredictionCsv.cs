using System.Globalization;
using System.Text;
using Pleiad.Queueing.Prediction;
using Pleiad.Queueing.Solving;

namespace Pleiad.Cli.Predict;

/// <summary>The curve over load as CSV (RFC 4180): a line for each point, times in seconds.</summary>
internal static class PredictionCsv
{
    public static string Text(PredictionAnswer answer)
    {
        var csv = new StringBuilder();
        Line(csv, [answer.IsUsers ? "users" : "requests_per_second", "throughput", "response", "response_low", "response_high", "p95", "p95_low", "p95_high", .. answer.Stations.SelectMany(name => (string[])[$"utilization_{name}", $"utilization_{name}_low", $"utilization_{name}_high"]), "unstable"]);
        foreach (var point in answer.Curve)
        {
            var system = point.Solution?.System;
            Line(csv, [
                Number(point.Load),
                Number(system?.Throughput.Value),
                .. Three(system?.ResponseTime),
                .. Three(system is null ? null : PredictionTables.Quantile(point, 0.95)),
                .. answer.Stations.SelectMany((_, k) => Three(point.Solution?.Stations[k].Utilization)),
                point.Unstable ?? "",
            ]);
        }

        return csv.ToString();
    }

    private static string[] Three(Estimate? estimate) => [Number(estimate?.Value), Number(estimate?.Low), Number(estimate?.High)];

    private static string Number(double? value) => value is { } number && double.IsFinite(number) ? number.ToString("R", CultureInfo.InvariantCulture) : "";

    private static void Line(StringBuilder csv, IEnumerable<string> cells) =>
        csv.AppendJoin(',', cells.Select(cell => cell.AsSpan().ContainsAny("\",\r\n") ? $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : cell)).Append("\r\n");
}
