using System.CommandLine;
using Pleiad.Cli.Output;
using Pleiad.Cli.Running;
using Pleiad.Client.Contract;
using Pleiad.Core.Documents;
using Pleiad.Core.Services;

namespace Pleiad.Cli.Services;

/// <summary><c>service apply</c>: checked here first, so that wrong input reaches no server.</summary>
internal sealed class ServiceApplyCommand : PleiadCommand
{
    private readonly Option<string> _file = new("--file", "-f") { Description = "The service.yaml; '-' reads stdin.", HelpName = "FILE", Required = true };

    public ServiceApplyCommand(Terminal terminal)
        : base(terminal, "apply", "Add a service, or change it; with another image its machines are changed one by one, and none ends before another answers.", "pleiad service apply -f service.yaml", "pleiad service apply -f - < service.yaml") => Add(_file);

    protected override async Task<ExitCode> RunAsync(ParseResult given, CancellationToken cancellation)
    {
        var file = given.GetRequiredValue(_file);
        var text = await InputFile.ReadTextAsync(Terminal, "--file", file, DocumentMap.LengthMax * 4, cancellation);
        var spec = ServiceDocument.Parse(text, file == "-" ? "stdin" : Path.GetFileName(file));
        using var client = Connection.Open(Terminal, given);
        var applied = await client.ApplyServiceAsync(spec.Name, text, cancellation);
        if (given.GetValue(Given.Json))
        {
            Terminal.Json(applied.Service, ContractJson.Default.ServiceInfo);
        }
        else
        {
            var change = applied.Service.Change is null ? "" : $"; its machines are changed for others one by one: 'pleiad service show {spec.Name}' says how far that is";
            Terminal.Out.WriteLine($"service {spec.Name} {(applied.Created ? "added" : "changed")}{change}");
        }

        return ExitCode.Done;
    }
}
