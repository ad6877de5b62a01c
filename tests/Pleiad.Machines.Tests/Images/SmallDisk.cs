using System.Diagnostics;
using Xunit;

namespace Pleiad.Machines.Tests.Images;

/// <summary>A real file system of a few kilobytes; needs the right to mount.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private SmallDisk(string path) => Path = path;

    public string Path { get; }

    public static async Task<SmallDisk> MountAsync(string path, string options)
    {
        var (exitCode, said) = await RunAsync("mount", "-t", "tmpfs", "-o", options, "tmpfs", path);
        Assert.SkipUnless(exitCode == 0, $"mounting a file system is not allowed here: {said}");
        return new SmallDisk(path);
    }

    public async Task MakeReadOnlyAsync()
    {
        var (exitCode, said) = await RunAsync("mount", "-o", "remount,ro", Path);
        Assert.True(exitCode == 0, said);
    }

    public async ValueTask DisposeAsync() => await RunAsync("umount", "-l", Path);

    private static async Task<(int ExitCode, string Said)> RunAsync(string tool, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(tool, arguments) { RedirectStandardError = true })!;
        var said = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, said);
    }
}
