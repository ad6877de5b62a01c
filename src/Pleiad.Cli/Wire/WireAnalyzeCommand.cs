using System.CommandLine;
using System.Globalization;
using Pleiad.Cli.Output;
using Pleiad.Cli.Running;
using Pleiad.Core.Documents;
using Pleiad.Wire;
using Pleiad.Wire.Reports;
using Pleiad.Wire.Schemes;

namespace Pleiad.Cli.Wire;

/// <summary><c>wire analyze</c>: from a capture to every tier's own time.</summary>
internal sealed class WireAnalyzeCommand : PleiadCommand
{
    private const string Auto = "auto";

    private readonly Argument<string> _capture = new("CAPTURE") { Description = "A pcap or pcapng file, plain or packed with gzip, xz or zstd; '-' reads stdin." };
    private readonly Option<string> _scheme = new("--scheme") { Description = "The tiers as YAML; 'auto' proposes them from the traffic and shows them.", HelpName = "FILE", DefaultValueFactory = _ => Auto };
    private readonly Option<string?> _out = Given.Text("--out", "DIR", "Also write requests.csv, requests.db, spans, report.html, report.json and scheme.yaml there.");
    private readonly Option<double> _threshold = new("--posterior") { Description = "Probability below which a link is left open (0.5 to 1).", HelpName = "P", DefaultValueFactory = _ => 0.9 };
    private readonly Option<string[]> _utilization = new("--utilization") { Description = "CPU share of a machine of a tier, to check U = X·D; several times.", HelpName = "TIER=SHARE" };

    public WireAnalyzeCommand(Terminal terminal)
        : base(
            terminal,
            "analyze",
            "Every tier's own time, from a capture of the traffic between them.",
            "pleiad wire analyze capture.pcapng.xz --scheme scheme.yaml",
            "pleiad wire analyze capture.pcap --scheme auto --out report",
            "pleiad wire analyze capture.pcap --scheme scheme.yaml --utilization app=0.62 --json")
    {
        _threshold.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<double>() is not (>= 0.5 and <= 1))
            {
                result.AddError(new InputProblem("--posterior", result.Tokens.Count > 0 ? result.Tokens[0].Value : null, "is not possible", "give a number from 0.5 to 1").ToString());
            }
        });
        Add(_capture);
        Add(_scheme);
        Add(_out);
        Add(_threshold);
        Add(_utilization);
    }

    protected override async Task<ExitCode> RunAsync(ParseResult given, CancellationToken cancellation)
    {
        var schemeFile = given.GetValue(_scheme) ?? Auto;
        var options = new AnalysisOptions
        {
            Scheme = schemeFile == Auto ? null
                : SchemeDocument.Parse(await InputFile.ReadTextAsync(Terminal, "--scheme", schemeFile, DocumentMap.LengthMax * 4, cancellation), schemeFile == "-" ? "stdin" : Path.GetFileName(schemeFile)),
            Threshold = given.GetValue(_threshold),
            OutputDirectory = given.GetValue(_out),
            Utilization = Utilizations(given.GetValue(_utilization) ?? []),
        };
        var file = given.GetRequiredValue(_capture);
        var report = await Task.Run(() => file == "-" ? CaptureAnalysis.Run(Terminal.Input, "stdin", options, cancellation) : CaptureAnalysis.Run(file, options, cancellation), cancellation);
        if (given.GetValue(Given.Json))
        {
            Terminal.Json(report, WireJson.Default.WireReport);
        }
        else
        {
            Show(report, options.Scheme is null);
        }

        if (options.OutputDirectory is { } directory)
        {
            Terminal.Note($"wrote {Path.Combine(directory, "report.html")}, requests.csv, requests.db, spans.otlp.jsonl, spans.jaeger.json, report.json, scheme.yaml");
        }

        return ExitCode.Done;
    }

    private static Dictionary<string, double> Utilizations(string[] given)
    {
        var shares = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var text in given)
        {
            var equals = text.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0 || !double.TryParse(text.AsSpan(equals + 1), NumberStyles.Float, CultureInfo.InvariantCulture, out var share) || share is < 0 or > 1024)
            {
                throw new InvalidInputException("--utilization", new InputProblem("--utilization", text, "is not possible", "give a tier's name and its share of a processor, for example app=0.62"));
            }

            shares[text[..equals]] = share;
        }

        return shares;
    }

    private void Show(WireReport report, bool isProposed)
    {
        if (isProposed && report.Scheme.Length > 0)
        {
            Terminal.Out.WriteLine("proposed scheme:");
            Terminal.Out.Write(report.Scheme);
            Terminal.Out.WriteLine();
        }

        var all = report.Attribution.Attributed + report.Attribution.Unattributed;
        Terminal.Properties(
            ("requests", string.Create(CultureInfo.InvariantCulture, $"{report.Requests} in {report.Seconds:0.0} s ({report.ThroughputPerSecond:0.0}/s)")),
            ("attributed", all == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"{report.Attribution.Attributed} ({report.Attribution.Attributed * 100.0 / all:0.0} %)")),
            ("frames", string.Create(CultureInfo.InvariantCulture, $"{report.Capture.Frames} ({report.Capture.Format})")));
        Terminal.Table(WireTables.Tiers(report));
        Terminal.Table(WireTables.Classes(report));
        foreach (var warning in report.Warnings)
        {
            Terminal.Note($"warning: {warning}");
        }
    }
}
