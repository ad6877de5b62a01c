using System.Net;
using Microsoft.AspNetCore.Http;
using Pleiad.Core.Identity;
using Pleiad.Gateway.Dispatch;

namespace Pleiad.Gateway.Front;

/// <summary>Which service a request is for, and the path it has there.</summary>
/// <remarks>
/// <c>Host: primes.example.org</c> names a service by its first label, if there is a service of that name; the path stays as it is. Else, and for hosts that
/// are addresses or single labels (<c>localhost</c>), the first segment of the path names it and is taken off: <c>/primes/count?n=5</c> becomes
/// <c>/count?n=5</c>. So a host that happens to begin with another word than a service's name does no harm.
/// </remarks>
/// <param name="Name">The service's name, or what stood in its place.</param>
/// <param name="Dispatcher">Its dispatcher; null when there is no such service.</param>
/// <param name="Path">The path at the service.</param>
/// <param name="Prefix">What was taken off the path; empty when the host named the service.</param>
internal readonly record struct RequestTarget(string Name, IDispatcher? Dispatcher, PathString Path, string Prefix)
{
    public static RequestTarget Find(HttpRequest request, IServiceDirectory directory)
    {
        if (LabelOf(request.Host.Value) is { } label && directory.Find(label) is { } named)
        {
            return new RequestTarget(label, named, request.Path, "");
        }

        var path = request.Path.Value ?? "";
        var end = path.Length > 1 ? path.IndexOf('/', 1) : -1;
        var segment = path.Length <= 1 ? "" : end < 0 ? path[1..] : path[1..end];
        return segment.Length == 0
            ? new RequestTarget("", null, default, "")
            : new RequestTarget(segment, directory.Find(segment), end < 0 ? "/" : new PathString(path[end..]), "/" + segment);
    }

    /// <summary>The first label of a host name, in lower case; null when the host is an address, has one label only, or cannot name a service.</summary>
    private static string? LabelOf(string? host)
    {
        if (string.IsNullOrEmpty(host))
        {
            return null;
        }

        var dot = host.IndexOf('.', StringComparison.Ordinal);
        if (dot is < 1 or > Names.LengthMax || dot == host.Length - 1 || (char.IsAsciiDigit(host[0]) && IsAddress(host)))
        {
            return null;
        }

        var label = host.AsSpan(0, dot);
        return label.ContainsAnyInRange('A', 'Z') ? label.ToString().ToLowerInvariant() : label.ToString();
    }

    private static bool IsAddress(string host)
    {
        var colon = host.IndexOf(':', StringComparison.Ordinal);
        return IPAddress.TryParse(colon < 0 ? host : host.AsSpan(0, colon), out _);
    }
}
