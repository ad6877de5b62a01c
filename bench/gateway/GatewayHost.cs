using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Pleiad.Core.Identity;
using Pleiad.Gateway.Dispatch;
using Pleiad.Gateway.Front;
using Pleiad.Gateway.Transport;

namespace Pleiad.Bench.Gateway;

/// <summary>The gateway as a process of its own, service <c>bench</c>, a machine per port. Prints its port.</summary>
internal sealed class GatewayHost(Dispatcher dispatcher) : IServiceDirectory, IMachineConnector
{
    public static async Task RunAsync(int[] ports)
    {
        var dispatcher = new Dispatcher("bench", new DispatcherOptions(10_000, TimeSpan.FromSeconds(30)), TimeProvider.System);
        foreach (var port in ports)
        {
            dispatcher.AddMachine(MachineId.New(), new MachineAddress(IPAddress.Loopback, port), ProxyBench.Slots);
        }

        var host = new GatewayHost(dispatcher);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureForGateway().Listen(IPAddress.Loopback, 0));
        builder.Services.AddSingleton<IServiceDirectory>(host);
        builder.Services.AddSingleton<IMachineConnector>(host);
        builder.Services.AddGateway();
        await using var app = builder.Build();
        app.UseGateway();
        await app.StartAsync();
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        Console.WriteLine(new Uri(address).Port);
        await app.WaitForShutdownAsync();
    }

    public IDispatcher? Find(string service) => service == "bench" ? dispatcher : null;

    public string? WhyUnavailable(string service) => null;

    public async ValueTask<Stream> ConnectAsync(MachineAddress address, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(address.Ip, address.Port, cancellation);
        return new NetworkStream(socket, ownsSocket: true);
    }
}
