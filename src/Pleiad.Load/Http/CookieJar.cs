using System.Text;

namespace Pleiad.Load.Http;

/// <summary>
/// The cookies of one session with one site: names, values and paths; a cookie whose age is over is forgotten. Domains are not told apart, for a scenario has one target.
/// </summary>
internal sealed class CookieJar
{
    private const int CookiesMax = 100;
    private const int BytesMax = 8 * 1024;

    private readonly List<(byte[] Name, byte[] Value, byte[] Path)> _cookies = [];

    public int Count => _cookies.Count;

    public void Clear() => _cookies.Clear();

    /// <summary>Takes in a Set-Cookie header.</summary>
    /// <param name="header">Its value.</param>
    /// <param name="requestPath">Path of the request, which gives the default path.</param>
    public void Set(ReadOnlySpan<byte> header, ReadOnlySpan<byte> requestPath)
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
        var path = "/"u8;
        var slash = requestPath.LastIndexOf((byte)'/');
        if (slash > 0)
        {
            path = requestPath[..slash];
        }

        var gone = false;
        while (end >= 0)
        {
            header = header[(end + 1)..];
            end = header.IndexOf((byte)';');
            var part = (end < 0 ? header : header[..end]).Trim((byte)' ');
            if (StartsWith(part, "path=/"u8))
            {
                path = part[5..];
            }
            else if (StartsWith(part, "max-age="u8))
            {
                gone = part.Length == 8 || part[8] is (byte)'-' or (byte)'0';
            }
            else if (StartsWith(part, "expires="u8) && DateTimeOffset.TryParse(Encoding.ASCII.GetString(part[8..]), System.Globalization.CultureInfo.InvariantCulture, out var moment))
            {
                // A site deletes a cookie by a moment long past; others outlive every session.
                gone = moment.Year < 2000;
            }
        }

        for (var i = 0; i < _cookies.Count; i++)
        {
            if (name.SequenceEqual(_cookies[i].Name) && path.SequenceEqual(_cookies[i].Path))
            {
                _cookies.RemoveAt(i);
                break;
            }
        }

        if (!gone && _cookies.Count < CookiesMax)
        {
            _cookies.Add((name.ToArray(), value.ToArray(), path.ToArray()));
        }
    }

    /// <summary>Writes the value of a Cookie header.</summary>
    /// <returns>Whether there was anything to write.</returns>
    public bool Write(ByteBuffer target, ReadOnlySpan<byte> requestPath)
    {
        var any = false;
        foreach (var (name, value, path) in _cookies)
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

    private static bool StartsWith(ReadOnlySpan<byte> text, ReadOnlySpan<byte> begin) => text.Length >= begin.Length && Ascii.EqualsIgnoreCase(text[..begin.Length], begin);
}
