namespace Pleiad.Wire.Captures;

/// <summary>A decoder of a native library: takes packed bytes, gives plain ones.</summary>
internal interface INativeDecoder : IDisposable
{
    /// <summary>Decodes as far as input and room go.</summary>
    /// <param name="input">Packed bytes.</param>
    /// <param name="output">Room for plain ones.</param>
    /// <param name="isLast">Whether no packed bytes follow.</param>
    /// <returns>Bytes taken, bytes given, and whether the stream ended.</returns>
    /// <exception cref="InvalidDataException">The packed data are damaged.</exception>
    (int Taken, int Given, bool Ended) Decode(ReadOnlySpan<byte> input, Span<byte> output, bool isLast);
}

/// <summary>Unpacks a stream with a native decoder.</summary>
internal sealed class NativeUnpacker(Stream packed, INativeDecoder decoder) : ForwardStream
{
    private readonly byte[] _input = new byte[128 * 1024];
    private int _begin;
    private int _end;
    private bool _inputEnded;
    private bool _ended;

    public override int Read(Span<byte> buffer)
    {
        while (!_ended && buffer.Length > 0)
        {
            if (_begin == _end && !_inputEnded)
            {
                _begin = 0;
                _end = packed.Read(_input);
                _inputEnded = _end == 0;
            }

            var (taken, given, ended) = decoder.Decode(_input.AsSpan(_begin, _end - _begin), buffer, _inputEnded);
            _begin += taken;
            _ended = ended;
            if (given > 0)
            {
                return given;
            }

            if (_inputEnded && taken == 0 && !ended)
            {
                throw new InvalidDataException("the packed file ends early");
            }
        }

        return 0;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            decoder.Dispose();
            packed.Dispose();
        }

        base.Dispose(disposing);
    }
}
