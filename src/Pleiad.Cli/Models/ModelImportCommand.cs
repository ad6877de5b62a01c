using System.CommandLine;
using Pleiad.Cli.Running;

namespace Pleiad.Cli.Models;

/// <summary><c>model import</c>: another program's model as one of ours.</summary>
internal sealed class ModelImportCommand : PleiadCommand
{
    private readonly Argument<string> _model = ModelFile.Argument();
    private readonly Option<string?> _out = Given.Text("--out", "FILE", "Write the model there instead of to stdout.");

    public ModelImportCommand(Terminal terminal)
        : base(terminal, "import", "Write a model of JMT (.jsimg, .jmva) or of a layered queueing network (.lqn, .lqnx) as a model file.", "pleiad model import network.jsimg --out network.yaml", "pleiad model import layers.lqnx")
    {
        Add(_model);
        Add(_out);
    }

    protected override async Task<ExitCode> RunAsync(ParseResult given, CancellationToken cancellation)
    {
        var imported = await ModelFile.ImportAsync(Terminal, given.GetRequiredValue(_model), cancellation);
        await ModelFile.WriteModelAsync(Terminal, given.GetValue(_out), imported.Model, imported.NotUnderstood, given.GetValue(Given.Json), cancellation);
        return ExitCode.Done;
    }
}
