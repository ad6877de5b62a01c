using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Pleiad.Cli.Output;
using Pleiad.Cli.Running;
using Pleiad.Client;
using Pleiad.Client.Contract;
using Pleiad.Machines.Hosting;
using Pleiad.Server.Hosting;

namespace Pleiad.Cli.Up;

/// <summary><c>up</c>: the server in this process until it is asked to end.</summary>
internal sealed class UpCommand : PleiadCommand
{
    private readonly Option<string?> _listen = Given.Text("--listen", "URL", "Address of API and console (http://127.0.0.1:7070 unless given); others than loopback need a token.");
    private readonly Option<string?> _gateway = Given.Text("--gateway", "URL", "Address of the gateway (http://127.0.0.1:7080 unless given).");
    private readonly Option<bool> _gatewayPublic = new("--gateway-public") { Description = "Let a gateway off loopback answer without the token." };
    private readonly Option<string?> _state = Given.Text("--state", "STORE", "sqlite:FILE or postgres://… (state.db in the data directory unless given).");
    private readonly Option<string?> _data = Given.Data();
    private readonly Option<string?> _tokenFile = Given.Text("--token-file", "FILE", "File that holds the token callers must show (env PLEIAD_TOKEN: the token itself).");
    private readonly Option<string?> _network = Given.Choice("--network", "MODE", "namespace or user (the best there is unless given).", "namespace", "user");
    private readonly Option<string?> _accelerator = Given.Choice("--accelerator", "NAME", "kvm or tcg (the quickest that works unless given).", "kvm", "tcg");
    private readonly Option<bool> _keepMachines = new("--keep-machines") { Description = "Leave machines running at the end, for the next start to take over." };

    public UpCommand(Terminal terminal)
        : base(terminal, "up", "Run the server: API, gateway and machines, until Ctrl-C.", "pleiad up", "pleiad up --listen http://0.0.0.0:7070 --token-file token --state postgres://pleiad@db/pleiad")
    {
        foreach (var option in (Option[])[_listen, _gateway, _gatewayPublic, _state, _data, _tokenFile, _network, _accelerator, _keepMachines])
        {
            Add(option);
        }
    }

    protected override async Task<ExitCode> RunAsync(ParseResult given, CancellationToken cancellation)
    {
        var options = OptionsOf(given);
        await using var server = await PleiadServer.StartAsync(options, Log, Terminal.Time, cancellation);
        using (var client = new PleiadClient(Reachable(server.Api), options.Token))
        {
            Announce(await client.GetServerAsync(cancellation), given.GetValue(Given.Json));
        }

        var asked = Task.Delay(Timeout.InfiniteTimeSpan, Terminal.Time, cancellation);
        if (await Task.WhenAny(asked, server.Broken) == server.Broken && !cancellation.IsCancellationRequested)
        {
            await server.Broken;
            throw new CommandFailedException("the server ended by itself; its log above says why");
        }

        Terminal.Note("ending in order; again to end at once");
        return ExitCode.Done;
    }

    private PleiadServerOptions OptionsOf(ParseResult given)
    {
        var options = new PleiadServerOptions
        {
            Data = Path.GetFullPath(given.GetValue(_data) ?? DataDirectory.Default),
            State = given.GetValue(_state),
            Token = Connection.Token(Terminal, given.GetValue(_tokenFile)),
            GatewayPublic = given.GetValue(_gatewayPublic),
            Accelerator = given.GetValue(_accelerator),
            Network = given.GetValue(_network) switch { "namespace" => NetworkMode.Namespace, "user" => NetworkMode.User, _ => null },
            KeepMachines = given.GetValue(_keepMachines),
        };
        options.Listen = given.GetValue(_listen) ?? options.Listen;
        options.Gateway = given.GetValue(_gateway) ?? options.Gateway;
        return options;
    }

    private void Announce(ServerInfo server, bool json)
    {
        if (json)
        {
            Terminal.JsonLine(server, ContractJson.Default.ServerInfo);
            return;
        }

        Terminal.Properties(
            ("API", server.Api),
            ("gateway", server.Gateway),
            ("data", server.Data),
            ("state", server.State),
            ("QEMU", server.Qemu),
            ("accelerator", $"{server.Accelerator} ({server.AcceleratorReason})"),
            ("network", $"{server.Network} ({server.NetworkReason})"),
            ("addresses", $"{server.AddressesFree} of {server.AddressesTotal} free"));
    }

    private void Log(ILoggingBuilder logging)
    {
        // Standard output is for the addresses alone.
        logging.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "yyyy-MM-dd HH:mm:ss.fff ";
            console.ColorBehavior = Terminal.HasColours ? LoggerColorBehavior.Default : LoggerColorBehavior.Disabled;
        });
        logging.SetMinimumLevel(Terminal.IsDebugging ? LogLevel.Debug : LogLevel.Information);
        logging.AddFilter("Microsoft.AspNetCore", Terminal.IsDebugging ? LogLevel.Information : LogLevel.Warning);
        logging.AddFilter("Microsoft.Hosting.Lifetime", Terminal.IsDebugging ? LogLevel.Information : LogLevel.Warning); // the addresses are said on standard output
        logging.AddFilter("Yarp", LogLevel.Warning);
    }

    /// <summary>A server that listens on every address is asked at this machine's own.</summary>
    private static Uri Reachable(Uri api) => api.Host is "0.0.0.0" or "[::]" or "::" ? new UriBuilder(api) { Host = "127.0.0.1" }.Uri : api;
}
