namespace Pleiad.Gateway.Transport;

/// <summary>
/// A connection to a machine with its read buffer. While it rests, a read is already under way: it becomes the first read of the next answer, and its
/// early completion tells that the machine closed the connection or spoke unasked.
/// </summary>
internal sealed class SlotConnection(Stream stream)
{
    private const int BufferBytes = 4096;

    // Not pooled: after an abort a read may still be writing into it.
    private byte[] _buffer = new byte[BufferBytes];
    private int _start;
    private int _end;
    private ValueTask<int> _read;
    private bool _reading;
    private volatile bool _aborted;

    public ReadOnlySpan<byte> Buffered => _buffer.AsSpan(_start, _end - _start);

    /// <summary>Whether it rests undisturbed.</summary>
    public bool IsAtRest => _reading && !_aborted && !_read.IsCompleted;

    public void Skip(int count) => _start += count;

    /// <summary>Begins the read that waits for the next answer.</summary>
    public void BeginRead()
    {
        if (!_reading)
        {
            _start = _end = 0;
#pragma warning disable CA2012 // Kept on purpose while the connection rests, looked at without consuming it, and awaited once, in FillAsync.
            _read = stream.ReadAsync(_buffer.AsMemory(), CancellationToken.None);
#pragma warning restore CA2012
            _reading = true;
        }
    }

    /// <summary>Begins to rest after an answer was read to its end.</summary>
    /// <returns>False when something unasked came after it, or the connection failed.</returns>
    public bool TryRest()
    {
        if (_start != _end || _aborted)
        {
            return false;
        }

        if (_buffer.Length > BufferBytes)
        {
            _buffer = new byte[BufferBytes];
        }

        try
        {
            BeginRead();
            return true;
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            // The connection is of no more use, which is all there is to know: its answer was complete.
            return false;
        }
    }

    /// <summary>Reads more into the buffer, which grows to <paramref name="bytesMax"/> at most.</summary>
    /// <returns>How many bytes came; 0 at the end of the connection.</returns>
    public async ValueTask<int> FillAsync(int bytesMax, CancellationToken cancellation = default)
    {
        int count;
        if (_reading)
        {
            count = await _read;
            _reading = false;
        }
        else
        {
            MakeRoom(bytesMax);
            count = await stream.ReadAsync(_buffer.AsMemory(_end), cancellation);
        }

        _end += count;
        return count;
    }

    /// <summary>Reads into the caller's buffer: what is buffered first, else from the stream without a copy. An empty buffer waits until there is something.</summary>
    public ValueTask<int> ReadAsync(Memory<byte> destination, CancellationToken cancellation)
    {
        if (_start == _end)
        {
            return stream.ReadAsync(destination, cancellation);
        }

        var count = Math.Min(destination.Length, _end - _start);
        _buffer.AsSpan(_start, count).CopyTo(destination.Span);
        _start += count;
        return new ValueTask<int>(count);
    }

    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation) => stream.WriteAsync(bytes, cancellation);

    /// <summary>Closes it at once; reads and writes under way fail. From any thread, any number of times.</summary>
    public void Abort()
    {
        _aborted = true;
        stream.Dispose();
    }

    private void MakeRoom(int bytesMax)
    {
        if (_start == _end)
        {
            _start = _end = 0;
        }
        else if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }

        if (_end == _buffer.Length)
        {
            Array.Resize(ref _buffer, Math.Max(_end + 1, Math.Min(_buffer.Length * 2, bytesMax)));
        }
    }
}
