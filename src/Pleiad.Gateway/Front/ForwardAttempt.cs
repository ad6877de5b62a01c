using System.Globalization;
using Microsoft.AspNetCore.Http;
using Pleiad.Gateway.Dispatch;
using Yarp.ReverseProxy.Forwarder;

namespace Pleiad.Gateway.Front;

/// <summary>
/// Turns a client's request into the machine's, and the machine's answer into the client's. Hop-by-hop headers stay behind, those that the Connection header
/// names too; the Host header goes along, as services build links from it.
/// </summary>
internal sealed class ForwardAttempt(RequestTarget target, ISlotLease lease, TimeSpan waited) : HttpTransformer
{
    /// <summary>Response header: the machine that answered.</summary>
    public const string MachineHeader = "Pleiad-Machine";

    private const string TimingHeader = "Server-Timing";

    public override async ValueTask TransformRequestAsync(
        HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
        var request = httpContext.Request;
        proxyRequest.RequestUri = RequestUtilities.MakeDestinationAddress(destinationPrefix, target.Path, request.QueryString);

        // First take off what the client named, then add our own: a client cannot name ours.
        var headers = proxyRequest.Headers;
        foreach (var connection in request.Headers.Connection)
        {
            foreach (var token in (connection ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                if (!token.Equals("upgrade", StringComparison.OrdinalIgnoreCase) && !token.Equals("host", StringComparison.OrdinalIgnoreCase)
                    && headers.NonValidated.Contains(token))
                {
                    headers.Remove(token);
                }
            }
        }

        if (httpContext.Connection.RemoteIpAddress is { } client)
        {
            var address = client.IsIPv4MappedToIPv6 ? client.MapToIPv4().ToString() : client.ToString();
            var before = request.Headers["X-Forwarded-For"];
            Set("X-Forwarded-For", before.Count == 0 ? address : $"{before}, {address}");
        }

        Set("X-Forwarded-Proto", request.Scheme);
        if (request.Host.Value is { Length: > 0 } host)
        {
            Set("X-Forwarded-Host", host);
        }

        if (target.Prefix.Length > 0)
        {
            Set("X-Forwarded-Prefix", target.Prefix);
        }

        void Set(string name, string value)
        {
            if (request.Headers.ContainsKey(name))
            {
                headers.Remove(name);
            }

            headers.TryAddWithoutValidation(name, value);
        }
    }

    public override async ValueTask<bool> TransformResponseAsync(HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
    {
        if (!await base.TransformResponseAsync(httpContext, proxyResponse, cancellationToken))
        {
            return false;
        }

        var headers = httpContext.Response.Headers;
        headers[MachineHeader] = lease.Machine.Value;
        headers.Append(
            TimingHeader,
            waited == TimeSpan.Zero ? "queue;dur=0" : string.Create(CultureInfo.InvariantCulture, $"queue;dur={waited.TotalMilliseconds:0.###}"));
        return true;
    }
}
