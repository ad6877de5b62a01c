using System.CommandLine;
using Pleiad.Cli.Models;
using Pleiad.Cli.Output;
using Pleiad.Cli.Running;
using Pleiad.Core.Documents;
using Pleiad.Queueing.Documents;
using Pleiad.Queueing.Model;
using Pleiad.Queueing.Prediction;

namespace Pleiad.Cli.Predict;

/// <summary><c>predict</c>: what hardware a load needs, by simulation.</summary>
internal sealed class PredictCommand : PleiadCommand
{
    private readonly Argument<string> _model = ModelFile.Argument();
    private readonly Option<string?> _rate = Given.Text("--rate", "R", "Arrivals per second of all classes together, in the model's proportions (as the model has it unless given).", text => Quantity.TryRate(text, out var rate) && rate > 0, Quantity.RateRule);
    private readonly Option<int> _users = Given.Number("--users", 0, 0, 1_000_000, "Users of all closed classes together, instead of --rate");
    private readonly Option<string[]> _slo = new("--slo") { Description = "What must hold: p50, p90, p95, p99, mean, utilization or failed, below a time or share; several may be given.", HelpName = "'p95<1s'" };
    private readonly Option<string[]> _cost = new("--cost") { Description = "Cost of one server of a station, instead of the model's (1 unless there); several may be given.", HelpName = "STATION=COST" };
    private readonly Option<int> _points = Given.Number("--points", 10, 2, 100, "Points of the curve over load");
    private readonly Option<string?> _csv = Given.Text("--csv", "FILE", "Write the curve over load as CSV; '-' is stdout.");
    private readonly Option<string?> _html = Given.Text("--html", "FILE", "Write a report with charts.");
    private readonly SimulationGiven _simulation = new();

    public PredictCommand(Terminal terminal)
        : base(
            terminal,
            "predict",
            "Predict what servers a load needs, where the bottleneck is, and how far the present ones go.",
            "pleiad predict three-tiers.yaml --rate 500 --slo 'p95<1s'",
            "pleiad predict three-tiers.yaml --rate 500 --slo 'p95<300ms' --slo 'utilization<0.8' --cost database=4 --html report.html",
            "pleiad predict three-tiers.yaml --csv -")
    {
        foreach (var option in (Option[])[_rate, _users, _slo, _cost, _points, _csv, _html])
        {
            Add(option);
        }

        Add(_model);
        _simulation.AddTo(this);
        Validators.Add(result =>
        {
            if (result.GetResult(_rate) is { Implicit: false } && result.GetResult(_users) is { Implicit: false })
            {
                result.AddError("--rate stands beside --users; give one of them");
            }
        });
    }

    protected override async Task<ExitCode> RunAsync(ParseResult given, CancellationToken cancellation)
    {
        var model = WithCosts(await ModelFile.ReadAsync(Terminal, given.GetRequiredValue(_model), cancellation), given.GetValue(_cost) ?? []);
        var users = given.GetValue(_users);
        var rate = Quantity.TryRate(given.GetValue(_rate), out var perSecond) ? perSecond : (double?)null;
        var question = new PredictionQuestion
        {
            Load = users > 0 ? users : rate,
            IsUsers = users > 0 ? true : rate is null ? null : false,
            Objectives = Objectives(model, given.GetValue(_slo) ?? []),
            CurvePoints = given.GetValue(_points),
        };
        if (users > 0 && !model.Classes.Any(each => each.Population > 0))
        {
            throw new InvalidInputException("predict", new InputProblem("--users", $"{users}", "fits no class of the model", "give --rate: all classes are open"));
        }

        var options = _simulation.Options(given, accuracy: 0.02, millions: 1);
        var answer = await Task.Run(() => ModelFile.Guarded(() => Predictor.Answer(model, question, options, cancellation), given.GetRequiredValue(_model)), cancellation);
        await WriteFilesAsync(given, answer, cancellation);
        if (given.GetValue(Given.Json))
        {
            Terminal.Json(PredictionReport.Of(answer), PredictionJson.Default.PredictionReport);
        }
        else if (given.GetValue(_csv) != "-")
        {
            PredictionTables.Write(Terminal, answer);
        }

        return question.Objectives.Count > 0 && answer.Plan is null ? ExitCode.Failed : ExitCode.Done;
    }

    private static List<Objective> Objectives(QueueingModel model, string[] texts)
    {
        var problems = new List<InputProblem>();
        var objectives = new List<Objective>();
        foreach (var text in texts)
        {
            if (!Objective.TryParse(text, out var objective))
            {
                problems.Add(new InputProblem("--slo", text, "is no objective", Objective.Rule));
            }
            else if (!objective.Fits(model))
            {
                var names = objective.Kind == ObjectiveKind.Utilization ? model.Stations.Select(station => station.Name) : model.Classes.Select(each => each.Name);
                problems.Add(new InputProblem("--slo", text, "names something that the model has not", $"give one of {string.Join(", ", names)}"));
            }
            else
            {
                objectives.Add(objective);
            }
        }

        return problems.Count > 0 ? throw new InvalidInputException("predict", problems) : objectives;
    }

    private static QueueingModel WithCosts(QueueingModel model, string[] texts)
    {
        var stations = model.Stations.ToArray();
        foreach (var text in texts.SelectMany(text => text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)))
        {
            var parts = text.Split('=');
            var at = model.StationNamed(parts[0].Trim());
            if (parts.Length != 2 || at < 0 || !Quantity.TryRate(parts[1], out var cost) || cost < 0)
            {
                throw new InvalidInputException("predict", new InputProblem("--cost", text, "is no cost of a station", $"give STATION=COST, stations: {string.Join(", ", model.Stations.Select(station => station.Name))}"));
            }

            stations[at] = stations[at] with { Cost = cost };
        }

        return model with { Stations = stations };
    }

    private async Task WriteFilesAsync(ParseResult given, PredictionAnswer answer, CancellationToken cancellation)
    {
        if (given.GetValue(_csv) is { } csv)
        {
            var text = PredictionCsv.Text(answer);
            if (csv == "-")
            {
                Terminal.Out.Write(text);
            }
            else
            {
                await WriteAsync("--csv", csv, text, cancellation);
            }
        }

        if (given.GetValue(_html) is { } html)
        {
            await WriteAsync("--html", html, PredictionHtml.Text(answer), cancellation);
            Terminal.Note($"report written to {html}");
        }
    }

    private static async Task WriteAsync(string option, string file, string text, CancellationToken cancellation)
    {
        try
        {
            await File.WriteAllTextAsync(file, text, cancellation);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException("predict", new InputProblem(option, file, $"cannot be written ({error.Message.TrimEnd('.')})", "give a file in a directory that you may write to"), error);
        }
    }
}
