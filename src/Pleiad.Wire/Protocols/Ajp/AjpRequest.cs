using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text;
using Pleiad.Wire.Packets;

namespace Pleiad.Wire.Protocols.Ajp;

/// <summary>A FORWARD REQUEST: what it asks, and whose request it is.</summary>
internal readonly record struct AjpRequest(string Method, string Uri, Endpoint? FrontClient, bool HasBody)
{
    private const int UriBytesMax = 2048;
    private const int HeadersMax = 1000;
    private const int ContentLengthCode = 0xa008;
    private const int QueryString = 5;
    private const int RequestAttribute = 10;
    private const int SslKeySize = 11;
    private const int StoredMethod = 13;
    private const int End = 255;

    private static readonly string[] Methods =
    [
        "", "OPTIONS", "GET", "HEAD", "POST", "PUT", "DELETE", "TRACE", "PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "ACL", "REPORT", "VERSION-CONTROL",
        "CHECKIN", "CHECKOUT", "UNCHECKOUT", "SEARCH", "MKWORKSPACE", "UPDATE", "LABEL", "MERGE", "BASELINE-CONTROL", "MKACTIVITY",
    ];

    public static bool TryRead(ReadOnlySpan<byte> payload, out AjpRequest request)
    {
        request = default;
        var rest = payload[1..];
        if (rest.Length < 2 || (rest[0] >= Methods.Length && rest[0] != End) || rest[0] == 0)
        {
            return false;
        }

        var method = rest[0] == End ? "" : Methods[rest[0]];
        rest = rest[1..];
        if (!TryText(ref rest, out _) || !TryText(ref rest, out var uri) || !TryText(ref rest, out var address) || !TryText(ref rest, out _) || !TryText(ref rest, out _)
            || rest.Length < 5 || !TryHeaders(ref rest, out var hasBody) || !TryAttributes(rest, ref method, out var query, out var port))
        {
            return false;
        }

        request = new AjpRequest(method, UriOf(uri, query), port > 0 && NetAddress.TryParse(address, out var front) ? new Endpoint(front, port) : null, hasBody);
        return true;
    }

    private static bool TryHeaders(scoped ref ReadOnlySpan<byte> rest, out bool hasBody)
    {
        hasBody = false;
        // The server's port, whether it is TLS, the number of headers.
        var count = BinaryPrimitives.ReadUInt16BigEndian(rest[3..]);
        rest = rest[5..];
        if (count > HeadersMax)
        {
            return false;
        }

        for (; count > 0; count--)
        {
            ReadOnlySpan<byte> name = [];
            var code = rest.Length >= 2 ? BinaryPrimitives.ReadUInt16BigEndian(rest) : 0;
            if (code >> 8 == 0xa0)
            {
                rest = rest[2..];
            }
            else if (!TryText(ref rest, out name))
            {
                return false;
            }

            if (!TryText(ref rest, out var value))
            {
                return false;
            }

            var isLength = code == ContentLengthCode || Ascii.EqualsIgnoreCase(name, "content-length"u8);
            hasBody |= (isLength && Utf8Parser.TryParse(value, out long length, out _) && length > 0) || Ascii.EqualsIgnoreCase(name, "transfer-encoding"u8);
        }

        return true;
    }

    private static bool TryAttributes(ReadOnlySpan<byte> rest, ref string method, out ReadOnlySpan<byte> query, out int port)
    {
        query = [];
        port = 0;
        while (rest.Length > 0 && rest[0] != End)
        {
            var code = rest[0];
            rest = rest[1..];
            ReadOnlySpan<byte> value = [];
            if (code == SslKeySize)
            {
                if (rest.Length < 2)
                {
                    return false;
                }

                rest = rest[2..];
            }
            else if (code == RequestAttribute)
            {
                if (!TryText(ref rest, out var name) || !TryText(ref rest, out value))
                {
                    return false;
                }

                if (name.SequenceEqual("AJP_REMOTE_PORT"u8) && Utf8Parser.TryParse(value, out int number, out _))
                {
                    port = number;
                }
            }
            else if (!TryText(ref rest, out value))
            {
                return false;
            }

            query = code == QueryString ? value : query;
            method = code == StoredMethod ? Encoding.Latin1.GetString(value[..Math.Min(value.Length, 64)]) : method;
        }

        return rest.Length > 0;
    }

    /// <summary>Two bytes of length (0xffff: none), the bytes, a zero.</summary>
    private static bool TryText(scoped ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> text)
    {
        text = [];
        if (rest.Length < 2)
        {
            return false;
        }

        var length = BinaryPrimitives.ReadUInt16BigEndian(rest);
        if (length == 0xffff)
        {
            rest = rest[2..];
            return true;
        }

        if (rest.Length < 3 + length)
        {
            return false;
        }

        text = rest.Slice(2, length);
        rest = rest[(3 + length)..];
        return true;
    }

    private static string UriOf(ReadOnlySpan<byte> path, ReadOnlySpan<byte> query)
    {
        Span<byte> uri = stackalloc byte[(2 * UriBytesMax) + 1];
        path = path[..Math.Min(path.Length, UriBytesMax)];
        query = query[..Math.Min(query.Length, UriBytesMax)];
        path.CopyTo(uri);
        if (query.Length == 0)
        {
            return Encoding.Latin1.GetString(path);
        }

        uri[path.Length] = (byte)'?';
        query.CopyTo(uri[(path.Length + 1)..]);
        return Encoding.Latin1.GetString(uri[..(path.Length + 1 + query.Length)]);
    }
}
