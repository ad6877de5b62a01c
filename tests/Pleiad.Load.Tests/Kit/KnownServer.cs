using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Pleiad.Load.Tests.Kit;

/// <summary>A request that the server saw, with its own times.</summary>
internal sealed record Seen(string Method, string Target, IReadOnlyDictionary<string, string> Headers, string Body, int Connection, long Arrived, long Answered);

/// <summary>What the server answers.</summary>
internal sealed record Answer(string Body = "", int Status = 200, string Headers = "", TimeSpan Delay = default, bool Closes = false, bool Breaks = false, byte[]? Raw = null);

/// <summary>An HTTP/1.1 server whose answers and service times the test knows; it writes down every request on the clock that the generator uses.</summary>
internal sealed class KnownServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Func<Seen, Answer> _answer;
    private readonly ConcurrentBag<Task> _serving = [];
    private readonly ConcurrentBag<Socket> _sockets = [];
    private readonly Task _accepting;
    private volatile TaskCompletionSource? _stall;
    private int _connections;
    private int _open;

    public KnownServer(Func<Seen, Answer> answer)
    {
        _answer = answer;
        _listener.Start(1024);
        _accepting = AcceptAsync();
    }

    public KnownServer()
        : this(_ => new Answer("ok"))
    {
    }

    public ConcurrentQueue<Seen> Requests { get; } = new();

    public int Connections => _connections;

    public int ConnectionsOpen => Volatile.Read(ref _open);

    public Uri Url => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/");

    /// <summary>From now on no answer leaves until <see cref="GoOn"/>.</summary>
    public void Stall() => _stall = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void GoOn()
    {
        var stall = _stall;
        _stall = null;
        stall?.SetResult();
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        foreach (var socket in _sockets)
        {
            socket.Dispose();
        }

        await Task.WhenAll([_accepting, .. _serving]).WaitAsync(TimeSpan.FromSeconds(20));
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            try
            {
                var socket = await _listener.AcceptSocketAsync();
                socket.NoDelay = true;
                _sockets.Add(socket);
                _serving.Add(ServeAsync(socket, Interlocked.Increment(ref _connections)));
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(Socket socket, int connection)
    {
        Interlocked.Increment(ref _open);
        var buffer = new byte[64 * 1024];
        var filled = 0;
        try
        {
            while (await socket.ReceiveAsync(buffer.AsMemory(filled)) is > 0 and var count)
            {
                filled += count;
                while (TryTake(buffer, ref filled, out var head, out var body))
                {
                    if (!await AnswerAsync(socket, connection, head, body, Stopwatch.GetTimestamp()))
                    {
                        return;
                    }
                }
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            return;
        }
        finally
        {
            Interlocked.Decrement(ref _open);
            socket.Dispose();
        }
    }

    private async Task<bool> AnswerAsync(Socket socket, int connection, string head, string body, long arrived)
    {
        var lines = head.Split("\r\n");
        var words = lines[0].Split(' ');
        var headers = lines.Skip(1).Select(line => line.Split(": ", 2)).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.OrdinalIgnoreCase);
        var seen = new Seen(words[0], words[1], headers, body, connection, arrived, 0);
        var answer = _answer(seen);
        if (_stall is { } stall)
        {
            await stall.Task;
        }

        if (answer.Delay > TimeSpan.Zero)
        {
            await Task.Delay(answer.Delay);
        }

        if (answer.Breaks)
        {
            Requests.Enqueue(seen);
            return false;
        }

        var bytes = answer.Raw ?? Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture,
            $"HTTP/1.1 {answer.Status} X\r\n{answer.Headers}{(answer.Closes ? "Connection: close\r\n" : "")}Content-Length: {Encoding.UTF8.GetByteCount(answer.Body)}\r\n\r\n{answer.Body}"));

        // Written down before it is sent: when the generator has the answer, the test can find the request.
        Requests.Enqueue(seen with { Answered = Stopwatch.GetTimestamp() });
        await socket.SendAsync(bytes);
        return !answer.Closes;
    }

    private static bool TryTake(byte[] buffer, ref int filled, out string head, out string body)
    {
        (head, body) = ("", "");
        var end = buffer.AsSpan(0, filled).IndexOf("\r\n\r\n"u8);
        if (end < 0)
        {
            return false;
        }

        head = Encoding.ASCII.GetString(buffer, 0, end);
        var at = head.IndexOf("Content-Length: ", StringComparison.OrdinalIgnoreCase);
        var length = at < 0 ? 0 : int.Parse(head[(at + 16)..].Split('\r')[0], CultureInfo.InvariantCulture);
        if (filled < end + 4 + length)
        {
            return false;
        }

        body = Encoding.UTF8.GetString(buffer, end + 4, length);
        var used = end + 4 + length;
        buffer.AsSpan(used, filled - used).CopyTo(buffer);
        filled -= used;
        return true;
    }
}
