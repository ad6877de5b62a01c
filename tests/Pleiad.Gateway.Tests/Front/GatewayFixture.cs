using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Pleiad.Core.Identity;
using Pleiad.Gateway.Dispatch;
using Pleiad.Gateway.Front;
using Pleiad.Gateway.Transport;

namespace Pleiad.Gateway.Tests.Front;

/// <summary>A gateway on a loopback port with the service <c>primes</c>; machines are added by the test.</summary>
internal sealed class GatewayFixture : IServiceDirectory, IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly List<WebApplication> _machines = [];
    private readonly ConcurrentQueue<GatewayEvent> _events = new();

    private GatewayFixture(DispatcherOptions bounds, Action<GatewayOptions>? configure, IMachineConnector? connector)
    {
        Dispatcher = new Dispatcher("primes", bounds, TimeProvider.System);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureForGateway().Listen(IPAddress.Loopback, 0));
        builder.Services.AddSingleton<IServiceDirectory>(this);
        builder.Services.AddSingleton(connector ?? new LoopbackConnector());
        builder.Services.AddGateway(options =>
        {
            options.Happened = _events.Enqueue;
            configure?.Invoke(options);
        });
        _app = builder.Build();
        _app.UseGateway();
    }

    public Dispatcher Dispatcher { get; }

    public int Port { get; private set; }

    public string? Why { get; set; }

    public IReadOnlyList<GatewayEvent> Events => [.. _events];

    public MachineTransport Transport => _app.Services.GetRequiredService<MachineTransport>();

    /// <summary>A client that keeps headers and errors as they come.</summary>
    public HttpClient Client { get; private set; } = null!;

    public static async Task<GatewayFixture> StartAsync(
        int queueLimit = 1000, TimeSpan? deadline = null, Action<GatewayOptions>? configure = null, IMachineConnector? connector = null)
    {
        var gateway = new GatewayFixture(new DispatcherOptions(queueLimit, deadline ?? TimeSpan.FromSeconds(30)), configure, connector);
        await gateway._app.StartAsync();
        gateway.Port = PortOf(gateway._app);
        gateway.Client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false })
        {
            BaseAddress = new Uri($"http://127.0.0.1:{gateway.Port}/primes/"),
        };
        return gateway;
    }

    public IDispatcher? Find(string service) => service == "primes" ? Dispatcher : null;

    public string? WhyUnavailable(string service) => Why;

    public void Add(RawMachine machine, int slots = 5) => Dispatcher.AddMachine(machine.Id, machine.Address, slots);

    /// <summary>Adds a machine that is a Kestrel of its own.</summary>
    public async Task<MachineId> AddAsync(RequestDelegate serve, int slots = 5)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, 0);
        });
        var machine = builder.Build();
        machine.UseWebSockets();
        machine.Run(serve);
        await machine.StartAsync();
        _machines.Add(machine);
        var id = MachineId.New();
        Dispatcher.AddMachine(id, new MachineAddress(IPAddress.Loopback, PortOf(machine)), slots);
        return id;
    }

    public Task<RawPeer> ConnectAsync() => RawPeer.ConnectAsync(Port);

    /// <summary>Waits until every slot is free and nobody waits.</summary>
    public Task IdleAsync() => Waiting.UntilAsync(
        () => Dispatcher.Observe() is { InFlight: 0, Waiting: 0 }, () => Dispatcher.Observe().ToString());

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        Dispatcher.Close();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _app.StopAsync(limit.Token);
        await _app.DisposeAsync();
        foreach (var machine in _machines)
        {
            await machine.StopAsync(limit.Token);
            await machine.DisposeAsync();
        }
    }

    private static int PortOf(WebApplication app) =>
        new Uri(app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Single()).Port;
}

internal static class FeatureCollectionExtensions
{
    public static T GetRequiredFeature<T>(this Microsoft.AspNetCore.Http.Features.IFeatureCollection features)
        where T : notnull => features.Get<T>() ?? throw new InvalidOperationException($"{typeof(T).Name} is missing.");
}
