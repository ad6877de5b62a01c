namespace Pleiad.TestKit;

/// <summary>A file system of its own in memory: it can be filled, and made read-only even for root. Needs root (<see cref="Programs.IsRoot"/>).</summary>
public sealed class SmallDisk : IAsyncDisposable
{
    /// <summary>Why a test that needs one is skipped.</summary>
    public const string NeedsRoot = "needs root, to mount a small file system";

    private const int BlockBytes = 4096;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private readonly TempDirectory _directory = new("disk");

    private SmallDisk()
    {
    }

    /// <summary>Where it is mounted.</summary>
    public string Path => _directory.Path;

    /// <summary>The path of something on it.</summary>
    public string File(string name) => _directory.File(name);

    /// <summary>Mounts an empty one.</summary>
    /// <exception cref="InvalidOperationException">Mounting is refused.</exception>
    public static async Task<SmallDisk> MountAsync(int kibibytes)
    {
        var disk = new SmallDisk();
        await Programs.RunAsync(Limit, "mount", "-t", "tmpfs", "-o", $"size={kibibytes}k", "pleiad-test", disk.Path);
        return disk;
    }

    /// <summary>From now on nothing on it can be changed.</summary>
    public Task MakeReadOnlyAsync() => Programs.RunAsync(Limit, "mount", "-o", "remount,ro", _directory.Path);

    /// <summary>Writes until nothing more fits.</summary>
    public void Fill()
    {
        using var filler = new FileStream(File("filler"), FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        var block = new byte[BlockBytes];
        try
        {
            while (true)
            {
                filler.Write(block);
            }
        }
        catch (IOException)
        {
            // Full: that was the aim.
            return;
        }
    }

    /// <summary>Takes away what <see cref="Fill"/> wrote.</summary>
    public void Free() => System.IO.File.Delete(File("filler"));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Programs.RunAsync(Limit, "umount", _directory.Path);
        _directory.Dispose();
    }
}
