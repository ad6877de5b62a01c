namespace Pleiad.TestKit;

/// <summary>A new directory that goes with its test, with all that is in it.</summary>
public sealed class TempDirectory : IDisposable
{
    /// <summary>Makes the directory.</summary>
    /// <param name="purpose">Part of its name, short: paths of unix sockets in it must stay below 108 bytes.</param>
    public TempDirectory(string purpose = "test") => Path = Directory.CreateTempSubdirectory($"pleiad-{purpose}-").FullName;

    /// <summary>Where it is.</summary>
    public string Path { get; }

    /// <summary>The path of something in it.</summary>
    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Directory.Exists(Path))
        {
            Directory.Delete(Path, recursive: true);
        }
    }
}
