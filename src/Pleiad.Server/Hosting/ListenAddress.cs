using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Pleiad.Core.Documents;

namespace Pleiad.Server.Hosting;

/// <summary>An address to listen on, checked: plain HTTP, an IP address or localhost, loopback unless there is a token.</summary>
internal sealed record ListenAddress(string Option, IPAddress Ip, int Port)
{
    internal bool IsLoopback => IPAddress.IsLoopback(Ip);

    /// <exception cref="InvalidInputException">The address cannot be used.</exception>
    internal static ListenAddress Parse(string option, string text, string? token)
    {
        const string remedy = "give http://ADDRESS:PORT, for example http://127.0.0.1:7070; port 0 takes any free one";
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme != "http" || uri.AbsolutePath != "/")
        {
            throw new InvalidInputException(option, new InputProblem(option, text, "is no address of this kind", remedy));
        }

        var ip = uri.Host == "localhost" ? IPAddress.Loopback : IPAddress.TryParse(uri.Host.Trim('[', ']'), out var given) ? given : null;
        if (ip is null)
        {
            throw new InvalidInputException(option, new InputProblem(option, text, "has no IP address as its host", remedy));
        }

        return IPAddress.IsLoopback(ip) || token is not null
            ? new ListenAddress(option, ip, uri.Port)
            : throw new InvalidInputException(option, new InputProblem(option, text, "is not loopback, so others could reach it", "give a token with --token-file, or listen on 127.0.0.1"));
    }

    internal void Listen(KestrelServerOptions kestrel) => kestrel.Listen(Ip, Port);

    /// <summary>The error of a port that somebody else has.</summary>
    internal InvalidInputException InUse(Exception error) => new(
        Option, new InputProblem(Option, new UriBuilder("http", Ip.ToString(), Port).Uri.ToString(), "is in use by another process", $"stop that process or give another port with {Option}"), error);
}
