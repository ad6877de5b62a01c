using System.Xml.Linq;

namespace Pleiad.Architecture.Tests;

/// <summary>The table of allowed references in docs/ARCHITECTURE.md: for each project the short names of those it may use.</summary>
internal static class ReferenceTable
{
    private const string Begin = "<!-- references -->";
    private const string End = "<!-- /references -->";
    private const string Prefix = "Pleiad.";

    public static IReadOnlyDictionary<string, IReadOnlySet<string>> Read(string markdown)
    {
        var begin = markdown.IndexOf(Begin, StringComparison.Ordinal);
        var end = markdown.IndexOf(End, StringComparison.Ordinal);
        if (begin < 0 || end < begin)
        {
            throw new FormatException($"docs/ARCHITECTURE.md has no table between {Begin} and {End}");
        }

        var rows = markdown[(begin + Begin.Length)..end].Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Where(line => line.StartsWith('|'))
            .Select(line => line.Trim('|').Split('|', StringSplitOptions.TrimEntries))
            .Where(cells => cells[0].StartsWith(Prefix, StringComparison.Ordinal))
            .ToList();
        var all = rows.Select(cells => Short(cells[0])).ToHashSet();
        return rows.ToDictionary(cells => Short(cells[0]), IReadOnlySet<string> (cells) => Allowed(cells, all));
    }

    /// <summary>The projects that a project file refers to, by short name.</summary>
    public static IReadOnlyList<string> ReferencesOf(string projectFile) =>
        [.. XDocument.Parse(projectFile).Descendants("ProjectReference")
            .Select(reference => Short(Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/'))))];

    public static string Short(string project) => project.StartsWith(Prefix, StringComparison.Ordinal) ? project[Prefix.Length..] : project;

    private static HashSet<string> Allowed(string[] cells, HashSet<string> all) => cells[1] switch
    {
        "–" or "-" => [],
        "all" => all.Where(name => name != Short(cells[0])).ToHashSet(),
        var list => list.Split(',', StringSplitOptions.TrimEntries).ToHashSet(),
    };
}
