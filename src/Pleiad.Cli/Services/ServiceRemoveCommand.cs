using System.CommandLine;
using Pleiad.Cli.Completion;
using Pleiad.Cli.Output;
using Pleiad.Cli.Running;
using Pleiad.Client.Contract;
using Pleiad.Core.Documents;

namespace Pleiad.Cli.Services;

/// <summary><c>service remove</c>: asks first, for machines end and waiting jobs are cancelled.</summary>
internal sealed class ServiceRemoveCommand : PleiadCommand
{
    private readonly Argument<string> _name = Complete.With(new Argument<string>("NAME") { Description = "The service." }, ValueKind.Service);
    private readonly Option<bool> _yes = new("--yes", "-y") { Description = "Do not ask." };

    public ServiceRemoveCommand(Terminal terminal)
        : base(terminal, "remove", "Remove a service: its machines end, its jobs that are not done are cancelled.", "pleiad service remove primes --yes")
    {
        Add(_name);
        Add(_yes);
    }

    protected override async Task<ExitCode> RunAsync(ParseResult given, CancellationToken cancellation)
    {
        var name = given.GetRequiredValue(_name);
        using var client = Connection.Open(Terminal, given);
        var service = await client.GetServiceAsync(name, cancellation);
        if (!given.GetValue(_yes) && !await ConfirmAsync(service, cancellation))
        {
            Terminal.Note($"service {name} stays");
            return ExitCode.Failed;
        }

        await client.RemoveServiceAsync(name, cancellation);
        if (given.GetValue(Given.Json))
        {
            Terminal.Json(service, ContractJson.Default.ServiceInfo);
        }
        else
        {
            Terminal.Out.WriteLine($"service {name} removed");
        }

        return ExitCode.Done;
    }

    private async Task<bool> ConfirmAsync(ServiceInfo service, CancellationToken cancellation)
    {
        if (!Terminal.AsksPeople)
        {
            throw new InvalidInputException("service remove", new InputProblem("--yes", null, "is missing and nobody can be asked here", "give --yes to remove the service without a question"));
        }

        var machines = service.Ready + service.Starting + service.Draining;
        Terminal.Error.Write($"Remove service {service.Name}, end its {machines} machines and cancel its {service.JobsWaiting} waiting jobs? [y/N] ");
        using var answers = new StreamReader(Terminal.Input, leaveOpen: true);
        var answer = await answers.ReadLineAsync(CancellationToken.None).AsTask().WaitAsync(cancellation); // a read of a terminal cannot be cancelled
        return answer?.Trim().ToUpperInvariant() is "Y" or "YES";
    }
}
