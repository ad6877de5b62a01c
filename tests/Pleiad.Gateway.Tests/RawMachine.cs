using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Pleiad.Core.Identity;

namespace Pleiad.Gateway.Tests;

/// <summary>A machine that does exactly what a test says, byte by byte, on a loopback socket.</summary>
internal sealed class RawMachine : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ended = new();
    private readonly ConcurrentBag<Task> _tasks = [];
    private readonly ConcurrentQueue<RawPeer> _peers = new();

    private RawMachine(Func<RawPeer, int, Task> serve)
    {
        _listener.Start();
        Address = new MachineAddress(IPAddress.Loopback, ((IPEndPoint)_listener.LocalEndpoint).Port);
        _tasks.Add(Task.Run(() => AcceptAsync(serve)));
    }

    public MachineId Id { get; } = MachineId.New();

    public MachineAddress Address { get; }

    /// <summary>Connections it accepted, in order.</summary>
    public IReadOnlyList<RawPeer> Peers => [.. _peers];

    /// <summary>Everything it received, all connections one after the other.</summary>
    public string Received => string.Concat(_peers.Select(peer => peer.Received));

    /// <param name="serve">What it does with each connection; its number begins at 0. The connection is closed afterwards.</param>
    public static RawMachine Start(Func<RawPeer, int, Task> serve) => new(serve);

    /// <summary>Answers every request with the same text and keeps the connection.</summary>
    public static RawMachine Answering(string answer) => Start(async (peer, _) =>
    {
        while (await peer.ReadHeadAsync() is not null)
        {
            await peer.WriteAsync(answer);
        }
    });

    /// <summary>A port on which nobody listens.</summary>
    public static MachineAddress NobodyThere()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return new MachineAddress(IPAddress.Loopback, ((IPEndPoint)listener.LocalEndpoint).Port);
    }

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        _listener.Stop();
        foreach (var peer in _peers)
        {
            peer.Dispose();
        }

        await Task.WhenAll(_tasks).Soon();
        _ended.Dispose();
        _listener.Dispose();
    }

    private async Task AcceptAsync(Func<RawPeer, int, Task> serve)
    {
        for (var number = 0; ; number++)
        {
            try
            {
                var peer = new RawPeer(await _listener.AcceptTcpClientAsync(_ended.Token));
                _peers.Enqueue(peer);
                var mine = number;
                _tasks.Add(Task.Run(() => ServeAsync(serve, peer, mine)));
            }
            catch (Exception error) when (error is OperationCanceledException or SocketException or InvalidOperationException)
            {
                return;
            }
        }
    }

    private static async Task ServeAsync(Func<RawPeer, int, Task> serve, RawPeer peer, int number)
    {
        using (peer)
        {
            try
            {
                await serve(peer, number);
            }
            catch (Exception error) when (error is IOException or ObjectDisposedException)
            {
                // The other side went away; tests look at what was received.
                peer.Failure = error;
            }
        }
    }
}

/// <summary>One end of a raw connection; remembers all it received.</summary>
internal sealed class RawPeer(TcpClient client) : IDisposable
{
    private readonly StringBuilder _received = new();
    private readonly NetworkStream _stream = client.GetStream();
    private readonly byte[] _buffer = new byte[16384];
    private string _unread = "";

    public string Received
    {
        get
        {
            lock (_received)
            {
                return _received.ToString();
            }
        }
    }

    /// <summary>True once the other side closed or reset the connection and that was read.</summary>
    public bool SawEnd { get; private set; }

    public Exception? Failure { get; set; }

    public NetworkStream Stream => _stream;

    public static async Task<RawPeer> ConnectAsync(int port)
    {
        var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, port).Soon();
        return new RawPeer(client);
    }

    public Task WriteAsync(string text) => _stream.WriteAsync(Encoding.Latin1.GetBytes(text)).AsTask().Soon();

    /// <summary>Reads up to and with an empty line; null at the end of the connection.</summary>
    public Task<string?> ReadHeadAsync() => ReadUntilAsync("\r\n\r\n");

    public async Task<string?> ReadUntilAsync(string mark)
    {
        int at;
        while ((at = _unread.IndexOf(mark, StringComparison.Ordinal)) < 0)
        {
            if (!await MoreAsync())
            {
                return null;
            }
        }

        var text = _unread[..(at + mark.Length)];
        _unread = _unread[text.Length..];
        return text;
    }

    /// <summary>Reads until the other side closes; what came.</summary>
    public async Task<string> ReadToEndAsync()
    {
        while (await MoreAsync())
        {
        }

        var text = _unread;
        _unread = "";
        return text;
    }

    public void ShutdownSend() => client.Client.Shutdown(SocketShutdown.Send);

    /// <summary>Closes with a reset instead of an orderly end.</summary>
    public void Reset()
    {
        client.LingerState = new LingerOption(true, 0);
        client.Close();
    }

    public void Dispose() => client.Dispose();

    private async Task<bool> MoreAsync()
    {
        int count;
        try
        {
            count = await _stream.ReadAsync(_buffer).AsTask().Soon();
        }
        catch (IOException error)
        {
            Failure = error;
            count = 0;
        }

        var text = Encoding.Latin1.GetString(_buffer, 0, count);
        lock (_received)
        {
            _received.Append(text);
        }

        _unread += text;
        SawEnd = count == 0;
        return count > 0;
    }
}
