using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Pleiad.Gateway.Transport;

/// <summary>
/// An answer's body as it comes, and after an upgrade the connection in both directions. Reading it to its end gives the connection back to its slot;
/// disposing it before closes the connection, so that the machine learns that nobody listens any more.
/// </summary>
internal sealed class AnswerStream(SlotLink link, SlotConnection connection, RequestBody? body, AnswerHead head, int lineBytesMax, TimeProvider time) : Stream
{
    /// <summary>How long a request's last write may lag behind the end of its answer before the connection is given up.</summary>
    private static readonly TimeSpan SendingGrace = TimeSpan.FromMilliseconds(50);

    /// <summary>Bytes left of the body, or of the chunk.</summary>
    private long _left = head.Length;

    private bool _withinChunks;
    private bool _ended;

    /// <summary>Ends the exchange at once when there is no body to read.</summary>
    public ValueTask EndIfEmptyAsync() =>
        head.Body == AnswerBody.None || (head.Body == AnswerBody.Length && _left == 0) ? EndAsync(head.KeepsConnection) : ValueTask.CompletedTask;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_ended)
        {
            return 0;
        }

        try
        {
            if (head.Body is AnswerBody.Length or AnswerBody.Chunked)
            {
                return await ReadFramedAsync(buffer, cancellationToken);
            }

            var count = await connection.ReadAsync(buffer, cancellationToken);
            if (count == 0 && buffer.Length > 0)
            {
                await EndAsync(keep: false);
            }

            return count;
        }
        catch (Exception error)
        {
            _ended = true;
            link.Drop(connection);
            body?.Cancel();
            if (error is OperationCanceledException)
            {
                throw;
            }

            throw link.Explain(error);
        }
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        CanWrite ? connection.WriteAsync(buffer, cancellationToken) : throw new NotSupportedException("An answer's body cannot be written.");

    private async ValueTask<int> ReadFramedAsync(Memory<byte> buffer, CancellationToken cancellation)
    {
        if (_left == 0 && buffer.Length > 0 && !await NextChunkAsync(cancellation))
        {
            await EndAsync(head.KeepsConnection);
            return 0;
        }

        if (buffer.Length == 0)
        {
            return connection.Buffered.Length > 0 ? 0 : await connection.ReadAsync(buffer, cancellation);
        }

        var count = await connection.ReadAsync(_left < buffer.Length ? buffer[..(int)_left] : buffer, cancellation);
        if (count == 0)
        {
            throw link.Fail(MachineFault.Closed, "ended the connection within the body of its answer");
        }

        _left -= count;
        if (_left == 0 && head.Body == AnswerBody.Length)
        {
            await EndAsync(head.KeepsConnection);
        }

        return count;
    }

    /// <returns>False after the last chunk and its trailers.</returns>
    private async ValueTask<bool> NextChunkAsync(CancellationToken cancellation)
    {
        if (_withinChunks && (await ReadLineAsync(cancellation)).Length > 0)
        {
            throw link.Fail(MachineFault.Malformed, "sent a chunk longer than it said");
        }

        _withinChunks = true;
        var line = await ReadLineAsync(cancellation);
        var size = line.AsSpan(0, line.IndexOf(';') is var extension and >= 0 ? extension : line.Length).TrimEnd(" \t");
        if (size.Length is 0 or > 15 || !long.TryParse(size, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out _left))
        {
            throw link.Fail(MachineFault.Malformed, "sent a chunk without a usable size");
        }

        if (_left > 0)
        {
            return true;
        }

        for (var bytes = 0; await ReadLineAsync(cancellation) is { Length: > 0 } trailer;)
        {
            bytes += trailer.Length;
            AddTrailer(bytes <= lineBytesMax ? trailer : throw link.Fail(MachineFault.Malformed, $"sent trailers of more than {lineBytesMax} bytes"));
        }

        return false;
    }

    private void AddTrailer(string trailer)
    {
        if (!AnswerHead.TrySplit(Encoding.Latin1.GetBytes(trailer), out var name, out var value))
        {
            throw link.Fail(MachineFault.Malformed, "sent a malformed trailer");
        }

        // Trailers that would change the framing are refused by the collection itself or dropped by the front.
        head.Response.TrailingHeaders.TryAddWithoutValidation(AnswerHead.NameOf(name), Encoding.Latin1.GetString(value));
    }

    private async ValueTask<string> ReadLineAsync(CancellationToken cancellation)
    {
        int end;
        while ((end = connection.Buffered.IndexOf((byte)'\n')) < 0)
        {
            if (connection.Buffered.Length >= lineBytesMax)
            {
                throw link.Fail(MachineFault.Malformed, $"sent a line of more than {lineBytesMax} bytes between chunks");
            }

            if (await connection.FillAsync(lineBytesMax, cancellation) == 0)
            {
                throw link.Fail(MachineFault.Closed, "ended the connection within the body of its answer");
            }
        }

        var line = connection.Buffered[..end];
        var text = Encoding.Latin1.GetString(line.EndsWith("\r"u8) ? line[..^1] : line);
        connection.Skip(end + 1);
        return text;
    }

    private async ValueTask EndAsync(bool keep)
    {
        _ended = true;
        if (body is not null)
        {
            if (!body.Ended.IsCompleted && body.IsSent)
            {
                await Task.WhenAny(body.Ended, Task.Delay(SendingGrace, time));
            }

            keep &= body.Ended.IsCompleted && body.Succeeded;
        }

        if (keep)
        {
            link.Keep(connection);
            return;
        }

        // The machine answered without waiting for the whole request: there is nobody left to send the rest to.
        link.Drop(connection);
        if (body is not null)
        {
            await body.StopAsync();
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_ended)
        {
            _ended = true;
            link.Drop(connection);
            body?.Cancel();
        }

        base.Dispose(disposing);
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => head.Body == AnswerBody.Upgraded;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Answers are read asynchronously.");

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("Machines are written to asynchronously.");

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
