using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Pleiad.Client.Contract;
using Pleiad.Server.Fleet;
using Pleiad.State;

namespace Pleiad.Server.Api;

/// <summary><c>/api/v1/server</c>: what runs here.</summary>
internal static class ServerEndpoints
{
    internal static readonly string Version = typeof(ServerEndpoints).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    internal static void Map(RouteGroupBuilder api, ApiContext context) =>
        api.MapGet("/server", async (CancellationToken cancellation) => await ShowAsync(context, cancellation)).WithName("getServer").Produces<ServerInfo>().WithTags("server");

    private static async Task<IResult> ShowAsync(ApiContext context, CancellationToken cancellation)
    {
        var addresses = await context.Store.ListAddressesAsync(cancellation);
        var host = context.Host.Capabilities;
        return Results.Json(
            new ServerInfo(
                Version,
                context.Api!.ToString(),
                context.Gateway!.ToString(),
                context.Options.State is { } state && !state.StartsWith("sqlite:", StringComparison.Ordinal) ? "postgres" : "sqlite",
                context.Options.Data,
                context.Started,
                host.Accelerator,
                host.AcceleratorReason,
                Words.Of(host.Network),
                host.NetworkReason,
                host.QemuVersion,
                addresses.Count(address => address.State == AddressState.Free),
                addresses.Count),
            ContractJson.Readable.ServerInfo);
    }
}
