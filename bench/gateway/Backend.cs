using System.Net;
using System.Net.Sockets;

namespace Pleiad.Bench.Gateway;

/// <summary>Two machines as cheap as can be: every request on a kept connection gets the same small answer. Prints their ports.</summary>
internal static class Backend
{
    private static readonly byte[] Answer = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, World!"u8.ToArray();

    public static async Task RunAsync()
    {
        var listeners = new List<TcpListener>();
        for (var index = 0; index < 2; index++)
        {
            var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start(1024);
            listeners.Add(listener);
        }

        Console.WriteLine(string.Join(' ', listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port)));
        await Task.WhenAll(listeners.Select(AcceptAsync));
    }

    private static async Task AcceptAsync(TcpListener listener)
    {
        while (true)
        {
            var socket = await listener.AcceptSocketAsync();
            socket.NoDelay = true;
            _ = ServeAsync(socket);
        }
    }

    private static async Task ServeAsync(Socket socket)
    {
        using (socket)
        {
            var buffer = new byte[4096];
            var filled = 0;
            try
            {
                while (await socket.ReceiveAsync(buffer.AsMemory(filled)) is > 0 and var count)
                {
                    filled += count;
                    while (buffer.AsSpan(0, filled).IndexOf("\r\n\r\n"u8) is >= 0 and var end)
                    {
                        buffer.AsSpan(end + 4, filled - end - 4).CopyTo(buffer);
                        filled -= end + 4;
                        await socket.SendAsync(Answer);
                    }
                }
            }
            catch (SocketException error) when (error.SocketErrorCode == SocketError.ConnectionReset)
            {
                // A load generator or proxy that is done closes its connections so.
                return;
            }
            catch (SocketException error)
            {
                Console.Error.WriteLine($"backend: {error.SocketErrorCode}");
            }
        }
    }
}
