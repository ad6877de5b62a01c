using System.IO.Compression;

namespace Pleiad.Wire.Captures;

/// <summary>Recognises by its first bytes how a file is packed and unpacks it on the way.</summary>
internal static class Packing
{
    private static readonly byte[] Xz = [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00];
    private static readonly byte[] Zstd = [0x28, 0xb5, 0x2f, 0xfd];
    private static readonly byte[] Gzip = [0x1f, 0x8b];

    /// <param name="source">Any stream; it need not be seekable.</param>
    /// <param name="packing">How to name the packing after the format, for example <c>, xz</c>; empty when there is none.</param>
    public static Stream Unpack(Stream source, out string packing)
    {
        var head = new byte[6];
        var count = source.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        var whole = new PrefixedStream(head.AsMemory(0, count), source);
        var begin = head.AsSpan(0, count);
        if (begin.StartsWith(Gzip))
        {
            packing = ", gzip";
            return new GZipStream(whole, CompressionMode.Decompress);
        }

        if (begin.StartsWith(Xz))
        {
            packing = ", xz";
            return new NativeUnpacker(whole, new LzmaDecoder());
        }

        if (begin.StartsWith(Zstd))
        {
            packing = ", zstd";
            return new NativeUnpacker(whole, new ZstdDecoder());
        }

        packing = "";
        return whole;
    }
}

/// <summary>A stream whose first bytes were already taken from it.</summary>
internal sealed class PrefixedStream(ReadOnlyMemory<byte> prefix, Stream rest) : ForwardStream
{
    private ReadOnlyMemory<byte> _prefix = prefix;

    public override int Read(Span<byte> buffer)
    {
        if (_prefix.Length == 0)
        {
            return rest.Read(buffer);
        }

        var count = Math.Min(buffer.Length, _prefix.Length);
        _prefix.Span[..count].CopyTo(buffer);
        _prefix = _prefix[count..];
        return count;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            rest.Dispose();
        }

        base.Dispose(disposing);
    }
}

/// <summary>A stream that can only be read, from its begin to its end.</summary>
internal abstract class ForwardStream : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public abstract override int Read(Span<byte> buffer);

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
