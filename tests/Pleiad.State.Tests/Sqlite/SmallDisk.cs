using Pleiad.TestKit;
using Xunit;

namespace Pleiad.State.Tests.Sqlite;

/// <summary>A file system of its own in memory: it can be filled, and made read-only even for root.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private readonly TempDirectory _directory = new("disk");

    public string Path => _directory.Path;

    public string File(string name) => _directory.File(name);

    public static async Task<SmallDisk> MountAsync(int kibibytes)
    {
        Assert.SkipUnless(Programs.IsRoot, "needs root, to mount a small file system");
        var disk = new SmallDisk();
        await Programs.RunAsync(Limit, "mount", "-t", "tmpfs", "-o", $"size={kibibytes}k", "pleiad-test", disk.Path);
        return disk;
    }

    public Task MakeReadOnlyAsync() => Programs.RunAsync(Limit, "mount", "-o", "remount,ro", _directory.Path);

    public async ValueTask DisposeAsync()
    {
        await Programs.RunAsync(Limit, "umount", _directory.Path);
        _directory.Dispose();
    }
}
