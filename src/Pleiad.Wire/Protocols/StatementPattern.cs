using System.Buffers;

namespace Pleiad.Wire.Protocols;

/// <summary>
/// A statement's text without comments and literals: what is left names the kind of work. Comments are dropped unread: what an application writes there for tracing is
/// never used here.
/// </summary>
internal static class StatementPattern
{
    private static readonly SearchValues<byte> WordBytes =
        SearchValues.Create([.. Enumerable.Range(0, 256).Where(letter => char.IsAsciiLetterOrDigit((char)letter) || letter is '_' or '"' or >= 128).Select(letter => (byte)letter)]);

    /// <summary>Writes the pattern and gathers the literals.</summary>
    /// <param name="sql">The statement.</param>
    /// <param name="pattern">Room for the pattern; what does not fit is left out.</param>
    /// <param name="values">Takes the literals; null leaves them out.</param>
    /// <param name="valuesMax">Most values to take.</param>
    /// <returns>Bytes of the pattern.</returns>
    public static int Write(ReadOnlySpan<byte> sql, Span<byte> pattern, List<CallValue>? values, int valuesMax)
    {
        var (at, written, place) = (0, 0, values?.Count ?? 0);
        while (at < sql.Length && written < pattern.Length)
        {
            var end = SkipBlank(sql, at);
            if (end > at)
            {
                if (written > 0 && pattern[written - 1] != ' ')
                {
                    pattern[written++] = (byte)' ';
                }

                at = end;
                continue;
            }

            end = LiteralEnd(sql, at);
            if (end > at)
            {
                if (values is not null && values.Count < valuesMax)
                {
                    values.Add(new CallValue(place++, ValueHash.OfText(Inside(sql[at..end]))));
                }

                pattern[written++] = (byte)'?';
                at = end;
                continue;
            }

            end = WordEnd(sql, at);
            var count = Math.Min(end - at, pattern.Length - written);
            sql.Slice(at, count).CopyTo(pattern[written..]);
            written += count;
            at = end;
        }

        return written > 0 && pattern[written - 1] == ' ' ? written - 1 : written;
    }

    private static int SkipBlank(ReadOnlySpan<byte> sql, int at)
    {
        while (at < sql.Length)
        {
            if (sql[at] > '/')
            {
                break;
            }

            if (sql[at] is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')
            {
                at++;
            }
            else if (sql[at..].StartsWith("--"u8))
            {
                var end = sql[at..].IndexOf((byte)'\n');
                at = end < 0 ? sql.Length : at + end;
            }
            else if (sql[at..].StartsWith("/*"u8))
            {
                var end = sql[(at + 2)..].IndexOf("*/"u8);
                at = end < 0 ? sql.Length : at + end + 4;
            }
            else
            {
                break;
            }
        }

        return at;
    }

    /// <summary>The end of a text in quotes or a number that begins here, or <paramref name="at"/>.</summary>
    private static int LiteralEnd(ReadOnlySpan<byte> sql, int at)
    {
        if (sql[at] == '\'')
        {
            var end = at + 1;
            while (end < sql.Length)
            {
                if (sql[end] == '\'' && (end + 1 >= sql.Length || sql[end + 1] != '\''))
                {
                    return end + 1;
                }

                end += sql[end] == '\'' ? 2 : 1;
            }

            return sql.Length;
        }

        if (!char.IsAsciiDigit((char)sql[at]))
        {
            return at;
        }

        var digits = at;
        while (digits < sql.Length && (char.IsAsciiDigit((char)sql[digits]) || sql[digits] == '.'))
        {
            digits++;
        }

        return digits;
    }

    // A word keeps its digits: item2 and $1 are names.
    private static int WordEnd(ReadOnlySpan<byte> sql, int at)
    {
        var end = at + 1;
        if (IsWord(sql[at]) || sql[at] == '$')
        {
            var rest = sql[end..].IndexOfAnyExcept(WordBytes);
            end = rest < 0 ? sql.Length : end + rest;
        }

        return end;
    }

    private static bool IsWord(byte letter) => WordBytes.Contains(letter);

    private static ReadOnlySpan<byte> Inside(ReadOnlySpan<byte> literal) => literal is [(byte)'\'', .., (byte)'\''] ? literal[1..^1] : literal;
}
