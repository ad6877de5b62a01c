using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Pleiad.Core.Events;
using Pleiad.Gateway.Front;
using Pleiad.Gateway.Transport;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Images;
using Pleiad.Server.Api;
using Pleiad.Server.Events;
using Pleiad.Server.Fleet;
using Pleiad.Server.Jobs;
using Pleiad.Server.Metrics;
using Pleiad.State;
using Monitor = Pleiad.Server.Fleet.Monitor;

namespace Pleiad.Server.Hosting;

/// <summary>One running Pleiad: API, gateway, dispatcher, monitor and the host's machines in this process.</summary>
/// <remarks>
/// Hosts are the truth about machines, the store about intentions: a start rebuilds everything from both, so that it makes no difference how the last server ended.
/// Parts start in the order of <see cref="BeginAsync"/> and end in the reverse one.
/// </remarks>
public sealed partial class PleiadServer : IAsyncDisposable
{
    private readonly PleiadServerOptions _options;
    private readonly TimeProvider _time;
    private readonly ILoggerFactory _loggers;
    private readonly Action<ILoggingBuilder> _logging;
    private DataDirectory? _data;
    private IStateStore? _store;
    private ServerLease? _lease;
    private IMachineHost? _host;
    private EventLog? _events;
    private MachineTransport? _transport;
    private Fleets? _fleets;
    private Monitor? _monitor;
    private WebApplication? _api;
    private WebApplication? _gateway;
    private int _disposed;

    private PleiadServer(PleiadServerOptions options, Action<ILoggingBuilder> logging, TimeProvider time)
    {
        _options = options;
        _logging = logging;
        _loggers = LoggerFactory.Create(logging);
        _time = time;
    }

    /// <summary>Address of the API with its real port.</summary>
    public Uri Api { get; private set; } = new("http://127.0.0.1");

    /// <summary>Address of the gateway with its real port.</summary>
    public Uri Gateway { get; private set; } = new("http://127.0.0.1");

    /// <summary>What the host offers.</summary>
    public HostCapabilities Capabilities => _host?.Capabilities ?? throw new InvalidOperationException("The server has not started.");

    /// <summary>Fails when the server cannot work on: its lease was lost. Completes when it is stopped.</summary>
    public Task Broken => _lease?.Lost ?? Task.CompletedTask;

    /// <summary>Starts a server; when this returns, API and gateway answer.</summary>
    /// <param name="options">How it runs.</param>
    /// <param name="logging">Adds the caller's log sinks.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellation">Ends the start; whatever was begun is undone.</param>
    /// <exception cref="Core.Documents.InvalidInputException">An option cannot be used: a port in use, a data directory in use.</exception>
    /// <exception cref="StateException">The store cannot be used.</exception>
    /// <exception cref="MachineHostException">This host cannot run machines.</exception>
    public static async Task<PleiadServer> StartAsync(PleiadServerOptions options, Action<ILoggingBuilder> logging, TimeProvider time, CancellationToken cancellation)
    {
        var server = new PleiadServer(options, logging, time);
        try
        {
            await server.BeginAsync(cancellation);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops in order: no new work, drained within the limit, machines ended (or kept), jobs put back, the lease given back.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        // Each step by itself: what one cannot end must not keep the next from ending what it holds.
        var started = _api is not null;
        await StepAsync("end the work", () => _fleets?.EndAsync("the server stops", _options.DrainTimeout, _options.KeepMachines));
        await StepAsync("stop listening", () => Task.WhenAll(StopAsync(_gateway), StopAsync(_api)));
        await StepAsync("end the monitor", () => _monitor?.DisposeAsync().AsTask());
        await StepAsync("end the fleets", () => _fleets?.DisposeAsync().AsTask());
        _transport?.Dispose();
        await StepAsync("end the host", () => _host?.DisposeAsync().AsTask());
        if (_events is not null && started)
        {
            _events.Record(EventKind.ServerStopped, _options.KeepMachines ? "stopped in order; its machines run on" : "stopped in order");
        }

        await StepAsync("write the last events", () => _events?.DisposeAsync().AsTask());
        await StepAsync("give the lease back", () => _lease?.DisposeAsync().AsTask());
        await StepAsync("close the store", () => _store?.DisposeAsync().AsTask());
        _data?.Dispose();
        _loggers.Dispose();
    }

    private async Task StepAsync(string name, Func<Task?> step)
    {
        try
        {
            await (step() ?? Task.CompletedTask);
        }
        catch (Exception error)
        {
            LogStep(_loggers.CreateLogger<PleiadServer>(), name, error);
        }
    }

    private async Task BeginAsync(CancellationToken cancellation)
    {
        var apiAddress = ListenAddress.Parse("--listen", _options.Listen, _options.Token);
        var gatewayAddress = ListenAddress.Parse("--gateway", _options.Gateway, _options.Token);
        apiAddress.CheckFree();
        gatewayAddress.CheckFree();
        _data = DataDirectory.Open(_options.Data);
        var images = new ImageStore(_options.Images ?? DataDirectory.ImagesOf(_data.Path), _time);

        var state = _options.State ?? $"sqlite:{Path.Combine(_data.Path, "state.db")}";
        _store = StateStores.Open(state, _loggers.CreateLogger("Pleiad.State"));
        await _store.MigrateAsync(cancellation);
        _lease = await ServerLease.TakeAsync(_store, $"{Environment.MachineName}:{_data.Path}", StateStores.IsFile(state), _time, cancellation);
        _events = new EventLog(_store, _time, _loggers.CreateLogger<EventLog>());
        _events.Record(EventKind.ServerStarted, $"version {ServerEndpoints.Version}, data {_data.Path}");

        _host = await OpenHostAsync(images, _events, cancellation);
        _transport = new MachineTransport(new HostConnector(_host), null, _time);
        var context = new FleetContext(_store, _host, _transport, _events, new JobEnds(_store, _time), _time, _loggers.CreateLogger("Pleiad.Server.Fleet"));
        _fleets = new Fleets(context, images, _data.Path);
        await _fleets.LoadAsync(cancellation);
        _fleets.Start(await TakeOverAsync(_store, _host, _fleets, _events, cancellation));
        var gatewayEvents = new GatewayEvents(_events);
        _monitor = new Monitor(context, _fleets, gatewayEvents, _options);
        _monitor.Start();

        var requests = new RequestDurations();
        var api = new ApiContext(_options, _fleets, _store, images, _host, _events, context.JobEnds, requests, _time, _time.GetUtcNow());
        _gateway = await ListenAsync(
            gatewayAddress,
            kestrel => kestrel.ConfigureForGateway(),
            services => services.AddSingleton<IServiceDirectory>(_fleets).AddSingleton(_transport).AddGateway(options => (options.Happened, options.Finished) = (gatewayEvents.Count, requests.Count)),
            app => app.UseGatewayToken(_options, gatewayAddress).UseGateway(),
            cancellation);
        Gateway = api.Gateway = AddressOf(_gateway);
        _api = await ListenAsync(apiAddress, kestrel => kestrel.AddServerHeader = false, services => services.AddApi(), app => app.UseApi(api), cancellation);
        Api = api.Api = AddressOf(_api);
    }

    /// <summary>Takes over what an earlier server left: its machines, the addresses they hold, the jobs that were running.</summary>
    private async Task<IReadOnlyList<IMachine>> TakeOverAsync(IStateStore store, IMachineHost host, Fleets fleets, EventLog events, CancellationToken cancellation)
    {
        var now = _time.GetUtcNow();

        // A machine whose address this store does not know as its own (the state was lost, or is another) would meet a new one there.
        var held = (await store.ListAddressesAsync(cancellation)).Where(address => address.Machine is not null).ToDictionary(address => address.Machine!.Value, address => address.Address);
        var found = await host.AdoptAsync(order => fleets.Wants(order) && held.TryGetValue(order.Id, out var address) && address == order.Address, cancellation);
        foreach (var removed in found.Removed)
        {
            events.Record(EventKind.LeftoverRemoved, removed);
        }

        await store.SetAddressPoolAsync(host.Addresses, cancellation);
        var adopted = found.Adopted.ToDictionary(machine => machine.Snapshot.Id);
        foreach (var address in await store.ListAddressesAsync(cancellation))
        {
            if (address.Machine is { } holder && !adopted.ContainsKey(holder))
            {
                await store.ReleaseAddressAsync(holder, now, cancellation);
            }
        }

        var gone = (await store.ListMachinesAsync(cancellation)).Select(machine => machine.Id).Where(id => !adopted.ContainsKey(id)).ToList();
        await store.RemoveMachinesAsync(gone, cancellation);
        foreach (var (id, machine) in adopted)
        {
            // Its start may have ended between the first answer and the note that the address is taken.
            await store.TakeAddressAsync(id, cancellation);
            events.Record(EventKind.MachineAdopted, $"runs since {machine.Snapshot.Started:u} at {machine.Snapshot.Address}", machine.Snapshot.Service, id.Value);
        }

        foreach (var job in await store.RequeueJobsAsync(null, now, cancellation))
        {
            events.Record(EventKind.JobRequeued, "it was running when the last server ended", job: job.ToString());
        }

        return found.Adopted;
    }

    private string Cache => _options.Cache ?? DataDirectory.CacheOf(_data!.Path);

    private async Task<IMachineHost> OpenHostAsync(ImageStore images, EventLog events, CancellationToken cancellation) => await MachineHost.OpenAsync(
        new MachineHostOptions
        {
            Directory = DataDirectory.MachinesOf(_data!.Path),
            Namespace = DataDirectory.NamespaceOf(_data.Path),
            CacheDirectory = Cache,
            ProbeKernel = await ProbeImage.FindAsync(images, Cache, new LoggedSteps(_loggers.CreateLogger<PleiadServer>()), _time, cancellation),
            Accelerator = _options.Accelerator,
            Network = _options.Network,
            HealthInterval = _options.HealthInterval,
            KeepMachines = _options.KeepMachines,
            AddressCount = _options.AddressCount,
            Noticed = notice => events.Record(
                notice.Kind == HostNoticeKind.TemplateReady ? EventKind.TemplateReady : EventKind.TemplateFailed, $"image {notice.Image}: {notice.Reason}"),
        },
        _loggers,
        _time,
        cancellation);

    private async Task<WebApplication> ListenAsync(ListenAddress address, Action<KestrelServerOptions> limits, Action<IServiceCollection> add, Action<WebApplication> use, CancellationToken cancellation)
    {
        // The empty builder reads no files and no environment: how it runs is said by the options alone.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            limits(kestrel);
            address.Listen(kestrel);
        });
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, SignalsAreTheProgramsOwn>();
        _logging(builder.Logging);
        add(builder.Services);
        var app = builder.Build();
        try
        {
            use(app);
            await app.StartAsync(cancellation);
            return app;
        }
        catch (IOException error) when (error.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException)
        {
            await app.DisposeAsync();
            throw address.InUse(error);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    private static Uri AddressOf(WebApplication app) => new(app.Urls.First());

    private static async Task StopAsync(WebApplication? app)
    {
        if (app is not null)
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2));
            await app.StopAsync(limit.Token);
            await app.DisposeAsync();
        }
    }

    /// <summary>Tells what takes time while a server starts, so that nobody waits without knowing for what.</summary>
    private sealed class LoggedSteps(ILogger logger) : IProgress<string>
    {
        public void Report(string value) => LogStarting(logger, value);
    }

    [LoggerMessage(4401, LogLevel.Information, "Starting: {Step}")]
    private static partial void LogStarting(ILogger logger, string step);

    [LoggerMessage(4400, LogLevel.Error, "The server stops and could not {Step}")]
    private static partial void LogStep(ILogger logger, string step, Exception error);
}
