using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Pleiad.Gateway.Transport;

namespace Pleiad.Gateway.Front;

/// <summary>Puts the gateway into an ASP.NET Core application.</summary>
public static class GatewayHosting
{
    /// <summary>
    /// Adds what <see cref="UseGateway"/> needs. The application adds an <see cref="IServiceDirectory"/> and either an <see cref="IMachineConnector"/>
    /// or its own <see cref="MachineTransport"/> (to share it with what sends jobs).
    /// </summary>
    public static IServiceCollection AddGateway(this IServiceCollection services, Action<GatewayOptions>? configure = null) => throw new NotImplementedException();

    /// <summary>Answers every request that comes this far by a machine of the service it names; nothing after it runs.</summary>
    public static IApplicationBuilder UseGateway(this IApplicationBuilder app) => throw new NotImplementedException();

    /// <summary>Sets Kestrel as a gateway needs it.</summary>
    public static KestrelServerOptions ConfigureForGateway(this KestrelServerOptions kestrel) => throw new NotImplementedException();
}
