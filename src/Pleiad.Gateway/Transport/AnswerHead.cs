using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Text;

namespace Pleiad.Gateway.Transport;

/// <summary>How the end of an answer's body is found.</summary>
internal enum AnswerBody
{
    None,
    Length,
    Chunked,
    UntilClose,
    Upgraded,
}

/// <summary>
/// The head of an answer, read strictly: machines run code of others, and what two readers understand differently can be made a weapon. A bare LF ends a
/// line as CR LF does, as RFC 9112 allows; folded lines, spaces before a colon, two lengths, a length beside chunks and control characters are refused.
/// </summary>
internal sealed class AnswerHead
{
    private const int HeadersMax = 256;

    private static readonly SearchValues<byte> TokenBytes =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    private static readonly SearchValues<byte> Controls =
        SearchValues.Create(Enumerable.Range(0, 0x20).Where(code => code != '\t').Append(0x7F).Select(code => (byte)code).ToArray());

    /// <summary>Names that answers commonly have, so that no new text is made for them.</summary>
    private static readonly ILookup<int, string> CommonNames = new[]
    {
        "Content-Type", "Content-Encoding", "Content-Language", "Content-Disposition", "Date", "Server", "Cache-Control", "ETag", "Last-Modified", "Expires",
        "Location", "Set-Cookie", "Vary", "Accept-Ranges", "Access-Control-Allow-Origin", "Retry-After", "Upgrade", "Trailer",
    }.ToLookup(name => name.Length);

    private AnswerHead(HttpResponseMessage response, AnswerContent content)
    {
        Response = response;
        Content = content;
    }

    public HttpResponseMessage Response { get; }

    public AnswerContent Content { get; }

    public AnswerBody Body { get; private set; }

    /// <summary>Length of the body when <see cref="Body"/> says so.</summary>
    public long Length { get; private set; }

    /// <summary>Whether the connection may be used again after the body.</summary>
    public bool KeepsConnection { get; private set; }

    /// <summary>Whether the real answer is still to come.</summary>
    public bool IsInterim => (int)Response.StatusCode is >= 100 and < 200 && Body != AnswerBody.Upgraded;

    /// <summary>Whether the bytes can still become an answer's head; tells garbage from a slow machine.</summary>
    public static bool CanBegin(ReadOnlySpan<byte> bytes)
    {
        var begin = "HTTP/1."u8;
        return bytes.Length < begin.Length ? begin.StartsWith(bytes) : bytes.StartsWith(begin);
    }

    /// <summary>Length of the head with its empty line, or -1 while it is not complete.</summary>
    public static int Find(ReadOnlySpan<byte> bytes)
    {
        var line = 0;
        while (bytes[line..].IndexOf((byte)'\n') is var end and >= 0)
        {
            line += end + 1;
            if (bytes[line..].StartsWith("\n"u8))
            {
                return line + 1;
            }

            if (bytes[line..].StartsWith("\r\n"u8))
            {
                return line + 2;
            }
        }

        return -1;
    }

    /// <summary>Reads a head.</summary>
    /// <param name="bytes">The head with its empty line.</param>
    /// <param name="request">What it answers.</param>
    /// <param name="head">The head.</param>
    /// <param name="problem">Why it is refused, to follow "sent an answer that".</param>
    public static bool TryParse(ReadOnlySpan<byte> bytes, HttpRequestMessage request, [NotNullWhen(true)] out AnswerHead? head, [NotNullWhen(false)] out string? problem)
    {
        head = null;
        var rest = bytes;
        if (!TryParseStatus(TakeLine(ref rest), out var minor, out var status, out var reason))
        {
            problem = "does not begin with an HTTP/1.0 or HTTP/1.1 status line";
            return false;
        }

        var fields = new Fields { KeepsConnection = minor == 1 };
        problem = fields.Scan(rest, minor);
        if (problem is not null)
        {
            return false;
        }

        var content = new AnswerContent();
        var response = new HttpResponseMessage((HttpStatusCode)status) { RequestMessage = request, Content = content };
        if (reason.Length > 0 && !Ascii.Equals(reason, response.ReasonPhrase))
        {
            response.ReasonPhrase = Encoding.ASCII.GetString(reason);
        }

        head = new AnswerHead(response, content) { KeepsConnection = fields.KeepsConnection };
        problem = head.Frame(request, fields, status);
        if (problem is not null)
        {
            response.Dispose();
            head = null;
            return false;
        }

        head.AddHeaders(rest, fields.Nominated);
        return true;
    }

    /// <summary>Reads one header or trailer line.</summary>
    public static bool TrySplit(ReadOnlySpan<byte> line, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        var colon = line.IndexOf((byte)':');
        name = colon > 0 ? line[..colon] : default;
        value = colon > 0 ? line[(colon + 1)..].Trim(" \t"u8) : default;
        return colon > 0 && name.IndexOfAnyExcept(TokenBytes) < 0 && value.IndexOfAny(Controls) < 0;
    }

    public static string NameOf(ReadOnlySpan<byte> name)
    {
        foreach (var common in CommonNames[name.Length])
        {
            if (Ascii.EqualsIgnoreCase(name, common))
            {
                return common;
            }
        }

        return Encoding.ASCII.GetString(name);
    }

    public static ReadOnlySpan<byte> TakeLine(ref ReadOnlySpan<byte> rest)
    {
        var end = rest.IndexOf((byte)'\n');
        var line = end < 0 ? rest : rest[..end];
        rest = end < 0 ? default : rest[(end + 1)..];
        return line.EndsWith("\r"u8) ? line[..^1] : line;
    }

    private static bool TryParseStatus(ReadOnlySpan<byte> line, out int minor, out int status, out ReadOnlySpan<byte> reason)
    {
        minor = status = 0;
        reason = default;
        if (line.Length < 12 || !line.StartsWith("HTTP/1."u8) || line[7] is not ((byte)'0' or (byte)'1') || line[8] != ' ')
        {
            return false;
        }

        minor = line[7] - '0';
        reason = line.Length > 13 ? line[13..] : default;
        return Utf8Parser.TryParse(line.Slice(9, 3), out status, out var read)
            && read == 3
            && status >= 100
            && (line.Length == 12 || line[12] == ' ')
            && reason.IndexOfAny(Controls) < 0
            && (Ascii.IsValid(reason) || (reason = default).IsEmpty);
    }

    /// <returns>Why it cannot be framed, or null.</returns>
    private string? Frame(HttpRequestMessage request, in Fields fields, int status)
    {
        if (status == 101)
        {
            Body = AnswerBody.Upgraded;
            return request.Headers.NonValidated.Contains("Upgrade") ? null : "switches the protocol without having been asked to";
        }

        var bodiless = request.Method == HttpMethod.Head || status is < 200 or 204 or 304;
        Body = bodiless ? AnswerBody.None
            : fields.Chunked ? AnswerBody.Chunked
            : fields.Length is not null ? AnswerBody.Length
            : AnswerBody.UntilClose;
        Length = Body == AnswerBody.Length ? fields.Length ?? 0 : 0;
        KeepsConnection &= Body != AnswerBody.UntilClose;
        if (fields.Length is { } length && status is >= 200 and not 204)
        {
            Content.Headers.ContentLength = length;
        }

        return null;
    }

    private void AddHeaders(ReadOnlySpan<byte> rest, string? nominated)
    {
        while (TakeLine(ref rest) is { IsEmpty: false } line)
        {
            TrySplit(line, out var name, out var value);
            if (Fields.IsFraming(name) || (Body != AnswerBody.Upgraded && IsConnection(name)) || (nominated is not null && IsListed(nominated, name)))
            {
                continue;
            }

            var text = NameOf(name);
            var content = Encoding.Latin1.GetString(value);
            if (!Response.Headers.TryAddWithoutValidation(text, content))
            {
                Content.Headers.TryAddWithoutValidation(text, content);
            }
        }
    }

    private static bool IsConnection(ReadOnlySpan<byte> name) =>
        Ascii.EqualsIgnoreCase(name, "Connection"u8) || Ascii.EqualsIgnoreCase(name, "Keep-Alive"u8) || Ascii.EqualsIgnoreCase(name, "Upgrade"u8);

    private static bool IsListed(string list, ReadOnlySpan<byte> name)
    {
        foreach (var range in list.AsSpan().Split(','))
        {
            if (Ascii.EqualsIgnoreCase(name, list.AsSpan(range).Trim()))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>What the headers say of body and connection.</summary>
    private struct Fields
    {
        public long? Length;
        public bool Chunked;
        public bool KeepsConnection;

        /// <summary>Headers that the Connection header names as meant for this connection only.</summary>
        public string? Nominated;

        public static bool IsFraming(ReadOnlySpan<byte> name) =>
            (name.Length == 14 && Ascii.EqualsIgnoreCase(name, "Content-Length"u8)) || (name.Length == 17 && Ascii.EqualsIgnoreCase(name, "Transfer-Encoding"u8));

        /// <returns>Why the headers are refused, or null.</returns>
        public string? Scan(ReadOnlySpan<byte> rest, int minor)
        {
            var count = 0;
            while (TakeLine(ref rest) is { IsEmpty: false } line)
            {
                if (++count > HeadersMax)
                {
                    return $"has more than {HeadersMax} headers";
                }

                if (!TrySplit(line, out var name, out var value))
                {
                    return "has a malformed header";
                }

                if (IsFraming(name))
                {
                    if (name.Length == 14 ? !TryLength(value) : !TryCoding(value))
                    {
                        return name.Length == 14 ? "has no usable Content-Length" : "has a Transfer-Encoding other than chunked";
                    }
                }
                else if (name.Length == 10 && Ascii.EqualsIgnoreCase(name, "Connection"u8))
                {
                    ReadConnection(Encoding.ASCII.GetString(value));
                }
            }

            return Chunked && Length is not null ? "has both Content-Length and Transfer-Encoding"
                : Chunked && minor == 0 ? "is HTTP/1.0 and has a Transfer-Encoding"
                : null;
        }

        private bool TryLength(ReadOnlySpan<byte> value)
        {
            // Digits only: the parser would also take a sign.
            var read = 0;
            var valid = value is { Length: > 0 and <= 18 }
                && value.IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0
                && Utf8Parser.TryParse(value, out long length, out read)
                && (Length ?? length) == length
                && (Length = length) >= 0;
            return valid && read == value.Length;
        }

        private bool TryCoding(ReadOnlySpan<byte> value)
        {
            var first = !Chunked;
            Chunked = true;
            return first && Ascii.EqualsIgnoreCase(value, "chunked"u8);
        }

        private void ReadConnection(string value)
        {
            foreach (var range in value.AsSpan().Split(','))
            {
                var token = value.AsSpan(range).Trim();
                if (token.Equals("close", StringComparison.OrdinalIgnoreCase))
                {
                    KeepsConnection = false;
                }
                else if (token.Equals("keep-alive", StringComparison.OrdinalIgnoreCase))
                {
                    KeepsConnection = true;
                }
                else if (!token.Equals("upgrade", StringComparison.OrdinalIgnoreCase) && !token.IsEmpty)
                {
                    Nominated = Nominated is null ? token.ToString() : $"{Nominated},{token}";
                }
            }
        }
    }
}
