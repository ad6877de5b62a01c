using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Pleiad.Server.Hosting;

namespace Pleiad.Server.Api;

/// <summary>
/// Who may call. With a token: whoever has it. Without one the server listens on loopback only, and a request must name a loopback host: a web page that a browser on this
/// machine shows can then not reach the API under a name of its own (DNS rebinding), nor send it forms from elsewhere (Origin).
/// </summary>
internal sealed class ApiAccess(PleiadServerOptions options)
{
    private readonly byte[]? _token = options.Token is { } token ? Encoding.UTF8.GetBytes(token) : null;

    internal Task CheckAsync(HttpContext http, RequestDelegate next)
    {
        if (_token is not null)
        {
            return http.Request.Path == "/healthz" || HasToken(http.Request) ? next(http) : Unauthorized(http);
        }

        if (!IsLoopback(http.Request.Host.Host))
        {
            return ApiErrors.WriteAsync(http, ApiErrors.Of(
                StatusCodes.Status403Forbidden, "hostNotAllowed", $"Host '{http.Request.Host}' is not served", "call it as 127.0.0.1 or localhost, or run the server with a token"));
        }

        return http.Request.Headers.Origin.ToString() is { Length: > 0 } origin && !(Uri.TryCreate(origin, UriKind.Absolute, out var from) && IsLoopback(from.Host))
            ? ApiErrors.WriteAsync(http, ApiErrors.Of(StatusCodes.Status403Forbidden, "originNotAllowed", $"Origin '{origin}' is not allowed", "call the API from this machine"))
            : next(http);
    }

    private static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    private static Task Unauthorized(HttpContext http)
    {
        http.Response.Headers.WWWAuthenticate = "Bearer";
        return ApiErrors.WriteAsync(http, ApiErrors.Of(
            StatusCodes.Status401Unauthorized, "unauthorized", "A token is needed", "send 'Authorization: Bearer TOKEN'; the command line reads it from --token-file or PLEIAD_TOKEN"));
    }

    private bool HasToken(HttpRequest request) =>
        request.Headers.Authorization.ToString() is var header
        && header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)
        && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(header["Bearer ".Length..].Trim()), _token);
}
