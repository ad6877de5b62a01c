namespace Pleiad.Architecture.Tests;

/// <summary>The files of this repository, read where the tests were built.</summary>
internal static class Repository
{
    private static readonly string[] NotOurs = [".git", "artifacts", "bin", "obj", "node_modules", "TestResults", "build"];

    private static readonly string[] Text =
        [".cs", ".c", ".h", ".S", ".ld", ".sh", ".md", ".csproj", ".props", ".targets", ".slnx", ".json", ".yaml", ".yml", ".html", ".css", ".js", ".ts", ".svg", ".sql", ".editorconfig", ""];

    public static string Root { get; } = FindRoot();

    /// <summary>Text files below the given folders, or of the whole repository, by their path from its root.</summary>
    public static IReadOnlyList<SourceFile> Files(params string[] folders) =>
        [.. (folders.Length == 0 ? [""] : folders).SelectMany(folder => Below(Path.Combine(Root, folder)))
            .Where(path => Text.Contains(Path.GetExtension(path)) && !IsBinary(path))
            .Order(StringComparer.Ordinal)
            .Select(path => new SourceFile(Path.GetRelativePath(Root, path), path))];

    /// <summary>C# files below src.</summary>
    public static IReadOnlyList<SourceFile> Sources => [.. Files("src").Where(file => file.Path.EndsWith(".cs", StringComparison.Ordinal))];

    /// <summary>Project files below a folder.</summary>
    public static IReadOnlyList<SourceFile> Projects(string folder) => [.. Files(folder).Where(file => file.Path.EndsWith(".csproj", StringComparison.Ordinal))];

    private static IEnumerable<string> Below(string directory)
    {
        if (!Directory.Exists(directory))
        {
            return [];
        }

        var folders = Directory.EnumerateDirectories(directory).Where(folder => !NotOurs.Contains(Path.GetFileName(folder)));
        return Directory.EnumerateFiles(directory).Concat(folders.SelectMany(Below));
    }

    private static bool IsBinary(string path)
    {
        using var file = File.OpenRead(path);
        Span<byte> head = stackalloc byte[512];
        return head[..file.Read(head)].Contains((byte)0);
    }

    private static string FindRoot()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Pleiad.slnx")))
            {
                return directory.FullName;
            }
        }

        throw new InvalidOperationException($"no Pleiad.slnx above {AppContext.BaseDirectory}");
    }
}

/// <summary>A file of the repository.</summary>
internal sealed record SourceFile(string Path, string FullPath)
{
    public string Name => System.IO.Path.GetFileNameWithoutExtension(Path);

    public string Text() => File.ReadAllText(FullPath);

    public override string ToString() => Path;
}
