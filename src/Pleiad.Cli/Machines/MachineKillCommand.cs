using System.CommandLine;
using Pleiad.Cli.Output;
using Pleiad.Cli.Running;
using Pleiad.Client.Contract;

namespace Pleiad.Cli.Machines;

/// <summary><c>machine kill</c>.</summary>
internal sealed class MachineKillCommand : PleiadCommand
{
    private readonly MachineArgument _machine = new();

    public MachineKillCommand(Terminal terminal)
        : base(terminal, "kill", "End a machine at once; the monitor starts another when the service needs one.", "pleiad machine kill m-k3v9") => _machine.AddTo(this);

    protected override async Task<ExitCode> RunAsync(ParseResult given, CancellationToken cancellation)
    {
        using var client = Connection.Open(Terminal, given);
        var machine = await client.EndMachineAsync(await _machine.FindAsync(client, given, cancellation), cancellation);
        if (given.GetValue(Given.Json))
        {
            Terminal.Json(machine, ContractJson.Default.MachineInfo);
        }
        else
        {
            Terminal.Out.WriteLine($"machine {machine.Id} of service {machine.Service} is being ended");
        }

        return ExitCode.Done;
    }
}
