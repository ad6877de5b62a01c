using System.Text.RegularExpressions;

namespace Pleiad.Architecture.Tests;

/// <summary>What code below src must not hold, and why.</summary>
internal static partial class CodeRules
{
    public static readonly IReadOnlyList<(Regex Pattern, string Reason)> Forbidden =
    [
        (new Regex(@"\bDateTime(Offset)?\s*\.\s*(Now|UtcNow|Today)\b"), "time comes from a TimeProvider"),
        (new Regex(@"\bRandom\s*\.\s*Shared\b"), "chance comes from a seeded Random that is handed in"),
        (new Regex(@"\bThread\s*\.\s*Sleep\b"), "wait on a condition, or for a TimeProvider's time"),
        (new Regex(@"\basync\s+void\b"), "what it throws ends the process"),
        (new Regex(@"\.\s*GetAwaiter\s*\(\s*\)\s*\.\s*GetResult\s*\("), "await instead"),
    ];

    // A test names its reason for each; keep it short.
    public static readonly IReadOnlyDictionary<string, string> Allowed = new Dictionary<string, string>();

    /// <summary>Each offence of a file, with its line.</summary>
    public static IEnumerable<string> Offences(string path, string source)
    {
        var code = CSharpText.CodeOf(source);
        foreach (var (pattern, reason) in Forbidden)
        {
            foreach (Match match in pattern.Matches(code))
            {
                yield return $"{path}:{LineOf(code, match.Index)}: {match.Value.Trim()}: {reason}";
            }
        }

        foreach (var match in Delay().Matches(code).Where(match => !Clock().IsMatch(ArgumentsAt(code, match.Index + match.Length))))
        {
            yield return $"{path}:{LineOf(code, match.Index)}: Task.Delay without a TimeProvider: time comes from a TimeProvider";
        }
    }

    private static int LineOf(string code, int index) => code.AsSpan(0, index).Count('\n') + 1;

    private static string ArgumentsAt(string code, int at)
    {
        var depth = 1;
        var end = at;
        for (; end < code.Length && depth > 0; end++)
        {
            depth += code[end] switch { '(' => 1, ')' => -1, _ => 0 };
        }

        return code[at..end];
    }

    [GeneratedRegex(@"\bTask\s*\.\s*Delay\s*\(")]
    private static partial Regex Delay();

    [GeneratedRegex(@"(?i)\b_?(time|clock|timeprovider)\b")]
    private static partial Regex Clock();
}
