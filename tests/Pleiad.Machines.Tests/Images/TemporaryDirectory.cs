namespace Pleiad.Machines.Tests.Images;

/// <summary>A directory that is gone after the test.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("pleiad-test-").FullName;

    public string Make(string name) => Directory.CreateDirectory(System.IO.Path.Combine(Path, name)).FullName;

    public string Write(string name, string text)
    {
        var path = System.IO.Path.Combine(Path, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>A manifest with its kernel beside it.</summary>
    public string WriteImage(string name, int seed = 0, string further = "")
    {
        var directory = Make(Guid.NewGuid().ToString("N"));
        new ElfFile { Seed = seed }.WriteTo(directory);
        return Write(System.IO.Path.Combine(directory, "image.yaml"), $"name: {name}\nkernel: kernel.elf\n{further}");
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
