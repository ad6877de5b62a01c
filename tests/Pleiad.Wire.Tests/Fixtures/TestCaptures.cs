using Pleiad.Wire.Captures;

namespace Pleiad.Wire.Tests.Fixtures;

/// <summary>The captures stored with the tests.</summary>
internal static class TestCaptures
{
    public static string Root { get; } = Find();

    public static string PathOf(string name) => Path.Combine(Root, name);

    public static byte[] Unpacked(string name)
    {
        using var packed = File.OpenRead(PathOf(name));
        using var plain = Packing.Unpack(packed, out _);
        using var whole = new MemoryStream();
        plain.CopyTo(whole);
        return whole.ToArray();
    }

    private static string Find()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            var captures = Path.Combine(directory.FullName, "tests", "captures");
            if (File.Exists(Path.Combine(directory.FullName, "Pleiad.slnx")) && Directory.Exists(captures))
            {
                return captures;
            }
        }

        throw new InvalidOperationException($"no tests/captures above {AppContext.BaseDirectory}");
    }
}
