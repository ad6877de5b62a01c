using Microsoft.Win32.SafeHandles;

namespace Pleiad.Machines.Isolation;

/// <summary>What is the same for all files of control groups.</summary>
internal static class GroupFiles
{
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
