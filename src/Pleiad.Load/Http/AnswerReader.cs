using System.Buffers.Text;
using System.Text;

namespace Pleiad.Load.Http;

/// <summary>Looks at each header of an answer while its bytes are there.</summary>
internal interface IHeaderSink
{
    void OnHeader(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value);
}

/// <summary>
/// Reads one answer of HTTP/1.1 from bytes as they come: head, then a body of a known length, in chunks or until the connection ends. Bodies are counted, and kept when asked for.
/// </summary>
internal sealed class AnswerReader
{
    public const int HeadBytesMax = 64 * 1024;
    public const int BodyBytesMax = 16 * 1024 * 1024;

    private enum Part
    {
        Head,
        Length,
        ChunkSize,
        Chunk,
        ChunkEnd,
        Trailer,
        UntilClose,
        Done,
    }

    private Part _part;
    private long _left;
    private byte[] _body = [];
    private int _bodyLength;

    public int Status { get; private set; }

    /// <summary>Bytes of the body, as they were sent.</summary>
    public long BodyBytes { get; private set; }

    public bool KeepsConnection { get; private set; }

    /// <summary>The body when it was asked for and came in several pieces.</summary>
    public ReadOnlySpan<byte> KeptBody => _body.AsSpan(0, _bodyLength);

    public bool HasBegun => _part != Part.Head;

    public void Reset()
    {
        (_part, _left, _bodyLength, Status, BodyBytes, KeepsConnection) = (Part.Head, 0, 0, 0, 0, true);
        if (_body.Length > 1 << 18)
        {
            _body = [];
        }
    }

    /// <summary>Reads on.</summary>
    /// <param name="bytes">What has come and was not used yet.</param>
    /// <param name="isHead">Whether the request was HEAD: no body then.</param>
    /// <param name="keepsBody">Whether the body is wanted.</param>
    /// <param name="sink">Sees the headers.</param>
    /// <param name="used">How many bytes were used; the rest has to be given again with more.</param>
    /// <param name="body">The body when it is whole and lies in <paramref name="bytes"/>; otherwise look at <see cref="KeptBody"/>.</param>
    /// <returns>Whether the answer is complete; null when it is none.</returns>
    public bool? Read(ReadOnlySpan<byte> bytes, bool isHead, bool keepsBody, IHeaderSink sink, out int used, out ReadOnlySpan<byte> body)
    {
        used = 0;
        body = default;
        while (_part != Part.Done)
        {
            var rest = bytes[used..];
            switch (_part)
            {
                case Part.Head:
                    var (end, gap) = EndOfHead(rest);
                    if (end < 0)
                    {
                        return rest.Length > HeadBytesMax || !CanBegin(rest) ? null : false;
                    }

                    if (!TryHead(rest[..end], isHead, sink))
                    {
                        return null;
                    }

                    used += end + gap;
                    if (_part == Part.Length && bytes.Length - used >= _left && keepsBody)
                    {
                        body = bytes.Slice(used, (int)_left);
                        used += (int)_left;
                        BodyBytes = body.Length;
                        _part = Part.Done;
                    }

                    break;
                case Part.Length or Part.Chunk:
                    var taken = (int)Math.Min(_left, rest.Length);
                    if (!TryTake(rest[..taken], keepsBody))
                    {
                        return null;
                    }

                    used += taken;
                    _left -= taken;
                    if (_left > 0)
                    {
                        return false;
                    }

                    _part = _part == Part.Length ? Part.Done : Part.ChunkEnd;
                    break;
                case Part.UntilClose:
                    if (!TryTake(rest, keepsBody))
                    {
                        return null;
                    }

                    used += rest.Length;
                    return false;
                default:
                    var line = rest.IndexOf((byte)'\n');
                    if (line < 0)
                    {
                        return rest.Length > 4096 ? null : false;
                    }

                    used += line + 1;
                    if (!TryLine(rest[..line].TrimEnd((byte)'\r')))
                    {
                        return null;
                    }

                    break;
            }
        }

        if (keepsBody && body.IsEmpty)
        {
            body = KeptBody;
        }

        return true;
    }

    /// <summary>The connection ended: whether that is the end of the answer too.</summary>
    public bool EndsHere()
    {
        if (_part != Part.UntilClose)
        {
            return false;
        }

        _part = Part.Done;
        return true;
    }

    /// <summary>Length of the head's lines and of the empty line after them; a line may end without CR, as clients have to bear (RFC 9112, 2.2).</summary>
    private static (int End, int Gap) EndOfHead(ReadOnlySpan<byte> bytes)
    {
        // The body may hold what ends other heads: the first end counts.
        var end = bytes.IndexOf("\r\n\r\n"u8);
        var bare = (end < 0 ? bytes : bytes[..end]).IndexOf("\n\n"u8);
        return bare >= 0 ? (bare + 1, 1) : end >= 0 ? (end + 2, 2) : (-1, 0);
    }

    private static bool CanBegin(ReadOnlySpan<byte> bytes) => bytes.Length < 7 ? "HTTP/1."u8.StartsWith(bytes) : bytes.StartsWith("HTTP/1."u8);

    private static bool Lists(ReadOnlySpan<byte> value, ReadOnlySpan<byte> wanted)
    {
        for (var rest = value; ;)
        {
            var comma = rest.IndexOf((byte)',');
            if (Ascii.EqualsIgnoreCase((comma < 0 ? rest : rest[..comma]).Trim(" \t"u8), wanted))
            {
                return true;
            }

            if (comma < 0)
            {
                return false;
            }

            rest = rest[(comma + 1)..];
        }
    }

    private bool TryLine(ReadOnlySpan<byte> line)
    {
        switch (_part)
        {
            case Part.ChunkEnd:
                _part = Part.ChunkSize;
                return line.IsEmpty;
            case Part.Trailer:
                _part = line.IsEmpty ? Part.Done : Part.Trailer;
                return true;
            default:
                var size = line.IndexOf((byte)';') is var semicolon and >= 0 ? line[..semicolon].Trim((byte)' ') : line.Trim((byte)' ');
                if (!Utf8Parser.TryParse(size, out _left, out var read, 'x') || read != size.Length || _left < 0)
                {
                    return false;
                }

                _part = _left == 0 ? Part.Trailer : Part.Chunk;
                return true;
        }
    }

    private bool TryTake(ReadOnlySpan<byte> bytes, bool keeps)
    {
        BodyBytes += bytes.Length;
        if (!keeps || bytes.IsEmpty)
        {
            return true;
        }

        if (_bodyLength + bytes.Length > BodyBytesMax)
        {
            return false;
        }

        if (_body.Length < _bodyLength + bytes.Length)
        {
            Array.Resize(ref _body, Math.Max(Math.Max(4096, _body.Length * 2), _bodyLength + bytes.Length));
        }

        bytes.CopyTo(_body.AsSpan(_bodyLength));
        _bodyLength += bytes.Length;
        return true;
    }

    private bool TryHead(ReadOnlySpan<byte> head, bool isHead, IHeaderSink sink)
    {
        var end = head.IndexOf((byte)'\n');
        var line = head[..end];
        if (line.Length < 12 || !CanBegin(line) || !Utf8Parser.TryParse(line.Slice(9, 3), out int status, out var read) || read != 3)
        {
            return false;
        }

        if (status is >= 100 and < 200)
        {
            return status != 101;
        }

        Status = status;
        KeepsConnection = line[7] == '1';
        var (length, chunked) = (-1L, false);
        for (var rest = head[(end + 1)..]; !rest.IsEmpty;)
        {
            end = rest.IndexOf((byte)'\n');
            line = rest[..end].TrimEnd((byte)'\r');
            rest = rest[(end + 1)..];
            var colon = line.IndexOf((byte)':');
            if (colon <= 0)
            {
                return false;
            }

            var name = line[..colon];
            var value = line[(colon + 1)..].Trim(" \t"u8);
            if (name.Length == 14 && Ascii.EqualsIgnoreCase(name, "Content-Length"u8))
            {
                if (!Utf8Parser.TryParse(value, out length, out var digits) || digits != value.Length || length < 0)
                {
                    return false;
                }
            }
            else if (name.Length == 17 && Ascii.EqualsIgnoreCase(name, "Transfer-Encoding"u8))
            {
                // Another coding was not asked for; nobody could say where such a body ends.
                chunked = Ascii.EqualsIgnoreCase(value, "chunked"u8);
                if (!chunked && !Ascii.EqualsIgnoreCase(value, "identity"u8))
                {
                    return false;
                }
            }
            else if (name.Length == 10 && Ascii.EqualsIgnoreCase(name, "Connection"u8))
            {
                // A list, such as "Upgrade, close".
                KeepsConnection = !Lists(value, "close"u8) && (KeepsConnection || Lists(value, "keep-alive"u8));
            }
            else
            {
                sink.OnHeader(name, value);
            }
        }

        _left = Math.Max(0, length);
        _part = isHead || status is 204 or 304 ? Part.Done
            : chunked ? Part.ChunkSize
            : length == 0 ? Part.Done
            : length > 0 ? Part.Length
            : Part.UntilClose;
        KeepsConnection &= _part != Part.UntilClose;
        return true;
    }
}
