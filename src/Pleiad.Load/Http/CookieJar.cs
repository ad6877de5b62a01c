using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Pleiad.Load.Http;

/// <summary>
/// The cookies of one session with one site, as RFC 6265 has them: names, values, paths and ages. Domains are not told apart, for a scenario has one target; neither is <c>Secure</c>,
/// for the target may be what stands behind the end of TLS.
/// </summary>
internal sealed class CookieJar(TimeProvider time)
{
    private const int CookiesMax = 100;
    private const int BytesMax = 8 * 1024;

    /// <summary>Those with longer paths first, as servers expect where two have one name.</summary>
    private readonly List<(byte[] Name, byte[] Value, byte[] Path, DateTimeOffset Until)> _cookies = [];

    /// <summary>When the first of them is over.</summary>
    private DateTimeOffset _until = DateTimeOffset.MaxValue;

    public int Count => _cookies.Count;

    public void Clear()
    {
        _cookies.Clear();
        _until = DateTimeOffset.MaxValue;
    }

    /// <summary>Takes in a Set-Cookie header.</summary>
    /// <param name="header">Its value.</param>
    /// <param name="target">Path and query of the request; the path gives the default path.</param>
    public void Set(ReadOnlySpan<byte> header, ReadOnlySpan<byte> target)
    {
        var end = header.IndexOf((byte)';');
        var pair = (end < 0 ? header : header[..end]).Trim((byte)' ');
        var equals = pair.IndexOf((byte)'=');
        if (equals <= 0 || pair.Length > BytesMax)
        {
            return;
        }

        var name = pair[..equals].TrimEnd((byte)' ');
        var value = pair[(equals + 1)..].TrimStart((byte)' ');
        var path = DefaultPath(target);
        var (expires, age) = ((DateTimeOffset?)null, (DateTimeOffset?)null);
        while (end >= 0)
        {
            header = header[(end + 1)..];
            end = header.IndexOf((byte)';');
            var part = (end < 0 ? header : header[..end]).Trim((byte)' ');
            if (StartsWith(part, "path="u8))
            {
                path = part.Length > 5 && part[5] == '/' ? part[5..] : DefaultPath(target);
            }
            else if (StartsWith(part, "max-age="u8))
            {
                age = AfterAge(part[8..]) ?? age;
            }
            else if (StartsWith(part, "expires="u8) && DateTimeOffset.TryParse(Encoding.ASCII.GetString(part[8..]), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment))
            {
                expires = moment;
            }
        }

        Put(name, value, path, age ?? expires ?? DateTimeOffset.MaxValue);
    }

    /// <summary>Writes the value of a Cookie header.</summary>
    /// <returns>Whether there was anything to write.</returns>
    public bool Write(ByteBuffer target, ReadOnlySpan<byte> requestPath)
    {
        ForgetOld();
        var any = false;
        foreach (var (name, value, path, _) in _cookies)
        {
            if (requestPath.StartsWith(path) && (path.Length == requestPath.Length || path[^1] == '/' || requestPath[path.Length] is (byte)'/' or (byte)'?'))
            {
                if (any)
                {
                    target.Add("; "u8);
                }

                target.Add(name);
                target.Add((byte)'=');
                target.Add(value);
                any = true;
            }
        }

        return any;
    }

    private void Put(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, ReadOnlySpan<byte> path, DateTimeOffset until)
    {
        var (place, known) = (_cookies.Count, false);
        for (var at = _cookies.Count - 1; at >= 0 && !known; at--)
        {
            known = name.SequenceEqual(_cookies[at].Name) && path.SequenceEqual(_cookies[at].Path);
            place = known || _cookies[at].Path.Length < path.Length ? at : place;
        }

        if (known)
        {
            _cookies.RemoveAt(place);
        }

        if (_cookies.Count < CookiesMax && (until == DateTimeOffset.MaxValue || until > time.GetUtcNow()))
        {
            _cookies.Insert(place, (name.ToArray(), value.ToArray(), path.ToArray(), until));
            _until = until < _until ? until : _until;
        }
    }

    private void ForgetOld()
    {
        if (_until < DateTimeOffset.MaxValue && time.GetUtcNow() is var now && now >= _until)
        {
            _cookies.RemoveAll(cookie => cookie.Until <= now);
            _until = _cookies.Select(cookie => cookie.Until).DefaultIfEmpty(DateTimeOffset.MaxValue).Min();
        }
    }

    /// <summary>The path up to its last slash.</summary>
    private static ReadOnlySpan<byte> DefaultPath(ReadOnlySpan<byte> target)
    {
        var path = target.IndexOf((byte)'?') is var query and >= 0 ? target[..query] : target;
        return path.LastIndexOf((byte)'/') is var slash and > 0 ? path[..slash] : "/"u8;
    }

    /// <summary>The moment at which a Max-Age is over; null when it is no number.</summary>
    private DateTimeOffset? AfterAge(ReadOnlySpan<byte> text) =>
        !Utf8Parser.TryParse(text, out long seconds, out var read) || read != text.Length ? null
        : seconds <= 0 ? DateTimeOffset.MinValue
        : seconds > int.MaxValue ? DateTimeOffset.MaxValue
        : time.GetUtcNow().AddSeconds(seconds);

    private static bool StartsWith(ReadOnlySpan<byte> text, ReadOnlySpan<byte> begin) => text.Length >= begin.Length && Ascii.EqualsIgnoreCase(text[..begin.Length], begin);
}
