using System.Diagnostics;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Pleiad.Client;
using Pleiad.Core.Identity;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Images;
using Pleiad.Server.Hosting;

namespace Pleiad.Bench.Start;

/// <summary>The ways to start a machine that are compared.</summary>
internal sealed class StartBench : IAsyncDisposable
{
    internal const string Bare = "bare QEMU";
    internal const string Host = "Pleiad's host";
    internal const string Request = "request at the gateway, from zero";
    internal const double Goal = 1.3;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("pleiad-bench-");
    private BareStarts? _bare;
    private MachineHost? _host;
    private PleiadServer? _server;
    private PleiadClient? _client;
    private HttpClient? _gateway;
    private StoredImage _image = null!;

    internal IReadOnlyList<(string Name, Func<Task<double>> Measure)> Ways { get; private set; } = [];

    internal string Accelerator => _host!.Capabilities.Accelerator;

    internal static async Task<StartBench> PrepareAsync(Action<string> progress)
    {
        var bench = new StartBench();
        try
        {
            await bench.BeginAsync(progress);
            return bench;
        }
        catch
        {
            await bench.DisposeAsync();
            throw;
        }
    }

    /// <summary>What a machine without requests costs over some seconds, its health checks (one a second) included.</summary>
    internal async Task<(double CpuMsPerSecond, long GuestBytes, long ResidentBytes)> IdleAsync()
    {
        var machine = Order();
        await machine.Started;
        await Task.Delay(TimeSpan.FromSeconds(2));
        var watch = Stopwatch.StartNew();
        using var qemu = Process.GetProcessById(machine.Snapshot.ProcessId!.Value);
        var before = qemu.TotalProcessorTime;
        await Task.Delay(TimeSpan.FromSeconds(10));
        qemu.Refresh();
        var cost = (qemu.TotalProcessorTime - before).TotalMilliseconds / watch.Elapsed.TotalSeconds;
        var seen = machine.Snapshot;
        await machine.StopAsync();
        return (cost, seen.Guest!.MemoryUsedBytes, seen.Usage.ResidentBytes);
    }

    public async ValueTask DisposeAsync()
    {
        _gateway?.Dispose();
        _client?.Dispose();
        await (_server?.DisposeAsync() ?? default);
        await (_host?.DisposeAsync() ?? default);
        await (_bare?.DisposeAsync() ?? default);
        _directory.Delete(recursive: true);
    }

    private async Task BeginAsync(Action<string> progress)
    {
        var images = new ImageStore(DataDirectory.ImagesOf(DataDirectory.Default));
        var cache = DataDirectory.CacheOf(DataDirectory.Default);
        _image = await new UnikernelBuilder(images, new UnikernelBuilderOptions { CacheDirectory = cache }).EnsureShippedAsync(ShippedImages.Primes.Name, new Progress<string>(progress), default);
        _bare = await BareStarts.PrepareAsync(_image.Manifest.Kernel);
        _host = await MachineHost.OpenAsync(
            new MachineHostOptions
            {
                Directory = _directory.CreateSubdirectory("host").FullName,
                Namespace = "pleiad-bench-h",
                CacheDirectory = cache,
                ProbeKernel = _image.Manifest.Kernel,
                Accelerator = "tcg",
            },
            NullLoggerFactory.Instance,
            TimeProvider.System,
            default);
        _server = await PleiadServer.StartAsync(
            new PleiadServerOptions
            {
                Data = Path.Combine(_directory.FullName, "data"),
                Images = images.StoreDirectory,
                Cache = cache,
                Listen = "http://127.0.0.1:0",
                Gateway = "http://127.0.0.1:0",
                Accelerator = "tcg",
            },
            _ => { },
            TimeProvider.System,
            default);
        _client = new PleiadClient(_server.Api);
        _gateway = new HttpClient { BaseAddress = _server.Gateway };
        await _client.ApplyServiceAsync("primes", $"name: primes\nimage: {_image.Manifest.Name}\nmachinesMin: 0\nmachinesMax: 1\n", default);
        Ways = [(Bare, _bare.MeasureAsync), (Host, HostAsync), (Request, RequestAsync)];
    }

    private IMachine Order() =>
        _host!.Start(new MachineOrder(MachineId.New(), "bench", _image, _host.Addresses[0], TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(10), "a start to measure"));

    private async Task<double> HostAsync()
    {
        var machine = Order();
        var seen = await machine.Started;
        var took = seen.Start?.Duration ?? throw new InvalidOperationException(seen.FailureDetail);
        await machine.StopAsync();
        return took.TotalMilliseconds;
    }

    private async Task<double> RequestAsync()
    {
        var watch = Stopwatch.StartNew();
        using var answer = await _gateway!.GetAsync("/primes/primes?n=2");
        var took = watch.Elapsed.TotalMilliseconds;
        if (answer.StatusCode != HttpStatusCode.OK)
        {
            throw new InvalidOperationException(await answer.Content.ReadAsStringAsync());
        }

        foreach (var machine in await _client!.ListMachinesAsync(default))
        {
            await _client.EndMachineAsync(machine.Id, default);
        }

        while ((await _client.ListMachinesAsync(default)).Count > 0)
        {
            await Task.Delay(5);
        }

        return took;
    }
}
