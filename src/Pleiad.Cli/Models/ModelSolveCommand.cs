using System.CommandLine;
using Pleiad.Cli.Output;
using Pleiad.Cli.Running;
using Pleiad.Queueing.Solving;

namespace Pleiad.Cli.Models;

/// <summary><c>model solve</c>: the steady state of a model.</summary>
internal sealed class ModelSolveCommand : PleiadCommand
{
    private readonly Argument<string> _model = ModelFile.Argument();
    private readonly Option<string?> _method = Given.Choice("--method", "METHOD", "exact, approximate, simulate, or auto: exact where possible, else simulate (auto unless given).", "auto", "exact", "approximate", "simulate");
    private readonly SimulationGiven _simulation = new();

    public ModelSolveCommand(Terminal terminal)
        : base(terminal, "solve", "Solve a queueing model: throughput, utilization, queues, response times.", "pleiad model solve three-tiers.yaml", "pleiad model solve three-tiers.yaml --method simulate --accuracy 0.5% --json")
    {
        Add(_model);
        Add(_method);
        _simulation.AddTo(this);
    }

    protected override async Task<ExitCode> RunAsync(ParseResult given, CancellationToken cancellation)
    {
        var model = await ModelFile.ReadAsync(Terminal, given.GetRequiredValue(_model), cancellation);
        var method = Enum.Parse<SolutionMethod>(given.GetValue(_method) ?? "auto", ignoreCase: true);
        var solution = await Task.Run(() => ModelFile.Guarded(() => ModelSolver.Solve(model, method, _simulation.Options(given), cancellation), given.GetRequiredValue(_model)), cancellation);
        if (given.GetValue(Given.Json))
        {
            Terminal.Json(SolutionReport.Of(model.Name, solution), ModelJson.Default.SolutionReport);
        }
        else
        {
            SolutionTables.Write(Terminal, model.Name, solution);
        }

        return ExitCode.Done;
    }
}
