using System.CommandLine;
using System.Globalization;
using Pleiad.Cli.Output;
using Pleiad.Cli.Running;
using Pleiad.Core.Documents;
using Pleiad.Distributions;
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
    private readonly Option<bool> _arrivals = new("--arrivals") { Description = "The lines are moments of arrivals, rising: find their process." };
    private readonly Option<string?> _out = Given.Text("--out", "FILE", "Write the model there instead of to stdout.");

    public ModelFitCommand(Terminal terminal)
        : base(terminal, "fit", "Make a model of a measurement, or find the distribution of measured times.", "pleiad model fit measured.json --threads web=150 --out model.yaml", "pleiad model fit times.txt --json", "pleiad model fit moments.txt --arrivals")
    {
        Add(_file);
        Add(_threads);
        Add(_arrivals);
        Add(_out);
    }

    protected override async Task<ExitCode> RunAsync(ParseResult given, CancellationToken cancellation)
    {
        var file = given.GetRequiredValue(_file);
        var subject = file == "-" ? "stdin" : Path.GetFileName(file);
        var text = await InputFile.ReadTextAsync(Terminal, "FILE", file, BytesMax, cancellation);
        if (!text.TrimStart().StartsWith('{'))
        {
            return given.GetValue(_arrivals)
                ? WriteFit(given, await Task.Run(() => ArrivalFitter.Fit(Moments(text, subject)), cancellation))
                : WriteFit(given, await Task.Run(() => DistributionFitter.Fit(Samples(text, subject), hasPhases: true), cancellation));
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

    private static List<double> Moments(string text, string subject)
    {
        var moments = Samples(text, subject);
        var fallen = Enumerable.Range(1, moments.Count - 1).FirstOrDefault(i => moments[i] < moments[i - 1]);
        return fallen > 0 ? throw new InvalidInputException(subject, new InputProblem("arrivals", string.Create(CultureInfo.InvariantCulture, $"{moments[fallen]}"), string.Create(CultureInfo.InvariantCulture, $"comes before {moments[fallen - 1]}, the one above it"), "give moments in the order of time"))
            : moments.Count < ArrivalFitter.ArrivalsMin || moments[^1] <= moments[0] ? throw new InvalidInputException(subject, new InputProblem("arrivals", string.Create(CultureInfo.InvariantCulture, $"{moments.Count}"), "are too few, or all at one moment", string.Create(CultureInfo.InvariantCulture, $"give at least {ArrivalFitter.ArrivalsMin}")))
            : moments;
    }

    private ExitCode WriteFit(ParseResult given, ArrivalFit fit)
    {
        if (given.GetValue(Given.Json))
        {
            Terminal.Json(ArrivalReport.Of(fit), ModelJson.Default.ArrivalReport);
            return ExitCode.Done;
        }

        Terminal.Properties(("chosen", string.Create(CultureInfo.InvariantCulture, $"{fit.Chosen.Name}, {fit.Chosen.RatePerSecond:G5}/s")), ("why", fit.Explanation), ("in a model", $"arrivals: {ModelWriter.Text(fit.Chosen)}"));
        var table = new TextTable([new("Process"), new("c²", Right: true), new("BIC", Right: true), .. ArrivalFitter.Lags.Select(lag => new Column(string.Create(CultureInfo.InvariantCulture, $"r{lag}"), Right: true))]);
        table.Add(["measured", "", "", .. fit.Autocorrelation.Select(Correlation)]);
        foreach (var each in fit.Candidates)
        {
            table.Add([each.Process.Name, each.Process.SquaredVariation.ToString("G3", CultureInfo.InvariantCulture), each.Bic.ToString("F1", CultureInfo.InvariantCulture), .. each.Autocorrelation.Select(Correlation)]);
        }

        Terminal.Table(table);
        return ExitCode.Done;

        static string Correlation(double value) => value.ToString("0.000", CultureInfo.InvariantCulture);
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
            ("mean", $"{SolutionTables.Time(fit.Chosen.Mean)} ± {SolutionTables.Time(1.96 * fit.MeanStandardError)}"),
            ("in a model", fit.Chosen is Empirical ? "{ empirical: [the samples] } (--json has them)" : ModelWriter.Text(fit.Chosen)));
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
