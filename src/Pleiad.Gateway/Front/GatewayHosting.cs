using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Pleiad.Gateway.Transport;

namespace Pleiad.Gateway.Front;

/// <summary>Puts the gateway into an ASP.NET Core application.</summary>
public static class GatewayHosting
{
    /// <summary>
    /// Adds what <see cref="UseGateway"/> needs. The application adds an <see cref="IServiceDirectory"/> and either an <see cref="IMachineConnector"/>
    /// or its own <see cref="MachineTransport"/> (to share it with what sends jobs).
    /// </summary>
    /// <param name="services">The application's services.</param>
    /// <param name="configure">Sets the options.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public static IServiceCollection AddGateway(this IServiceCollection services, Action<GatewayOptions>? configure = null)
    {
        var options = new GatewayOptions();
        configure?.Invoke(options);
        options.Check();

        services.AddHttpForwarder();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(provider => new MachineTransport(
            provider.GetRequiredService<IMachineConnector>(), provider.GetService<MachineTransportOptions>(), provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(options);
        services.TryAddSingleton<GatewayPipeline>();

        // The pipeline logs each failure once, with its consequence; the forwarder would log every request.
        services.AddLogging(logging => logging.AddFilter("Yarp.ReverseProxy.Forwarder", LogLevel.None));
        return services;
    }

    /// <summary>Answers every request that comes this far by a machine of the service it names; nothing after it runs.</summary>
    /// <remarks>
    /// Streams both ways without buffering; upgrades (WebSockets) pass. <c>X-Forwarded-For</c> is extended by the client's address, <c>X-Forwarded-Proto</c>,
    /// <c>-Host</c> and <c>-Prefix</c> are set, Host stays. Answers carry <c>Pleiad-Machine</c> and <c>Server-Timing: queue;dur=</c> (ms). Bodies have no
    /// largest size; header sizes and the slowest rate of a body are Kestrel's (32 KiB, 240 bytes/s). A client that closes its sending side counts as gone.
    /// </remarks>
    public static IApplicationBuilder UseGateway(this IApplicationBuilder app)
    {
        var pipeline = app.ApplicationServices.GetRequiredService<GatewayPipeline>();
        app.Run(pipeline.HandleAsync);
        return app;
    }

    /// <summary>
    /// Sets Kestrel as a gateway needs it: headers keep their bytes in both directions (Latin-1), and there is no Server header but the service's own.
    /// </summary>
    public static KestrelServerOptions ConfigureForGateway(this KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.RequestHeaderEncodingSelector = _ => Encoding.Latin1;
        kestrel.ResponseHeaderEncodingSelector = _ => Encoding.Latin1;
        return kestrel;
    }
}
