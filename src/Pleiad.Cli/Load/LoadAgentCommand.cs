using System.CommandLine;
using Pleiad.Cli.Running;
using Pleiad.Load.Agents;

namespace Pleiad.Cli.Load;

/// <summary><c>load agent</c>.</summary>
internal sealed class LoadAgentCommand : PleiadCommand
{
    private readonly Option<string?> _listen = Given.Text("--listen", "URL", "Where to listen (http://127.0.0.1:7075 unless given); any other address than this machine's own needs a token.", text => LoadGiven.Url(text) is not null, "give an address such as http://0.0.0.0:7075");

    public LoadAgentCommand(Terminal terminal)
        : base(terminal, "agent", "Take a share of the load of runs that others begin with 'load run --agent', until Ctrl-C.", "pleiad load agent", "pleiad load agent --listen http://0.0.0.0:7075 --token-file token")
    {
        Add(_listen);
        Add(Connection.TokenFile);
    }

    protected override async Task<ExitCode> RunAsync(ParseResult given, CancellationToken cancellation)
    {
        var listen = LoadGiven.Url(given.GetValue(_listen) ?? "http://127.0.0.1:7075")!;
        await using var agent = await LoadEndpoints.StartAsync(listen, Connection.Token(Terminal, given.GetValue(Connection.TokenFile)), null, Terminal.Time, cancellation);
        Terminal.Out.WriteLine($"agent: {agent.Address}");
        await Task.Delay(Timeout.InfiniteTimeSpan, Terminal.Time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return ExitCode.Done;
    }
}
