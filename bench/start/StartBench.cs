using System.Diagnostics;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Pleiad.Client;
using Pleiad.Core.Identity;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Images;
using Pleiad.Machines.Images.Linux;
using Pleiad.Server.Hosting;
using Pleiad.TestKit;

namespace Pleiad.Bench.Start;

/// <summary>The ways to start a machine that are compared.</summary>
internal sealed class StartBench : IAsyncDisposable
{
    internal const string Bare = "bare QEMU";
    internal const string Unikernel = "unikernel";
    internal const string Linux = "Linux";
    internal const string Request = "request at the gateway, from zero, cold";
    internal const string WarmRequest = "request at the gateway, from zero, with a spare";
    internal const double Goal = 1.3;

    private const string Warm = "warm";

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("pleiad-bench-");
    private BareStarts? _bare;
    private MachineHost? _host;
    private PleiadServer? _server;
    private PleiadClient? _client;
    private HttpClient? _gateway;
    private StoredImage _image = null!;

    /// <summary>Machines of the unikernel, and with <c>--linux</c> of the C# service on Debian's kernel.</summary>
    internal IReadOnlyList<MachineWays> Machines { get; private set; } = [];

    internal IReadOnlyList<(string Name, Func<Task<double>> Measure)> Ways { get; private set; } = [];

    internal string Accelerator => _host!.Capabilities.Accelerator;

    internal static async Task<StartBench> PrepareAsync(bool linux, Action<string> progress, CancellationToken cancellation)
    {
        var bench = new StartBench();
        try
        {
            await bench.BeginAsync(linux, progress, cancellation);
            return bench;
        }
        catch
        {
            await bench.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until all spares are there that were taken before: making one takes the processors that what is measured next needs.</summary>
    internal async Task SettleAsync(CancellationToken cancellation)
    {
        foreach (var ways in Machines)
        {
            await ways.ReadyAsync(cancellation);
        }

        while ((await _client!.GetServiceAsync(Warm, cancellation)).SparesReady < 1)
        {
            await Task.Delay(5, cancellation);
        }
    }

    /// <summary>What a machine without requests costs over some seconds, its health checks (one a second) included.</summary>
    internal async Task<(double CpuMsPerSecond, long GuestBytes, long ResidentBytes)> IdleAsync(CancellationToken cancellation)
    {
        var machine = Order();
        await machine.Started.WaitAsync(cancellation);
        await Task.Delay(TimeSpan.FromSeconds(2), cancellation);
        var watch = Stopwatch.StartNew();
        using var qemu = Process.GetProcessById(machine.Snapshot.ProcessId!.Value);
        var before = qemu.TotalProcessorTime;
        await Task.Delay(TimeSpan.FromSeconds(10), cancellation);
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

    private async Task BeginAsync(bool linux, Action<string> progress, CancellationToken cancellation)
    {
        var images = new ImageStore(DataDirectory.ImagesOf(DataDirectory.Default));
        var cache = DataDirectory.CacheOf(DataDirectory.Default);
        _image = await new UnikernelBuilder(images, new UnikernelBuilderOptions { CacheDirectory = cache }).EnsureShippedAsync(ShippedImages.Primes.Name, new Progress<string>(progress), cancellation);
        _bare = await BareStarts.PrepareAsync(_image.Manifest.Kernel);
        _host = await MachineHost.OpenAsync(
            new MachineHostOptions
            {
                Directory = _directory.CreateSubdirectory("host").FullName,
                Namespace = "pleiad-bench-h",
                CacheDirectory = cache,
                ProbeKernel = _image.Manifest.Kernel,
                Accelerator = "tcg",
                AddressCount = 64,
            },
            NullLoggerFactory.Instance,
            TimeProvider.System,
            cancellation);
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
            cancellation);
        _client = new PleiadClient(_server.Api);
        _gateway = new HttpClient { BaseAddress = _server.Gateway };
        await ApplyAsync("cold", "start: cold", cancellation);
        await ApplyAsync(Warm, "spares: 1", cancellation);
        Machines = [new MachineWays(_host, _image, Unikernel), .. linux ? [new MachineWays(_host, await LinuxAsync(images, cache, progress, cancellation), Linux)] : Array.Empty<MachineWays>()];
        _host.Prepare([.. Machines.SelectMany(ways => ways.Wanted)]);
        Ways = [(Bare, _bare.MeasureAsync), .. Machines.SelectMany(ways => ways.All), (Request, () => RequestAsync("cold")), (WarmRequest, () => RequestAsync(Warm))];
    }

    private Task<AppliedService> ApplyAsync(string name, string keys, CancellationToken cancellation) =>
        _client!.ApplyServiceAsync(name, $"name: {name}\nimage: {_image.Manifest.Name}\nmachinesMin: 0\nmachinesMax: 1\n{keys}\n", cancellation);

    private static async Task<StoredImage> LinuxAsync(ImageStore images, string cache, Action<string> progress, CancellationToken cancellation)
    {
        progress("publishing the C# service …");
        var order = new LinuxBuildOrder { Name = "bench-linux", Source = await LinuxPrimesProgram.PathAsync() };
        return (await new LinuxBuilder(images, new LinuxBuilderOptions { CacheDirectory = cache }).BuildAsync(order, new Progress<string>(progress), cancellation)).Image;
    }

    private IMachine Order() =>
        _host!.Start(new MachineOrder(MachineId.New(), "bench", _image, _host.Addresses[0], TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(10), "a start to measure"));

    private async Task<double> RequestAsync(string service)
    {
        var watch = Stopwatch.StartNew();
        using var answer = await _gateway!.GetAsync($"/{service}/primes?n=2");
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
