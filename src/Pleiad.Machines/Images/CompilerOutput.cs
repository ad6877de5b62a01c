using System.Globalization;
using System.Text.RegularExpressions;

namespace Pleiad.Machines.Images;

/// <summary>Finds the errors in what gcc, ld and make write.</summary>
internal static partial class CompilerOutput
{
    private const int ProblemsMax = 50;

    /// <summary>The errors, in the order they were written; warnings are left out.</summary>
    public static IReadOnlyList<CompilerProblem> Problems(IEnumerable<string> lines) =>
        [.. lines.Select(Read).OfType<CompilerProblem>().Distinct().Take(ProblemsMax)];

    private static CompilerProblem? Read(string line)
    {
        var match = Complaint().Match(line);
        match = match.Success ? match : Unresolved().Match(line);
        return match.Success && int.TryParse(match.Groups["line"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? new CompilerProblem(
                match.Groups["file"].Value,
                number,
                int.TryParse(match.Groups["column"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var column) ? column : null,
                match.Groups["message"].Value)
            : null;
    }

    [GeneratedRegex(@"^(?<file>[^:\s][^:]*):(?<line>\d+):(?:(?<column>\d+):)? (?:fatal )?error: (?<message>.+)$", RegexOptions.NonBacktracking)]
    private static partial Regex Complaint();

    [GeneratedRegex(@"(?:^|: )(?<file>[^:\s][^:]*):(?<line>\d+): (?<message>undefined reference to .+)$", RegexOptions.NonBacktracking)]
    private static partial Regex Unresolved();
}
