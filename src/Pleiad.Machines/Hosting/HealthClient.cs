using System.Buffers;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Pleiad.Machines.Hosting;

/// <summary>What a machine answered at its health path.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Body">The answer's body, cut at <see cref="HealthClient.BodyBytesMax"/>.</param>
internal readonly record struct HealthAnswer(int Status, ReadOnlyMemory<byte> Body)
{
    /// <summary>Whether the service works.</summary>
    public bool IsGood => Status is >= 200 and < 300;
}

/// <summary>Asks one machine for its health over one kept connection.</summary>
/// <remarks>
/// A client of its own rather than HttpClient: a guest may have few connections, and a connection that belongs to the machine ends with it, where a shared
/// pool would offer it to the next machine at the same address. It reads what a small HTTP/1.1 server writes: a length, chunks, or all until the end.
/// </remarks>
internal sealed class HealthClient(Func<CancellationToken, ValueTask<Stream>> connect, string host, string path) : IDisposable
{
    /// <summary>Longest head and longest body read, in bytes.</summary>
    public const int BodyBytesMax = 64 * 1024;

    private readonly byte[] _request = Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: pleiad\r\nAccept: */*\r\n\r\n");
    private readonly byte[] _buffer = new byte[4096];
    private Stream? _stream;
    private int _start;
    private int _end;

    /// <summary>Asks once; a kept connection that has gone stale is replaced once.</summary>
    /// <exception cref="IOException">The connection broke or the answer is no HTTP.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">The machine does not take connections.</exception>
    public async Task<HealthAnswer> GetAsync(CancellationToken cancellation)
    {
        var kept = _stream is not null;
        try
        {
            return await AskAsync(cancellation);
        }
        catch (IOException) when (kept && !cancellation.IsCancellationRequested)
        {
            return await AskAsync(cancellation);
        }
    }

    /// <summary>Ends the connection from this side and reads until the machine has ended it too, or the time is up.</summary>
    public async Task CloseAsync(TimeSpan timeMax, TimeProvider time, CancellationToken cancellation)
    {
        if (_stream is NetworkStream stream)
        {
            using var limit = new CancellationTokenSource(timeMax, time);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
            try
            {
                stream.Socket.Shutdown(SocketShutdown.Send);
                while (await stream.ReadAsync(_buffer, both.Token) > 0)
                {
                    // Nothing more was asked for: what still comes is nobody's.
                }
            }
            catch (Exception e) when (e is IOException or SocketException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
            {
                // It is broken, or the machine keeps its side open: no more can be done from here.
            }
        }

        Disconnect();
    }

    /// <summary>Breaks the connection off, without waiting for what the machine says to it.</summary>
    public void Reset()
    {
        if (_stream is NetworkStream stream)
        {
            stream.Socket.LingerState = new LingerOption(enable: true, seconds: 0);
        }

        Disconnect();
    }

    public void Dispose() => Disconnect();

    private void Disconnect()
    {
        _stream?.Dispose();
        _stream = null;
    }

    private async Task<HealthAnswer> AskAsync(CancellationToken cancellation)
    {
        var good = false;
        try
        {
            if (_stream is null)
            {
                _stream = await connect(cancellation);
                _start = _end = 0;
            }

            await _stream.WriteAsync(_request, cancellation);
            var (answer, keep) = await ReadAsync(cancellation);
            good = keep;
            return answer;
        }
        finally
        {
            if (!good)
            {
                Disconnect();
            }
        }
    }

    private async Task<(HealthAnswer Answer, bool Keep)> ReadAsync(CancellationToken cancellation)
    {
        var statusLine = await LineAsync(cancellation) ?? throw new IOException("the machine closed the connection without an answer");
        if (!statusLine.StartsWith("HTTP/1.", StringComparison.Ordinal)
            || statusLine.Length < 12
            || !int.TryParse(statusLine.AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture, out var status))
        {
            throw new IOException("the machine's answer is no HTTP");
        }

        long? length = status is 204 or 304 ? 0 : null;
        var chunked = false;
        var keep = statusLine.StartsWith("HTTP/1.1", StringComparison.Ordinal);
        for (var headBytes = 0; await LineAsync(cancellation) is { Length: > 0 } line;)
        {
            headBytes += line.Length;
            if (headBytes > BodyBytesMax)
            {
                throw new IOException("the head of the machine's answer is too long");
            }

            var colon = line.IndexOf(':', StringComparison.Ordinal);
            var value = line[(colon + 1)..].Trim();
            switch (line[..Math.Max(0, colon)].ToUpperInvariant())
            {
                case "CONTENT-LENGTH":
                    length = long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) ? bytes : throw new IOException("the machine's answer has a bad length");
                    break;
                case "TRANSFER-ENCODING":
                    chunked = value.Contains("chunked", StringComparison.OrdinalIgnoreCase);
                    break;
                case "CONNECTION":
                    keep = keep && !value.Contains("close", StringComparison.OrdinalIgnoreCase);
                    break;
                default:
                    break;
            }
        }

        var body = new ArrayBufferWriter<byte>();
        var whole = chunked ? await ChunksAsync(body, cancellation) : await BytesAsync(body, length ?? long.MaxValue, cancellation);
        return (new HealthAnswer(status, body.WrittenMemory), keep && whole && (chunked || length is not null));
    }

    /// <returns>Whether the body was read to its end.</returns>
    private async Task<bool> ChunksAsync(ArrayBufferWriter<byte> body, CancellationToken cancellation)
    {
        while (true)
        {
            var line = await LineAsync(cancellation);
            if (line is null || !int.TryParse(line.Split(';')[0].Trim(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var size) || size < 0)
            {
                return false;
            }

            if (size == 0)
            {
                return await LineAsync(cancellation) is { Length: 0 };
            }

            if (!await BytesAsync(body, size, cancellation) || await LineAsync(cancellation) is not { Length: 0 })
            {
                return false;
            }
        }
    }

    /// <returns>Whether so many were read.</returns>
    private async Task<bool> BytesAsync(ArrayBufferWriter<byte> body, long count, CancellationToken cancellation)
    {
        while (count > 0 && body.WrittenCount < BodyBytesMax)
        {
            if (_start == _end && !await FillAsync(cancellation))
            {
                return false;
            }

            var taken = (int)Math.Min(Math.Min(count, _end - _start), BodyBytesMax - body.WrittenCount);
            body.Write(_buffer.AsSpan(_start, taken));
            _start += taken;
            count -= taken;
        }

        return count == 0;
    }

    /// <returns>A line without its end; null when the connection ended.</returns>
    private async Task<string?> LineAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var end = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
            if (end >= 0)
            {
                var line = Encoding.Latin1.GetString(_buffer, _start, end).TrimEnd('\r');
                _start += end + 1;
                return line;
            }

            if (_end - _start == _buffer.Length)
            {
                throw new IOException("a line of the machine's answer is too long");
            }

            if (!await FillAsync(cancellation))
            {
                return null;
            }
        }
    }

    private async Task<bool> FillAsync(CancellationToken cancellation)
    {
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
        var count = await _stream!.ReadAsync(_buffer.AsMemory(_end), cancellation);
        _end += count;
        return count > 0;
    }
}
