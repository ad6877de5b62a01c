using System.Globalization;
using System.Text.RegularExpressions;

namespace Pleiad.Load.Learning;

/// <summary>
/// Which targets are the same page: parts of a path that are numbers, hashes or of many values under one parent are places for values; queries are left out. A page is a method and a
/// pattern, such as <c>GET /exam/*/question</c>.
/// </summary>
internal sealed partial class UrlPatterns
{
    private const int ChildrenMax = 20;
    private static readonly string[] Assets = [".css", ".js", ".mjs", ".png", ".jpg", ".jpeg", ".gif", ".svg", ".ico", ".webp", ".avif", ".woff", ".woff2", ".ttf", ".map", ".mp4"];

    private readonly HashSet<string> _crowded = [];

    public UrlPatterns(IEnumerable<string> targets)
    {
        // From the root down: what is crowded becomes one place before its children are counted.
        var paths = targets.Select(target => Parts(target)).DistinctBy(parts => string.Join('/', parts)).ToList();
        for (var depth = 0; depth < paths.Select(parts => parts.Length).DefaultIfEmpty(0).Max(); depth++)
        {
            var level = depth;
            foreach (var parent in paths.Where(parts => parts.Length > level).GroupBy(parts => Pattern(parts, level)))
            {
                if (parent.Select(parts => parts[level]).Where(part => !IsValue(part)).Distinct().Count() > ChildrenMax)
                {
                    _crowded.Add(parent.Key);
                }
            }
        }
    }

    public static bool IsAsset(string target)
    {
        var path = target.Split('?')[0];
        return Assets.Any(end => path.EndsWith(end, StringComparison.OrdinalIgnoreCase));
    }

    public string Of(string method, string target)
    {
        var parts = Parts(target);
        return $"{method} {Pattern(parts, parts.Length)}";
    }

    /// <summary>A name for a page, such as <c>exam-x-question</c>.</summary>
    public static string NameOf(string pattern, ISet<string> taken)
    {
        var (method, path) = (pattern.Split(' ')[0], pattern.Split(' ')[1]);
        var words = path.Split('/', StringSplitOptions.RemoveEmptyEntries).Select(part => part == "*" ? "x" : NotWord().Replace(part, "-").Trim('-')).Where(part => part.Length > 0).ToList();
        var name = string.Join('-', words.DefaultIfEmpty("home"));
        name = method == "GET" ? name : $"{method.ToLowerInvariant()}-{name}";
        name = name == "exit" ? "exit-page" : name;
        var unique = name;
        for (var i = 2; !taken.Add(unique); i++)
        {
            unique = string.Create(CultureInfo.InvariantCulture, $"{name}-{i}");
        }

        return unique;
    }

    private static string[] Parts(string target) => target.Split('?')[0].Split('/', StringSplitOptions.RemoveEmptyEntries);

    private string Pattern(string[] parts, int depth)
    {
        var path = "";
        for (var i = 0; i < depth; i++)
        {
            path += _crowded.Contains(path.Length == 0 ? "/" : path) || IsValue(parts[i]) ? "/*" : "/" + parts[i];
        }

        return path.Length == 0 ? "/" : path;
    }

    private static bool IsValue(string part) => Value().IsMatch(part);

    [GeneratedRegex(@"^(?:\d+|[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|(?=.*\d)[0-9a-fA-F]{8,}|[A-Za-z]+[-_]?\d{3,})$")]
    private static partial Regex Value();

    [GeneratedRegex("[^A-Za-z0-9_]+")]
    private static partial Regex NotWord();
}
