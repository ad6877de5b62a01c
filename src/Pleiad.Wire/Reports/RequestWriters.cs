using System.Text.Json;
using Pleiad.Wire.Decomposition;
using Pleiad.Wire.Protocols;

namespace Pleiad.Wire.Reports;

/// <summary>The files of a directory given with <c>--out</c>.</summary>
internal static class RequestWriters
{
    /// <summary>Opens the files that have a line for each request.</summary>
    public static IReadOnlyList<IRequestWriter> In(string directory, StatementTable statements)
    {
        Directory.CreateDirectory(directory);
        return
        [
            new CsvWriter(Path.Combine(directory, "requests.csv")),
            new SqliteWriter(Path.Combine(directory, "requests.db"), statements),
            new OtlpWriter(Path.Combine(directory, "spans.otlp.jsonl"), statements),
            new JaegerWriter(Path.Combine(directory, "spans.jaeger.json"), statements),
        ];
    }

    /// <summary>Writes what is known only at the end.</summary>
    public static void WriteReports(string directory, string name, WireReport report, RequestCollector collected)
    {
        File.WriteAllText(Path.Combine(directory, "report.json"), JsonSerializer.Serialize(report, WireJson.Readable.WireReport));
        File.WriteAllText(Path.Combine(directory, "report.html"), new HtmlReport(name, report, collected).ToHtml());
        File.WriteAllText(Path.Combine(directory, "scheme.yaml"), report.Scheme);
    }
}
