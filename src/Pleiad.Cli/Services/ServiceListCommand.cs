using System.CommandLine;
using Pleiad.Cli.Output;
using Pleiad.Cli.Running;
using Pleiad.Client.Contract;

namespace Pleiad.Cli.Services;

/// <summary><c>service list</c>.</summary>
internal sealed class ServiceListCommand(Terminal terminal) : PleiadCommand(terminal, "list", "All services and how they stand.", "pleiad service list")
{
    protected override async Task<ExitCode> RunAsync(ParseResult given, CancellationToken cancellation)
    {
        using var client = Connection.Open(Terminal, given);
        var services = await client.ListServicesAsync(cancellation);
        if (given.GetValue(Given.Json))
        {
            Terminal.Json(services, ContractJson.Default.IReadOnlyListServiceInfo);
            return ExitCode.Done;
        }

        Terminal.Table(ServiceTables.List(services));
        if (services.Count == 0)
        {
            Terminal.Note("There is no service yet; 'pleiad service apply -f service.yaml' adds one.");
        }

        return ExitCode.Done;
    }
}
