using System.Buffers.Binary;

namespace Pleiad.Machines.Images.Linux;

/// <summary>Unpacks LZ4's legacy frame, which Linux kernels use: a magic number, then blocks of at most 8 MiB unpacked, each behind its packed length.</summary>
/// <remarks>The block format: https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md</remarks>
internal static class Lz4Legacy
{
    private const int MagicBytes = 4;
    private const int LengthBytes = 4;
    private const int BlockBytes = 8 << 20;
    private const int MatchMin = 4;
    private const int LongLength = 15;

    /// <summary>Unpacks a frame; what stands behind it (a kernel has its unpacked size there) is passed over.</summary>
    /// <exception cref="InvalidDataException">It is damaged or unpacks to more than that.</exception>
    public static byte[] Unpack(ReadOnlySpan<byte> frame, int bytesMax)
    {
        using var unpacked = new MemoryStream();
        var block = new byte[BlockBytes];
        for (var rest = frame[MagicBytes..]; rest.Length > LengthBytes;)
        {
            var length = BinaryPrimitives.ReadUInt32LittleEndian(rest);
            if (length == 0 || length > rest.Length - LengthBytes)
            {
                throw Damaged();
            }

            var count = UnpackBlock(rest.Slice(LengthBytes, (int)length), block);
            if (unpacked.Length + count > bytesMax)
            {
                throw new InvalidDataException($"unpacks to more than {bytesMax} bytes");
            }

            unpacked.Write(block, 0, count);
            rest = rest[(LengthBytes + (int)length)..];
        }

        return unpacked.ToArray();
    }

    private static int UnpackBlock(ReadOnlySpan<byte> from, Span<byte> to)
    {
        var (at, written) = (0, 0);
        while (at < from.Length)
        {
            var token = from[at++];
            var literals = Length(from, ref at, token >> 4);
            if (literals > from.Length - at || literals > to.Length - written)
            {
                throw Damaged();
            }

            from.Slice(at, literals).CopyTo(to[written..]);
            (at, written) = (at + literals, written + literals);
            if (at == from.Length)
            {
                break; // the last sequence has literals only
            }

            if (from.Length - at < 2)
            {
                throw Damaged();
            }

            var distance = BinaryPrimitives.ReadUInt16LittleEndian(from[at..]);
            at += 2;
            var match = Length(from, ref at, token & LongLength) + MatchMin;
            if (distance == 0 || distance > written || match > to.Length - written)
            {
                throw Damaged();
            }

            CopyMatch(to, written, distance, match);
            written += match;
        }

        return written;
    }

    // A match may reach into what it writes: then it repeats.
    private static void CopyMatch(Span<byte> to, int written, int distance, int count)
    {
        while (count > 0)
        {
            var piece = Math.Min(distance, count);
            to.Slice(written - distance, piece).CopyTo(to[written..]);
            (written, count, distance) = (written + piece, count - piece, distance + piece);
        }
    }

    private static int Length(ReadOnlySpan<byte> from, ref int at, int nibble)
    {
        var length = nibble;
        if (nibble == LongLength)
        {
            byte more;
            do
            {
                if (at >= from.Length || length > BlockBytes)
                {
                    throw Damaged();
                }

                more = from[at++];
                length += more;
            }
            while (more == byte.MaxValue);
        }

        return length;
    }

    private static InvalidDataException Damaged() => new("is damaged: its LZ4 stream cannot be unpacked");
}
