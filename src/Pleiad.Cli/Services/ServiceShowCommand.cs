using System.CommandLine;
using Pleiad.Cli.Completion;
using Pleiad.Cli.Output;
using Pleiad.Cli.Running;
using Pleiad.Client.Contract;

namespace Pleiad.Cli.Services;

/// <summary><c>service show</c>.</summary>
internal sealed class ServiceShowCommand : PleiadCommand
{
    private readonly Argument<string> _name = Complete.With(new Argument<string>("NAME") { Description = "The service." }, ValueKind.Service);

    public ServiceShowCommand(Terminal terminal)
        : base(terminal, "show", "One service: its settings in force, machines, queue, last plan, and how far a change of its image is.", "pleiad service show primes") => Add(_name);

    protected override async Task<ExitCode> RunAsync(ParseResult given, CancellationToken cancellation)
    {
        using var client = Connection.Open(Terminal, given);
        var service = await client.GetServiceAsync(given.GetRequiredValue(_name), cancellation);
        if (given.GetValue(Given.Json))
        {
            Terminal.Json(service, ContractJson.Default.ServiceInfo);
        }
        else
        {
            ServiceTables.Show(Terminal, service);
        }

        return ExitCode.Done;
    }
}
