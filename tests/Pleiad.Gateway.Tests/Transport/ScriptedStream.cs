namespace Pleiad.Gateway.Tests.Transport;

/// <summary>A connection whose other side says fixed bytes, in pieces of given sizes, once it was written to; then ends.</summary>
internal sealed class ScriptedStream(byte[] answer, Func<int> pieceBytes) : Stream
{
    private readonly TaskCompletionSource _written = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _said;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await _written.Task.WaitAsync(cancellationToken);
        var count = Math.Min(Math.Min(buffer.Length, answer.Length - _said), pieceBytes());
        answer.AsMemory(_said, count).CopyTo(buffer);
        _said += count;
        return count;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _written.TrySetResult();
        return ValueTask.CompletedTask;
    }

    protected override void Dispose(bool disposing)
    {
        _written.TrySetException(new ObjectDisposedException(nameof(ScriptedStream)));
        base.Dispose(disposing);
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
