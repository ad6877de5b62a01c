using System.Buffers.Text;
using System.Text;
using Pleiad.Wire.Packets;

namespace Pleiad.Wire.Protocols.Http;

/// <summary>Whom a proxy says it asks for: Forwarded (RFC 7239) or X-Forwarded-For. The last one named is the proxy's own client; those before it are what others said.</summary>
internal static class ForwardedFor
{
    /// <summary>Reads the last node of a list of addresses.</summary>
    /// <returns>The address, with port 0 where none is given; null when the node is no address.</returns>
    public static Endpoint? OfList(ReadOnlySpan<byte> value) => Node(value[(value.LastIndexOf((byte)',') + 1)..].Trim(" \t"u8));

    /// <summary>Reads the last element of a Forwarded field.</summary>
    /// <returns>The address, with port 0 where none is given; null when it names nobody or hides who it is.</returns>
    public static Endpoint? OfForwarded(ReadOnlySpan<byte> value)
    {
        Endpoint? found = null;
        while (value.Length > 0)
        {
            var end = EndOf(value, out var startsElement);
            var pair = value[..end].Trim(" \t"u8);
            var equals = pair.IndexOf((byte)'=');
            if (equals == 3 && Ascii.EqualsIgnoreCase(pair[..equals], "for"u8))
            {
                found = Node(pair[(equals + 1)..].Trim((byte)'"'));
            }

            value = value[Math.Min(value.Length, end + 1)..];
            if (startsElement)
            {
                found = null;
            }
        }

        return found;
    }

    /// <summary>Where a pair ends that may hold quoted text, and whether another proxy's element comes after it.</summary>
    private static int EndOf(ReadOnlySpan<byte> value, out bool startsElement)
    {
        var isQuoted = false;
        for (var at = 0; at < value.Length; at++)
        {
            isQuoted ^= value[at] == '"';
            if (!isQuoted && value[at] is (byte)';' or (byte)',')
            {
                startsElement = value[at] == ',';
                return at;
            }
        }

        startsElement = false;
        return value.Length;
    }

    /// <summary>An address, an address and port, or an IPv6 address in brackets with or without a port.</summary>
    private static Endpoint? Node(ReadOnlySpan<byte> text)
    {
        var port = ReadOnlySpan<byte>.Empty;
        if (text is [(byte)'[', ..] && text.IndexOf((byte)']') is > 0 and var bracket)
        {
            port = text[(bracket + 1)..];
            text = text[1..bracket];
        }
        else if (text.IndexOf((byte)':') is > 0 and var colon && colon == text.LastIndexOf((byte)':'))
        {
            port = text[colon..];
            text = text[..colon];
        }

        return NetAddress.TryParse(text, out var address) ? new Endpoint(address, PortOf(port)) : null;
    }

    // A port may be hidden behind a word, as a node may.
    private static int PortOf(ReadOnlySpan<byte> text) =>
        text is [(byte)':', ..] && Utf8Parser.TryParse(text[1..], out ushort port, out var used) && used == text.Length - 1 ? port : 0;
}
