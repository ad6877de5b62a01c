using Microsoft.Win32.SafeHandles;

namespace Pleiad.Machines.Isolation;

/// <summary>What is the same for all files of control groups.</summary>
internal static class GroupFiles
{
    private const int TriesMax = 500;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    /// <summary>Tries for 5 s: the threads of a process that has ended leave its groups one after another, on a busy host slowly.</summary>
    /// <returns>Whether an attempt succeeded.</returns>
    public static async Task<bool> TryAsync(Func<bool> attempt, TimeProvider time)
    {
        for (var tries = 1; ; tries++)
        {
            if (attempt())
            {
                return true;
            }

            if (tries == TriesMax)
            {
                return false;
            }

            await Task.Delay(Pause, time);
        }
    }

    /// <summary>Opens one for writing and keeps it open.</summary>
    public static SafeFileHandle Open(string directory, string file) => File.OpenHandle(Path.Combine(directory, file), FileMode.Open, FileAccess.Write, FileShare.ReadWrite);

    /// <summary>Removes a group's directory: its files go with it and must not be deleted one by one.</summary>
    /// <returns>False while a process or a group is in it.</returns>
    public static bool TryRemove(string directory)
    {
        // Not Directory.Delete: that wants to empty the directory first.
        if (Directory.Exists(directory))
        {
            _ = SystemCalls.RemoveDirectory(directory);
        }

        return !Directory.Exists(directory);
    }
}
