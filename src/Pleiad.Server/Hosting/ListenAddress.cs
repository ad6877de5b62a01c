using System.Net;
using System.Net.Sockets;
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

        if (token is not null && string.IsNullOrWhiteSpace(token))
        {
            throw new InvalidInputException("--token-file", new InputProblem("token", null, "is empty", "write a token into the file or PLEIAD_TOKEN, for example from: openssl rand -hex 32"));
        }

        return IPAddress.IsLoopback(ip) || token is not null
            ? new ListenAddress(option, ip, uri.Port)
            : throw new InvalidInputException(option, new InputProblem(option, text, "is not loopback, so others could reach it", "give a token with --token-file, or listen on 127.0.0.1"));
    }

    /// <summary>Looks whether the port is free, before anything is begun that would have to be undone; who takes it later is found by <see cref="InUse"/>.</summary>
    /// <exception cref="InvalidInputException">Somebody has it.</exception>
    internal void CheckFree()
    {
        using var socket = new Socket(Ip.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(Ip, Port));
            socket.Listen(1);
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            throw InUse(error);
        }
        catch (SocketException error)
        {
            throw new InvalidInputException(Option, new InputProblem(Option, $"{Ip}:{Port}", $"cannot be listened on: {error.Message}", "give an address of this machine and a port that this user may use"), error);
        }
    }

    internal void Listen(KestrelServerOptions kestrel) => kestrel.Listen(Ip, Port);

    /// <summary>The error of a port that somebody else has.</summary>
    internal InvalidInputException InUse(Exception error) => new(
        Option, new InputProblem(Option, new UriBuilder("http", Ip.ToString(), Port).Uri.ToString(), "is in use by another process", $"stop that process or give another port with {Option}"), error);
}
