using System.Buffers.Binary;
using System.Buffers.Text;
using Pleiad.Wire.Packets;

namespace Pleiad.Wire.Protocols;

/// <summary>The line or the bytes that a proxy puts before all else on a connection to say whom it speaks for: the PROXY protocol, versions 1 and 2.</summary>
internal static class ProxyHeader
{
    private const int LineBytesMax = 107;
    private const int FixedBytes = 16;
    private const int V4Bytes = 12;
    private const int V6Bytes = 36;

    private static ReadOnlySpan<byte> Signature => "\r\n\r\n\0\r\nQUIT\n"u8;

    /// <summary>Bytes of the header at the begin of a connection; 0 when there is none, or not all of it.</summary>
    /// <param name="bytes">The connection's first bytes.</param>
    /// <param name="client">Whom the proxy speaks for; null when it does not say.</param>
    public static int Read(ReadOnlySpan<byte> bytes, out Endpoint? client)
    {
        client = null;
        return bytes.StartsWith("PROXY "u8) ? ReadLine(bytes, out client) : bytes.StartsWith(Signature) ? ReadBinary(bytes, out client) : 0;
    }

    private static int ReadLine(ReadOnlySpan<byte> bytes, out Endpoint? client)
    {
        client = null;
        var end = bytes[..Math.Min(bytes.Length, LineBytesMax)].IndexOf("\r\n"u8);
        if (end < 0)
        {
            return 0;
        }

        Span<Range> parts = stackalloc Range[6];
        var line = bytes[..end];
        var count = 0;
        foreach (var part in line.Split((byte)' '))
        {
            if (count == parts.Length)
            {
                return 0;
            }

            parts[count++] = part;
        }

        if (count == parts.Length && NetAddress.TryParse(line[parts[2]], out var address) && Utf8Parser.TryParse(line[parts[4]], out ushort port, out _))
        {
            client = new Endpoint(address, port);
        }

        return client is not null || line[parts[1]].SequenceEqual("UNKNOWN"u8) ? end + 2 : 0;
    }

    private static int ReadBinary(ReadOnlySpan<byte> bytes, out Endpoint? client)
    {
        client = null;
        if (bytes.Length < FixedBytes || bytes[12] >> 4 != 2)
        {
            return 0;
        }

        var length = FixedBytes + BinaryPrimitives.ReadUInt16BigEndian(bytes[14..]);
        if (bytes.Length < length)
        {
            return 0;
        }

        // A proxy that asks for itself, to see whether the server lives, names nobody.
        var isProxied = (bytes[12] & 15) == 1;
        var content = bytes[FixedBytes..length];
        client = (bytes[13] >> 4) switch
        {
            1 when isProxied && content.Length >= V4Bytes => new Endpoint(NetAddress.V4(BinaryPrimitives.ReadUInt32BigEndian(content)), BinaryPrimitives.ReadUInt16BigEndian(content[8..])),
            2 when isProxied && content.Length >= V6Bytes => new Endpoint(
                new NetAddress(BinaryPrimitives.ReadUInt64BigEndian(content), BinaryPrimitives.ReadUInt64BigEndian(content[8..])), BinaryPrimitives.ReadUInt16BigEndian(content[32..])),
            _ => null,
        };
        return length;
    }
}
