namespace Pleiad.Wire.Captures;

/// <summary>A moving window over a stream: bytes are looked at in place, and memory is that of the largest look.</summary>
internal sealed class ByteWindow(Stream source) : IDisposable
{
    private const int SizeAtFirst = 256 * 1024;

    private byte[] _buffer = new byte[SizeAtFirst];
    private int _begin;
    private int _end;
    private bool _ended;

    /// <summary>Place of the window's first byte in the stream.</summary>
    public long Offset { get; private set; }

    /// <summary>Why the stream ended before its time, or null.</summary>
    public string? Failure { get; private set; }

    public int Available => _end - _begin;

    /// <summary>Whether this many bytes are there, after reading as far as needed.</summary>
    public bool Has(int count) => Available >= count || Fill(count);

    public ReadOnlySpan<byte> Look(int count) => _buffer.AsSpan(_begin, count);

    public void Skip(int count)
    {
        _begin += count;
        Offset += count;
    }

    /// <summary>Skips as far as the stream goes; returns the bytes skipped.</summary>
    public long SkipUpTo(long count)
    {
        var skipped = 0L;
        while (skipped < count && Has(1))
        {
            var step = (int)Math.Min(count - skipped, Available);
            Skip(step);
            skipped += step;
        }

        return skipped;
    }

    public void Dispose() => source.Dispose();

    private bool Fill(int count)
    {
        if (_ended)
        {
            return false;
        }

        if (_begin > 0)
        {
            _buffer.AsSpan(_begin, Available).CopyTo(_buffer);
            _end -= _begin;
            _begin = 0;
        }

        if (count > _buffer.Length)
        {
            Array.Resize(ref _buffer, Math.Max(count, _buffer.Length * 2));
        }

        while (_end < count)
        {
            var read = ReadSome();
            if (read == 0)
            {
                _ended = true;
                return false;
            }

            _end += read;
        }

        return true;
    }

    // A packed file that is damaged yields what came before the damage; the reader then says where it ended and why.
    private int ReadSome()
    {
        try
        {
            return source.Read(_buffer, _end, _buffer.Length - _end);
        }
        catch (Exception error) when (error is InvalidDataException or IOException)
        {
            Failure = error.Message.TrimEnd('.');
            return 0;
        }
    }
}
