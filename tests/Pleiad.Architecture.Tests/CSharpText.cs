using System.Text;

namespace Pleiad.Architecture.Tests;

/// <summary>C# without its comments and texts, so that rules about code do not see what is only said. Lines stay where they are.</summary>
internal static class CSharpText
{
    public static string CodeOf(string source)
    {
        var code = new StringBuilder(source.Length);
        for (var at = 0; at < source.Length;)
        {
            var end = EndOfSkipped(source, at);
            if (end == at)
            {
                code.Append(source[at++]);
                continue;
            }

            code.Append(' ').Append('\n', source.AsSpan(at, end - at).Count('\n'));
            at = end;
        }

        return code.ToString();
    }

    private static int EndOfSkipped(string source, int at)
    {
        var rest = source.AsSpan(at);
        if (rest.StartsWith("//"))
        {
            return After(source, "\n", at) - (source.IndexOf('\n', at) < 0 ? 0 : 1);
        }

        if (rest.StartsWith("/*"))
        {
            return After(source, "*/", at + 2);
        }

        if (rest[0] == '\'')
        {
            return EndOfText(source, at + 1, '\'', verbatim: false);
        }

        // Prefixes of texts: $, $$, @, and both.
        var prefix = rest[0] is '$' or '@' ? rest.IndexOfAnyExcept('$', '@') : 0;
        if (prefix < 0 || rest[prefix] != '"')
        {
            return at;
        }

        var quotes = rest[prefix..].IndexOfAnyExcept('"') is var count and >= 0 ? count : rest.Length - prefix;
        return quotes >= 3
            ? After(source, new string('"', quotes), at + prefix + quotes)
            : EndOfText(source, at + prefix + 1, '"', verbatim: rest[..prefix].Contains('@'));
    }

    private static int EndOfText(string source, int at, char quote, bool verbatim)
    {
        while (at < source.Length)
        {
            if (source[at] == '\\' && !verbatim)
            {
                at += 2;
            }
            else if (source[at] == quote && verbatim && at + 1 < source.Length && source[at + 1] == quote)
            {
                at += 2;
            }
            else if (source[at++] == quote)
            {
                break;
            }
        }

        return Math.Min(at, source.Length);
    }

    private static int After(string source, string what, int from) =>
        source.IndexOf(what, Math.Min(from, source.Length), StringComparison.Ordinal) is var found and >= 0 ? found + what.Length : source.Length;
}
