using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Pleiad.Machines.Tests.Guest;

/// <summary>An answer as it came.</summary>
internal sealed record RawAnswer(int Status, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);

    public bool Closes => Headers.TryGetValue("Connection", out var value) && value == "close";
}

/// <summary>A client that writes any bytes and reads answers by their Content-Length; every wait is bounded.</summary>
internal sealed class RawClient(NetworkStream stream) : IAsyncDisposable
{
    private const int HeadBytesMax = 16 * 1024;
    private readonly byte[] _buffer = new byte[16 * 1024];
    private int _start;
    private int _end;

    public Socket Socket => stream.Socket;

    public Task SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    public async Task SendAsync(ReadOnlyMemory<byte> bytes) => await stream.WriteAsync(bytes).AsTask().WaitAsync(GuestMachine.Limit);

    /// <summary>Sends a whole request and reads its answer.</summary>
    public async Task<RawAnswer> AskAsync(string request)
    {
        await SendAsync(request);
        return await ReadAnswerAsync(isHead: request.StartsWith("HEAD ", StringComparison.Ordinal));
    }

    /// <summary>Closes the client's side; answers can still be read.</summary>
    public void CloseSending() => Socket.Shutdown(SocketShutdown.Send);

    /// <summary>Ends the connection by a reset.</summary>
    public async Task ResetAsync()
    {
        Socket.LingerState = new LingerOption(enable: true, seconds: 0);
        await DisposeAsync();
    }

    /// <summary>The next answer.</summary>
    public async Task<RawAnswer> ReadAnswerAsync(bool isHead = false)
    {
        var lines = new List<string>();
        do
        {
            lines.Add(await ReadLineAsync());
        }
        while (lines[^1].Length > 0);
        var words = lines[0].Split(' ', 3);
        if (words is not ["HTTP/1.1", _, _])
        {
            throw new InvalidDataException($"no status line: {lines[0]}");
        }

        var headers = lines[1..^1].Select(line => line.Split(": ", 2)).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.OrdinalIgnoreCase);
        var status = int.Parse(words[1], CultureInfo.InvariantCulture);
        var length = isHead || status is 100 or 204 ? 0 : int.Parse(headers["Content-Length"], CultureInfo.InvariantCulture);
        return new RawAnswer(status, headers, await ReadBytesAsync(length));
    }

    /// <summary>What comes until the guest closes; a reset counts as a close.</summary>
    public async Task<string> ReadToEndAsync()
    {
        var all = new MemoryStream();
        try
        {
            do
            {
                all.Write(_buffer, _start, _end - _start);
                _start = _end;
            }
            while (await FillAsync());
        }
        catch (IOException)
        {
            // Reset: what came before it is the answer to the question.
            return Encoding.Latin1.GetString(all.ToArray());
        }

        return Encoding.Latin1.GetString(all.ToArray());
    }

    public ValueTask DisposeAsync() => stream.DisposeAsync();

    private async Task<string> ReadLineAsync()
    {
        var line = new StringBuilder();
        while (true)
        {
            if (_start == _end && !await FillAsync())
            {
                throw new EndOfStreamException($"closed in the middle of a head: {line}");
            }

            var next = (char)_buffer[_start++];
            line.Append(next);
            if (next == '\n')
            {
                return line.ToString().TrimEnd('\r', '\n');
            }

            if (line.Length > HeadBytesMax)
            {
                throw new InvalidDataException($"an endless line: {line}");
            }
        }
    }

    private async Task<byte[]> ReadBytesAsync(int length)
    {
        var bytes = new byte[length];
        for (var have = 0; have < length;)
        {
            if (_start == _end && !await FillAsync())
            {
                throw new EndOfStreamException($"closed after {have} of {length} bytes");
            }

            var piece = Math.Min(length - have, _end - _start);
            _buffer.AsSpan(_start, piece).CopyTo(bytes.AsSpan(have));
            have += piece;
            _start += piece;
        }

        return bytes;
    }

    private async Task<bool> FillAsync()
    {
        _start = 0;
        _end = 0;
        _end = await stream.ReadAsync(_buffer).AsTask().WaitAsync(GuestMachine.Limit);
        return _end > 0;
    }
}
