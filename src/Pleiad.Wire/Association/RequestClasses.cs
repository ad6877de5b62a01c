using Pleiad.Wire.Protocols;

namespace Pleiad.Wire.Association;

/// <summary>
/// Classes of requests by the pattern of method and path, and the values in a URI by their place. Digits, long hexadecimal numbers and UUIDs in a path are values, not names.
/// </summary>
internal sealed class RequestClasses
{
    public const int Other = 1;

    /// <summary>The key of the whole end of a URI, its last segment with the query, as a proxy hands it on.</summary>
    public const int WholeKey = 0;

    private const int ClassesMax = 500;
    private const int KeysMax = 5000;
    private const int TokensMax = 24;

    private readonly Dictionary<string, int> _classes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _byPattern;
    private readonly Dictionary<string, int> _keys = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _byKey;
    private readonly List<string> _names = ["", "(other)"];

    public RequestClasses()
    {
        _byPattern = _classes.GetAlternateLookup<ReadOnlySpan<char>>();
        _byKey = _keys.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    public int Count => _names.Count;

    public string Name(int number) => _names[number];

    /// <summary>The class of a request.</summary>
    public int Of(string method, string uri)
    {
        Span<char> pattern = stackalloc char[256];
        var length = 0;
        Append(pattern, ref length, method);
        Append(pattern, ref length, " ");
        var path = PathOf(uri);
        foreach (var range in path.Split('/'))
        {
            var segment = path[range];
            if (range.Start.Value > 0)
            {
                Append(pattern, ref length, "/");
            }

            Append(pattern, ref length, IsValue(segment) ? "{}" : segment);
        }

        return OfPattern(pattern[..length]);
    }

    /// <summary>Adds the values in a URI.</summary>
    public void Tokens(string uri, List<RequestToken> tokens)
    {
        var path = PathOf(uri);
        tokens.Add(new RequestToken(WholeKey, HashOf(uri.AsSpan(path.LastIndexOf('/') + 1))));
        var place = 0;
        Span<char> name = stackalloc char[16];
        foreach (var range in path.Split('/'))
        {
            var segment = path[range];
            place++;
            if (segment.Length > 0 && IsValue(segment) && tokens.Count < TokensMax && place.TryFormat(name[1..], out var digits))
            {
                name[0] = '/';
                tokens.Add(new RequestToken(KeyOf(name[..(digits + 1)]), HashOf(segment)));
            }
        }

        if (path.Length < uri.Length)
        {
            var query = uri.AsSpan(path.Length + 1);
            foreach (var range in query.Split('&'))
            {
                var pair = query[range];
                var equals = pair.IndexOf('=');
                if (equals > 0 && equals + 1 < pair.Length && tokens.Count < TokensMax)
                {
                    tokens.Add(new RequestToken(KeyOf(pair[..equals]), HashOf(pair[(equals + 1)..])));
                }
            }
        }
    }

    private int OfPattern(ReadOnlySpan<char> pattern)
    {
        if (_byPattern.TryGetValue(pattern, out var number))
        {
            return number;
        }

        if (_names.Count >= ClassesMax)
        {
            return Other;
        }

        var text = pattern.ToString();
        _names.Add(text);
        _classes.Add(text, _names.Count - 1);
        return _names.Count - 1;
    }

    private int KeyOf(ReadOnlySpan<char> key)
    {
        if (_byKey.TryGetValue(key, out var number))
        {
            return number;
        }

        number = Math.Min(_keys.Count + 1, KeysMax);
        if (number < KeysMax)
        {
            _keys.Add(key.ToString(), number);
        }

        return number;
    }

    private static ReadOnlySpan<char> PathOf(string uri)
    {
        var end = uri.AsSpan().IndexOfAny('?', ';');
        return end < 0 ? uri : uri.AsSpan(0, end);
    }

    /// <summary>Whether a segment is a value: digits only, or long and with several digits.</summary>
    private static bool IsValue(ReadOnlySpan<char> segment)
    {
        var digits = 0;
        foreach (var letter in segment)
        {
            digits += char.IsAsciiDigit(letter) ? 1 : 0;
        }

        return digits > 0 && (digits == segment.Length || (segment.Length >= 8 && digits * 4 >= segment.Length));
    }

    private static ulong HashOf(ReadOnlySpan<char> text)
    {
        Span<byte> bytes = stackalloc byte[256];
        var count = 0;
        for (var at = 0; at < text.Length && count < bytes.Length; at++)
        {
            if (text[at] == '%' && at + 2 < text.Length && char.IsAsciiHexDigit(text[at + 1]) && char.IsAsciiHexDigit(text[at + 2]))
            {
                bytes[count++] = (byte)((HexOf(text[at + 1]) << 4) | HexOf(text[at + 2]));
                at += 2;
            }
            else
            {
                bytes[count++] = text[at] == '+' ? (byte)' ' : (byte)text[at];
            }
        }

        return ValueHash.OfText(bytes[..count]);
    }

    private static int HexOf(char digit) => char.IsAsciiDigit(digit) ? digit - '0' : char.ToLowerInvariant(digit) - 'a' + 10;

    private static void Append(Span<char> pattern, ref int length, ReadOnlySpan<char> text)
    {
        var count = Math.Min(text.Length, pattern.Length - length);
        text[..count].CopyTo(pattern[length..]);
        length += count;
    }
}
