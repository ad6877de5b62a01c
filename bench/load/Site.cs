using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Pleiad.Bench.Load;

/// <summary>The server that all generators are pointed at: <c>/</c> and six pages, each with a token in 1 KiB of HTML. As cheap as can be, for it shares the processors. Prints its port.</summary>
internal static class Site
{
    private static readonly byte[] Plain = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: keep-alive\r\nContent-Length: 13\r\n\r\nHello, World!"u8.ToArray();
    private static readonly byte[][] Pages = [.. Enumerable.Range(0, 6).Select(Page)];

    public static async Task RunAsync()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start(4096);
        Console.WriteLine(((IPEndPoint)listener.LocalEndpoint).Port);
        while (true)
        {
            var socket = await listener.AcceptSocketAsync();
            socket.NoDelay = true;
            _ = ServeAsync(socket);
        }
    }

    private static byte[] Page(int number)
    {
        var text = $"<html><body><p>{new string('x', 600)}</p><input name=\"token\" value=\"t{number}0123456789abcdef\"/><p>{new string('y', 300)}</p></body></html>";
        return Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: keep-alive\r\nContent-Length: {text.Length}\r\n\r\n{text}");
    }

    private static async Task ServeAsync(Socket socket)
    {
        using (socket)
        {
            var buffer = new byte[8192];
            var filled = 0;
            try
            {
                while (await socket.ReceiveAsync(buffer.AsMemory(filled)) is > 0 and var count)
                {
                    filled += count;
                    while (buffer.AsSpan(0, filled).IndexOf("\r\n\r\n"u8) is >= 0 and var end)
                    {
                        var answer = AnswerTo(buffer.AsSpan(0, end));
                        var closes = buffer.AsSpan(0, end).IndexOf("onnection: close"u8) >= 0;
                        buffer.AsSpan(end + 4, filled - end - 4).CopyTo(buffer);
                        filled -= end + 4;
                        await socket.SendAsync(answer);
                        if (closes)
                        {
                            return;
                        }
                    }
                }
            }
            catch (SocketException error) when (error.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown)
            {
                // A generator that is done closes its connections so.
                return;
            }
        }
    }

    private static byte[] AnswerTo(ReadOnlySpan<byte> head) =>
        head.IndexOf(" /page"u8) is >= 0 and var at && head.Length > at + 6 && head[at + 6] - '0' is >= 0 and < 6 and var number ? Pages[number] : Plain;
}
