using System.CommandLine;
using Pleiad.Cli.Output;
using Pleiad.Cli.Running;
using Pleiad.Client.Contract;

namespace Pleiad.Cli.Machines;

/// <summary><c>machine show</c>.</summary>
internal sealed class MachineShowCommand : PleiadCommand
{
    private readonly MachineArgument _machine = new();

    public MachineShowCommand(Terminal terminal)
        : base(terminal, "show", "One machine.", "pleiad machine show m-k3v9") => _machine.AddTo(this);

    protected override async Task<ExitCode> RunAsync(ParseResult given, CancellationToken cancellation)
    {
        using var client = Connection.Open(Terminal, given);
        var machine = await client.GetMachineAsync(await _machine.FindAsync(client, given, cancellation), cancellation);
        if (given.GetValue(Given.Json))
        {
            Terminal.Json(machine, ContractJson.Default.MachineInfo);
        }
        else
        {
            MachineTables.Show(Terminal, machine);
        }

        return ExitCode.Done;
    }
}
