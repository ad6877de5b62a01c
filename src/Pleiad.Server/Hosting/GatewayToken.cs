using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Pleiad.Server.Hosting;

/// <summary>
/// A gateway that others can reach asks for the token in a header of its own, since <c>Authorization</c> belongs to the service behind it; the header goes no further.
/// </summary>
internal static class GatewayToken
{
    internal const string Header = "Pleiad-Token";

    internal static IApplicationBuilder UseGatewayToken(this IApplicationBuilder app, PleiadServerOptions options, ListenAddress address)
    {
        if (address.IsLoopback || options.GatewayPublic)
        {
            return app;
        }

        var token = Encoding.UTF8.GetBytes(options.Token!);
        return app.Use((http, next) =>
        {
            var given = Encoding.UTF8.GetBytes(http.Request.Headers[Header].ToString());
            http.Request.Headers.Remove(Header);
            return CryptographicOperations.FixedTimeEquals(given, token)
                ? next(http)
                : Api.ApiErrors.WriteAsync(http, Api.ApiErrors.Of(
                    StatusCodes.Status401Unauthorized, "unauthorized", "A token is needed", $"send it as '{Header}: TOKEN', or let the server run with --gateway-public"));
        });
    }
}
