using System.Text;

namespace Pleiad.Wire.Protocols;

/// <summary>Numbers the patterns of statements: the same text but for its values and comments has the same number.</summary>
internal sealed class StatementTable
{
    /// <summary>The number for all patterns beyond the bound.</summary>
    public const int Other = 1;

    private const int StatementsMax = 20_000;
    private const int TextBytesMax = 400;

    // Patterns that ask nothing of the data: what pools send to see whether a connection is alive.
    private static readonly string[] Validations = ["", "SELECT ?", "SELECT ? FROM DUAL", "VALUES ?", "VALUES (?)", "/* PING */ SELECT ?"];

    private readonly Dictionary<ulong, int> _numbers = [];
    private readonly List<(string Text, bool IsValidation, int Kind)> _statements = [("", false, 0), ("(other statements)", false, 0)];

    public int Count => _statements.Count;

    public string Text(int number) => _statements[number].Text;

    public bool IsValidation(int number) => _statements[number].IsValidation;

    /// <summary>The number that stands for all statements that may be this one; 0 when its text is known.</summary>
    public int KindOf(int number) => _statements[number].Kind;

    /// <summary>The number of a pattern, as <see cref="StatementPattern"/> wrote it.</summary>
    /// <param name="pattern">The text.</param>
    /// <param name="kind">What it is one of; 0 for nothing but itself.</param>
    public int Of(ReadOnlySpan<byte> pattern, int kind = 0)
    {
        var hash = ValueHash.OfBytes(pattern);
        return _numbers.TryGetValue(hash, out var number) ? number : Add(hash, Encoding.UTF8.GetString(pattern[..Math.Min(pattern.Length, TextBytesMax)]), kind);
    }

    /// <summary>The number of several statements sent together.</summary>
    public int Of(int first, int second)
    {
        if (first == 0 || second == 0)
        {
            return first + second;
        }

        var hash = ValueHash.Combine((ulong)first, (ulong)second);
        if (_numbers.TryGetValue(hash, out var number))
        {
            return number;
        }

        var (firstKind, secondKind) = (KindOf(first), KindOf(second));
        var kind = firstKind + secondKind == 0 ? 0 : Of(firstKind == 0 ? first : firstKind, secondKind == 0 ? second : secondKind);
        return Add(hash, Cut($"{Text(first)}; {Text(second)}"), kind);
    }

    private int Add(ulong hash, string text, int kind)
    {
        if (_statements.Count >= StatementsMax)
        {
            return Other;
        }

        _statements.Add((text, Validations.Contains(text.TrimEnd(';', ' ').ToUpperInvariant()), kind));
        _numbers.Add(hash, _statements.Count - 1);
        return _statements.Count - 1;
    }

    private static string Cut(string text) => text.Length > TextBytesMax ? text[..TextBytesMax] : text;
}
