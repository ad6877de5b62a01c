using System.Buffers.Text;
using System.Text;
using Pleiad.Wire.Packets;

namespace Pleiad.Wire.Protocols.Http;

/// <summary>The head of a request or an answer: its first line and the few fields that say where the message ends.</summary>
internal ref struct HttpHead
{
    /// <summary>A URI longer than this is cut in reports.</summary>
    private const int UriBytesMax = 2048;

    public ReadOnlySpan<byte> Method;
    public ReadOnlySpan<byte> Target;
    public int Status;

    /// <summary>Bytes of the body, or -1 when no length is given.</summary>
    public long Length;
    public bool IsChunked;
    public bool IsHttp10;
    public bool Closes;
    public bool KeepsAlive;

    /// <summary>Hash of the fields that say what an answer's body is; 0 for none.</summary>
    public ulong ContentFields;
    private ReadOnlySpan<byte> _forwarded;
    private ReadOnlySpan<byte> _forwardedFor;

    /// <summary>Whether bytes look like the begin of a request: a method, a space, a target.</summary>
    public static bool IsRequestLine(ReadOnlySpan<byte> bytes)
    {
        var space = bytes[..Math.Min(bytes.Length, 24)].IndexOf((byte)' ');
        if (space < 3 || space + 1 >= bytes.Length || bytes[..space].ContainsAnyExceptInRange((byte)'A', (byte)'Z'))
        {
            return false;
        }

        // A target begins with '/', 'http', '*' or, for CONNECT, a host; and the line ends with the version.
        var line = bytes[(space + 1)..];
        var end = line.IndexOf((byte)'\n');
        if (end < 0)
        {
            return line[0] is (byte)'/' or (byte)'h' or (byte)'*' || bytes.StartsWith("CONNECT "u8);
        }

        return line[..end].IndexOf(" HTTP/1."u8) > 0;
    }

    public static bool IsAnswerLine(ReadOnlySpan<byte> bytes) => bytes.StartsWith("HTTP/1."u8);

    /// <summary>Bytes of the head with its empty line, or 0 when it is not whole.</summary>
    public static int EndOf(ReadOnlySpan<byte> bytes)
    {
        var at = bytes.IndexOf("\r\n\r\n"u8);
        var bare = bytes[..(at < 0 ? bytes.Length : at)].IndexOf("\n\n"u8);
        return bare >= 0 ? bare + 2 : at >= 0 ? at + 4 : 0;
    }

    /// <summary>Reads a whole head.</summary>
    /// <returns>False when its first line is none of HTTP/1.x, or its length is no number.</returns>
    public static bool TryRead(ReadOnlySpan<byte> bytes, bool isAnswer, out HttpHead head)
    {
        head = new HttpHead { Length = -1 };
        var line = NextLine(ref bytes);
        if (!(isAnswer ? head.ReadStatusLine(line) : head.ReadRequestLine(line)))
        {
            return false;
        }

        while (bytes.Length > 0)
        {
            line = NextLine(ref bytes);
            var colon = line.IndexOf((byte)':');
            if (colon > 0 && !head.ReadField(line[..colon], line[(colon + 1)..].Trim((byte)' ')))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whom a proxy says it asks for, or null.</summary>
    public readonly Endpoint? FrontClient() => ForwardedFor.OfForwarded(_forwarded) ?? ForwardedFor.OfList(_forwardedFor);

    public readonly string TargetText()
    {
        var target = Target;
        if (target.StartsWith("http"u8) && target.IndexOf("://"u8) is > 0 and var scheme)
        {
            var path = target[(scheme + 3)..].IndexOf((byte)'/');
            target = path >= 0 ? target[(scheme + 3 + path)..] : "/"u8;
        }

        return Encoding.Latin1.GetString(target[..Math.Min(target.Length, UriBytesMax)]);
    }

    private bool ReadRequestLine(ReadOnlySpan<byte> line)
    {
        var space = line.IndexOf((byte)' ');
        var last = line.LastIndexOf((byte)' ');
        if (space <= 0 || last <= space || !line[(last + 1)..].StartsWith("HTTP/1."u8))
        {
            return false;
        }

        Method = line[..space];
        Target = line[(space + 1)..last];
        IsHttp10 = line[^1] == '0';
        return true;
    }

    private bool ReadStatusLine(ReadOnlySpan<byte> line)
    {
        if (line.Length < 12 || !line.StartsWith("HTTP/1."u8) || !Utf8Parser.TryParse(line[9..12], out int status, out var digits) || digits != 3)
        {
            return false;
        }

        Status = status;
        IsHttp10 = line[7] == '0';
        return true;
    }

    private bool ReadField(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        switch (name.Length)
        {
            case 14 when Is(name, "content-length"u8):
                if (!Utf8Parser.TryParse(value, out long length, out _) || length < 0)
                {
                    return false;
                }

                Length = length;
                break;
            case 4 when Status > 0 && Is(name, "etag"u8):
            case 12 when Status > 0 && Is(name, "content-type"u8):
            case 13 when Status > 0 && Is(name, "last-modified"u8):
                // Proxies may change their order.
                ContentFields ^= ValueHash.Combine((ulong)name.Length, ValueHash.OfBytes(value));
                break;
            case 17 when Is(name, "transfer-encoding"u8):
                IsChunked = Ascii.EqualsIgnoreCase(value[Math.Max(0, value.Length - 7)..], "chunked"u8);
                break;
            case 9 when Is(name, "forwarded"u8):
                _forwarded = value;
                break;
            case 15 when Is(name, "x-forwarded-for"u8):
                _forwardedFor = value;
                break;
            case 10 when Is(name, "connection"u8):
                Closes = Ascii.EqualsIgnoreCase(value, "close"u8);
                KeepsAlive = Ascii.EqualsIgnoreCase(value, "keep-alive"u8);
                break;
        }

        return true;
    }

    private static bool Is(ReadOnlySpan<byte> name, ReadOnlySpan<byte> wanted) => Ascii.EqualsIgnoreCase(name, wanted);

    private static ReadOnlySpan<byte> NextLine(scoped ref ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf((byte)'\n');
        var line = end < 0 ? bytes : bytes[..end];
        bytes = end < 0 ? [] : bytes[(end + 1)..];
        return line is [.., (byte)'\r'] ? line[..^1] : line;
    }
}
