using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;

namespace Pleiad.Load.Scenarios;

/// <summary>A value taken from an answer for later requests.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Place">Where the session keeps it.</param>
/// <param name="Header">The header it is, or null when it is in the body.</param>
/// <param name="Body">How it is found in the body, or null when it is a header.</param>
/// <param name="IsOptional">Whether its absence is no error.</param>
internal sealed record Extraction(string Name, int Place, string? Header, BodyExtractor? Body, bool IsOptional)
{
    public byte[]? HeaderBytes { get; } = Header is null ? null : Encoding.ASCII.GetBytes(Header);
}

/// <summary>Finds one value in a body.</summary>
internal abstract class BodyExtractor
{
    public abstract byte[]? Find(ReadOnlySpan<byte> body);

    /// <summary>The quickest way to find the first group of a pattern, or the whole match of one without groups.</summary>
    /// <exception cref="RegexParseException">It is no pattern.</exception>
    public static BodyExtractor OfPattern(string pattern) =>
        BetweenExtractor.TryParse(pattern) ?? (BodyExtractor)new PatternExtractor(new Regex(pattern, RegexOptions.Compiled | RegexOptions.CultureInvariant, Check.PatternLimit));
}

internal sealed class JsonExtractor(JsonPath path) : BodyExtractor
{
    public override byte[]? Find(ReadOnlySpan<byte> body) => path.Find(body);
}

internal sealed class PatternExtractor(Regex pattern) : BodyExtractor
{
    private readonly int _group = pattern.GetGroupNumbers().Length > 1 ? 1 : 0;

    public override byte[]? Find(ReadOnlySpan<byte> body)
    {
        try
        {
            var match = pattern.Match(Encoding.UTF8.GetString(body));
            return match.Success && match.Groups[_group].Success ? Encoding.UTF8.GetBytes(match.Groups[_group].Value) : null;
        }
        catch (RegexMatchTimeoutException)
        {
            return null;
        }
    }
}

/// <summary>
/// The pattern that scenarios mostly have, <c>literal([^x]+)literal</c>, searched in the bytes as they came: no text is made of the body. Anything else is left to
/// <see cref="PatternExtractor"/>; both find the same.
/// </summary>
internal sealed class BetweenExtractor : BodyExtractor
{
    private static readonly SearchValues<char> Special = SearchValues.Create("\\^$.|?*+()[]{}");

    private readonly byte[] _before;
    private readonly byte[] _after;
    private readonly byte _stop;
    private readonly bool _canBeEmpty;

    private BetweenExtractor(string before, char stop, bool canBeEmpty, string after) =>
        (_before, _stop, _canBeEmpty, _after) = (Encoding.UTF8.GetBytes(before), (byte)stop, canBeEmpty, Encoding.UTF8.GetBytes(after));

    public static BetweenExtractor? TryParse(string pattern)
    {
        // literal ( [ ^ x ] + ) literal, where the literal after it begins with x or is empty: then the run ends in one place only and no backtracking can help.
        var open = pattern.IndexOf("([^", StringComparison.Ordinal);
        if (open <= 0 || pattern.Length < open + 7 || pattern.AsSpan(0, open).ContainsAny(Special))
        {
            return null;
        }

        var (stop, close, times, end) = (pattern[open + 3], pattern[open + 4], pattern[open + 5], pattern[open + 6]);
        var after = pattern[(open + 7)..];
        return close == ']' && times is '+' or '*' && end == ')' && char.IsAscii(stop) && stop is not ('\\' or ']' or '-') && !after.AsSpan().ContainsAny(Special)
            && (after.Length == 0 || after[0] == stop)
            ? new BetweenExtractor(pattern[..open], stop, times == '*', after)
            : null;
    }

    public override byte[]? Find(ReadOnlySpan<byte> body)
    {
        for (var from = 0; from <= body.Length && body[from..].IndexOf(_before) is var found and >= 0;)
        {
            var begin = from + found + _before.Length;
            var rest = body[begin..];
            var length = rest.IndexOf(_stop) is var stop and >= 0 ? stop : rest.Length;
            if ((length > 0 || _canBeEmpty) && rest[length..].StartsWith(_after))
            {
                return rest[..length].ToArray();
            }

            from += found + 1;
        }

        return null;
    }
}
