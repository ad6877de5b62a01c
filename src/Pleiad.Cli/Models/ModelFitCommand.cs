using System.CommandLine;
using System.Globalization;
using Pleiad.Cli.Output;
using Pleiad.Cli.Running;
using Pleiad.Core.Documents;
using Pleiad.Distributions.Fitting;
using Pleiad.Queueing.Documents;
using Pleiad.Queueing.Measurements;

namespace Pleiad.Cli.Models;

/// <summary><c>model fit</c>: a model of a measurement, or the distribution of measured times.</summary>
internal sealed class ModelFitCommand : PleiadCommand
{
    private const long BytesMax = 256L << 20;
    private const int SamplesMax = 5_000_000;

    private readonly Argument<string> _file = new("FILE") { Description = "The JSON of 'pleiad wire analyze --json', or a text with one time a line (seconds, or with a unit); '-' reads stdin." };
    private readonly Option<string[]> _threads = new("--threads") { Description = "Threads of a tier, held while the next one works; several may be given.", HelpName = "TIER=N" };
    private readonly Option<string?> _out = Given.Text("--out", "FILE", "Write the model there instead of to stdout.");

    public ModelFitCommand(Terminal terminal)
        : base(terminal, "fit", "Make a model of a measurement, or find the distribution of measured times.", "pleiad model fit measured.json --threads web=150 --out model.yaml", "pleiad model fit times.txt --json")
    {
        Add(_file);
        Add(_threads);
        Add(_out);
    }

    protected override async Task<ExitCode> RunAsync(ParseResult given, CancellationToken cancellation)
    {
        var file = given.GetRequiredValue(_file);
        var subject = file == "-" ? "stdin" : Path.GetFileName(file);
        var text = await InputFile.ReadTextAsync(Terminal, "FILE", file, BytesMax, cancellation);
        if (!text.TrimStart().StartsWith('{'))
        {
            return WriteFit(given, DistributionFitter.Fit(Samples(text, subject)));
        }

        var fitted = ModelFile.Guarded(() => MeasuredModel.Read(text, subject, Threads(given.GetValue(_threads) ?? [])));
        await ModelFile.WriteModelAsync(Terminal, given.GetValue(_out), fitted.Model, fitted.Remarks, given.GetValue(Given.Json), cancellation);
        return ExitCode.Done;
    }

    private static Dictionary<string, int> Threads(string[] texts)
    {
        var threads = new Dictionary<string, int>();
        foreach (var text in texts.SelectMany(text => text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)))
        {
            var at = text.LastIndexOf('=');
            if (at <= 0 || !int.TryParse(text.AsSpan(at + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count < 1)
            {
                throw new InvalidInputException("model fit", new InputProblem("--threads", text, "is no number of threads of a tier", "give TIER=N, for example web=150"));
            }

            threads[text[..at]] = count;
        }

        return threads;
    }

    private static List<double> Samples(string text, string subject)
    {
        var samples = new List<double>();
        var problems = new List<InputProblem>();
        var number = 0;
        foreach (var line in text.Split('\n'))
        {
            number++;
            if (line.Trim() is not { Length: > 0 } value || value[0] == '#')
            {
                continue;
            }

            if (!Quantity.TrySeconds(value, out var seconds) || seconds < 0)
            {
                problems.Add(new InputProblem("time", value, "is no time of 0 or more", Quantity.DurationRule, number));
            }
            else
            {
                samples.Add(seconds);
            }

            if (problems.Count == 20 || samples.Count > SamplesMax)
            {
                break;
            }
        }

        if (samples.Count == 0 && problems.Count == 0)
        {
            problems.Add(new InputProblem("times", null, "are missing", "give one a line"));
        }
        else if (samples.Count > SamplesMax)
        {
            problems.Add(new InputProblem("times", null, "are too many", string.Create(CultureInfo.InvariantCulture, $"give at most {SamplesMax}")));
        }

        return problems.Count > 0 ? throw new InvalidInputException(subject, problems) : samples;
    }

    private ExitCode WriteFit(ParseResult given, FitResult fit)
    {
        if (given.GetValue(Given.Json))
        {
            Terminal.Json(DistributionReport.Of(fit), ModelJson.Default.DistributionReport);
            return ExitCode.Done;
        }

        Terminal.Properties(
            ("chosen", fit.Chosen.ToString()),
            ("why", fit.Explanation),
            ("mean", $"{SolutionTables.Time(fit.Chosen.Mean)} ± {SolutionTables.Time(1.96 * fit.MeanStandardError)}"));
        var table = new TextTable(new("Distribution"), new("Mean", Right: true), new("c²", Right: true), new("BIC", Right: true), new("KS", Right: true), new("A²", Right: true), new("p", Right: true), new("Verdict"));
        foreach (var each in fit.Candidates)
        {
            table.Add(
                each.Distribution.Name,
                SolutionTables.Time(each.Distribution.Mean),
                each.Distribution.SquaredVariation.ToString("G3", CultureInfo.InvariantCulture),
                each.Bic.ToString("F1", CultureInfo.InvariantCulture),
                each.KolmogorovSmirnov.ToString("F4", CultureInfo.InvariantCulture),
                each.AndersonDarling.ToString("G3", CultureInfo.InvariantCulture),
                double.IsNaN(each.PValue) ? "" : each.PValue.ToString("F2", CultureInfo.InvariantCulture),
                each.Verdict.ToString().ToLowerInvariant());
        }

        Terminal.Table(table);
        return ExitCode.Done;
    }
}
