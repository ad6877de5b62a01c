using System.Buffers;
using System.Buffers.Text;

namespace Pleiad.Gateway.Transport;

/// <summary>Sends a request's body while the answer is already being waited for; the stream that the content is copied into.</summary>
internal sealed class RequestBody(SlotConnection connection, HttpContent content, long? length) : Stream
{
    private readonly CancellationTokenSource _stop = new();
    private TaskCompletionSource? _continue;
    private Task _copy = Task.CompletedTask;
    private long _written;
    private bool _lastChunkBegun;
    private bool _outputFailed;

    /// <summary>The content failed, and the exchange with it.</summary>
    private bool _spoiled;
    private Exception? _error;

    /// <summary>Whether the last byte was handed to the connection; its write may not have returned yet.</summary>
    public bool IsSent => length is { } known ? Volatile.Read(ref _written) == known : Volatile.Read(ref _lastChunkBegun);

    /// <summary>Begins to send.</summary>
    /// <param name="wait">Longest wait for <see cref="Continue"/>; zero for none.</param>
    /// <param name="time">Its clock.</param>
    /// <param name="begun">Called when the content begins to be read.</param>
    public void Start(TimeSpan wait, TimeProvider time, Action begun)
    {
        _continue = wait > TimeSpan.Zero ? new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously) : null;
        _copy = SendAsync(wait, time, begun);
    }

    /// <summary>The machine wants the body.</summary>
    public void Continue() => _continue?.TrySetResult();

    /// <summary>Completes when sending ended, however it did.</summary>
    public Task Ended => _copy;

    /// <summary>Whether sending ended, and in order.</summary>
    public bool Succeeded => _copy.IsCompleted && _error is null && !_outputFailed && IsSent;

    /// <summary>Stops sending without waiting.</summary>
    public void Cancel() => _stop.Cancel();

    /// <summary>Stops sending and waits until it has.</summary>
    /// <returns>What made sending fail by itself, and the exchange with it; null when it did not.</returns>
    public async Task<Exception?> StopAsync()
    {
        await _stop.CancelAsync();
        await _copy;
        return _spoiled ? _error : null;
    }

    private async Task SendAsync(TimeSpan wait, TimeProvider time, Action begun)
    {
        try
        {
            if (_continue is not null)
            {
                await Task.WhenAny(_continue.Task, Task.Delay(wait, time, _stop.Token));
                _stop.Token.ThrowIfCancellationRequested();
            }

            begun();
            await content.CopyToAsync(this, null, _stop.Token);
            if (!_outputFailed)
            {
                await FinishAsync();
            }
        }
        catch (Exception error)
        {
            // Kept for StopAsync. When the machine takes no more, its answer may still tell why; when the client gives no more, the exchange is over.
            _error = error;
            if (!_outputFailed)
            {
                _spoiled = !_stop.IsCancellationRequested;
                connection.Abort();
            }
        }
    }

    private ValueTask FinishAsync()
    {
        if (length is { } known)
        {
            return _written == known
                ? ValueTask.CompletedTask
                : throw new HttpRequestException($"The request's body ended after {_written} of {known} bytes.");
        }

        Volatile.Write(ref _lastChunkBegun, true);
        return PassAsync("0\r\n\r\n"u8.ToArray(), CancellationToken.None);
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty)
        {
            return;
        }

        if (length is { } known)
        {
            if (_written + buffer.Length > known)
            {
                throw new HttpRequestException($"The request's body is longer than the {known} bytes announced.");
            }

            Volatile.Write(ref _written, _written + buffer.Length);
            await PassAsync(buffer, cancellationToken);
            return;
        }

        // One write per chunk: the size, the bytes and the line's end together.
        var framed = ArrayPool<byte>.Shared.Rent(buffer.Length + 12);
        try
        {
            Utf8Formatter.TryFormat(buffer.Length, framed, out var count, 'x');
            "\r\n"u8.CopyTo(framed.AsSpan(count));
            buffer.CopyTo(framed.AsMemory(count + 2));
            "\r\n"u8.CopyTo(framed.AsSpan(count + 2 + buffer.Length));
            await PassAsync(framed.AsMemory(0, count + 4 + buffer.Length), cancellationToken);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(framed);
        }
    }

    private async ValueTask PassAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        try
        {
            await connection.WriteAsync(bytes, cancellation);
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            _outputFailed = true;
            throw;
        }
    }

    // Each write goes out at once.
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("Machines are written to asynchronously.");
}
