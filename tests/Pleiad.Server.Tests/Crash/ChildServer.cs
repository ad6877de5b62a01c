using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using Pleiad.Client;
using Pleiad.Client.Contract;
using Pleiad.Machines.Hosting;
using Pleiad.Server.Hosting;
using Pleiad.Server.Tests.BadInput;
using Pleiad.Server.Tests.Running;
using Pleiad.TestKit;
using Shouldly;

namespace Pleiad.Server.Tests.Crash;

/// <summary>The real program, <c>pleiad up</c>, as a process of its own that can be killed, on a data directory that outlives it.</summary>
internal sealed class ChildServer : IAsyncDisposable
{
    private readonly TempDirectory _directory = new("crash");
    private readonly ConcurrentQueue<string> _log = new();
    private readonly string? _state;
    private readonly string? _data;
    private Process _process = null!;
    private bool _running;

    private ChildServer(string? state, string? data)
    {
        _state = state;
        _data = data;
    }

    internal PleiadClient Client { get; private set; } = null!;

    internal Uri Gateway { get; private set; } = null!;

    internal string Data => _data ?? _directory.File("d");

    /// <param name="state">Address of its store; a file in its data directory unless given.</param>
    /// <param name="data">Its data directory, not made yet; a temporary one unless given.</param>
    internal static async Task<ChildServer> StartAsync(string? state = null, string? data = null)
    {
        await TestImages.EnsureAsync();
        var server = new ChildServer(state, data);
        Directory.CreateDirectory(server.Data);
        Directory.CreateSymbolicLink(Path.Combine(server.Data, "images"), TestImages.Store);
        Directory.CreateSymbolicLink(Path.Combine(server.Data, "cache"), TestImages.Cache);
        try
        {
            await server.UpAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts the program and waits until it says where it listens.</summary>
    internal async Task UpAsync()
    {
        var start = new ProcessStartInfo(PleiadProgram.Dotnet) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])[
            PleiadProgram.Assembly, "up", "--json", "--listen", "http://127.0.0.1:0", "--gateway", "http://127.0.0.1:0", "--data", Data,
            "--accelerator", "tcg", .. _state is null ? (string[])[] : ["--state", _state]])
        {
            start.ArgumentList.Add(argument);
        }

        // A killed .NET process leaves its diagnostic pipes in the temporary directory.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        _process = Process.Start(start)!;
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.BeginErrorReadLine();
        _running = true;
        if (await _process.StandardOutput.ReadLineAsync().WaitAsync(TestServer.Limit) is not { } announced)
        {
            await _process.WaitForExitAsync().WaitAsync(TestServer.Limit);
            _process.Dispose();
            _running = false;
            throw new InvalidOperationException("it ended before it listened:\n" + Log);
        }

        var info = JsonSerializer.Deserialize(announced, ContractJson.Default.ServerInfo)!;
        Client = new PleiadClient(new Uri(info.Api));
        Gateway = new Uri(info.Gateway);
    }

    internal string Log => string.Join("\n", _log);

    /// <summary>Ends it as a crash does.</summary>
    internal async Task KillAsync()
    {
        Signals.Send(_process.Id, Signals.Kill);
        await _process.WaitForExitAsync().WaitAsync(TestServer.Limit);
        Client.Dispose();
        _process.Dispose();
        _running = false;
    }

    /// <summary>Waits until it ended without being asked to.</summary>
    /// <returns>Its exit status.</returns>
    internal async Task<int> EndsByItselfAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(TestServer.Limit);
        var status = _process.ExitCode;
        Client.Dispose();
        _process.Dispose();
        _running = false;
        return status;
    }

    /// <summary>Ends it as an operator does.</summary>
    internal async Task TerminateAsync()
    {
        Signals.Send(_process.Id, Signals.Terminate);
        await _process.WaitForExitAsync().WaitAsync(TestServer.Limit);
        _process.ExitCode.ShouldBe(0, Log);
        Client.Dispose();
        _process.Dispose();
        _running = false;
    }

    internal async Task ApplyAsync(string keys) => await Client.ApplyServiceAsync("primes", $"name: primes\nimage: primes-unikernel\n{keys}\n", default);

    internal Task ReadyAsync(int count, string name = "primes") => Eventually.BecomesTrueAsync(
        async () => (await Client.GetServiceAsync(name, default)).Ready >= count, TestServer.Limit, async () => $"{await Client.GetServiceAsync(name, default)}\n{Log}");

    public async ValueTask DisposeAsync()
    {
        if (_running)
        {
            // A failing test: what it checked is in its own error.
            await KillAsync();
            await MachineHost.SweepAsync(DataDirectory.MachinesOf(Data), DataDirectory.NamespaceOf(Data), TimeProvider.System, default);
        }
        else
        {
            Leftovers.Of(Data).ShouldBeEmpty(Log);
        }

        _directory.Dispose();
    }

    private void Keep(string? line)
    {
        if (line is not null)
        {
            _log.Enqueue(line);
            while (_log.Count > 500)
            {
                _log.TryDequeue(out _);
            }
        }
    }
}
