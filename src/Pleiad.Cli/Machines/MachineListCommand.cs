using System.CommandLine;
using Pleiad.Cli.Completion;
using Pleiad.Cli.Output;
using Pleiad.Cli.Running;
using Pleiad.Client.Contract;

namespace Pleiad.Cli.Machines;

/// <summary><c>machine list</c>.</summary>
internal sealed class MachineListCommand : PleiadCommand
{
    private readonly Option<string?> _service = Complete.With(Given.Text("--service", "NAME", "Only machines of this service."), ValueKind.Service);
    private readonly Option<bool> _watch = new("--watch", "-w") { Description = "Show the list again whenever it changes, until Ctrl-C." };

    public MachineListCommand(Terminal terminal)
        : base(terminal, "list", "The machines that run: address, slots, CPU, RAM, why each was started.", "pleiad machine list", "pleiad machine list --watch")
    {
        Add(_service);
        Add(_watch);
    }

    protected override async Task<ExitCode> RunAsync(ParseResult given, CancellationToken cancellation)
    {
        var json = given.GetValue(Given.Json);
        var watch = given.GetValue(_watch);
        using var client = Connection.Open(Terminal, given, watch ? Connection.Patient() : null);
        if (watch)
        {
            return await Watch.RunAsync(Terminal, LookAsync, Draw, json ? machines => Terminal.JsonLine(machines, ContractJson.Default.IReadOnlyListMachineInfo) : null, cancellation);
        }

        var machines = await LookAsync(cancellation);
        if (json)
        {
            Terminal.Json(machines, ContractJson.Default.IReadOnlyListMachineInfo);
        }
        else
        {
            Terminal.Table(Draw(machines));
        }

        return ExitCode.Done;

        TextTable Draw(IReadOnlyList<MachineInfo> seen) => MachineTables.List(seen, Terminal.Time);

        async Task<IReadOnlyList<MachineInfo>> LookAsync(CancellationToken end) =>
            [.. (await client.ListMachinesAsync(end)).Where(machine => given.GetValue(_service) is not { } service || machine.Service == service)];
    }
}
