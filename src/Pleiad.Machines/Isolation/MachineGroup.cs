using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace Pleiad.Machines.Isolation;

/// <summary>The control group of one machine: a directory in each hierarchy that is used.</summary>
/// <param name="directories">Its directories, with the version and the controllers of each.</param>
internal sealed class MachineGroup(IReadOnlyList<GroupDirectory> directories)
{
    /// <summary>Its directories.</summary>
    public IReadOnlyList<GroupDirectory> Directories { get; } = directories;

    /// <summary>Makes the directories and sets the limits.</summary>
    /// <exception cref="IOException">It cannot be made.</exception>
    public void Make(MachineLimits limits)
    {
        try
        {
            foreach (var directory in Directories)
            {
                Directory.CreateDirectory(directory.Path);
                foreach (var (file, value) in directory.Controllers.SelectMany(controller => limits.FilesOf(directory.Version, controller)))
                {
                    File.WriteAllText(Path.Combine(directory.Path, file), value);
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            TryRemove();
            throw new IOException($"the machine's control group cannot be made: {e.Message}", e);
        }
    }

    /// <summary>The files by which a thread enters (version 1): a thread that writes 0 moves itself, at a fraction of what moving another costs.</summary>
    public IReadOnlyList<SafeFileHandle> OpenTasks() => [.. Directories.Where(directory => directory.Version == 1).Select(directory => GroupFiles.Open(directory.Path, "tasks"))];

    /// <summary>Moves a process in (version 2, which has no groups for single threads of ours).</summary>
    public void Add(int process)
    {
        foreach (var directory in Directories.Where(directory => directory.Version == 2))
        {
            File.WriteAllText(Path.Combine(directory.Path, "cgroup.procs"), process.ToString(CultureInfo.InvariantCulture));
        }
    }

    /// <summary>CPU time that the group has used, in seconds; null when its hierarchy does not count it.</summary>
    public double? ReadCpuSeconds() =>
        Number("cpuacct", 1, "cpuacct.usage") is { } nanoseconds ? nanoseconds / 1e9
        : Line("cpu", 2, "cpu.stat", "usage_usec") is { } microseconds ? microseconds / 1e6
        : null;

    /// <summary>Memory charged to the group without file pages that can be dropped at once; null when its hierarchy does not count it.</summary>
    public long? ReadMemoryBytes() =>
        Number("memory", 1, "memory.usage_in_bytes") is { } first ? Math.Max(0, first - (Line("memory", 1, "memory.stat", "total_inactive_file") ?? 0))
        : Number("memory", 2, "memory.current") is { } second ? Math.Max(0, second - (Line("memory", 2, "memory.stat", "inactive_file") ?? 0))
        : null;

    /// <summary>How often the kernel ended something in the group for want of memory within its limit.</summary>
    public long ReadOutOfMemory() => Line("memory", 1, "memory.oom_control", "oom_kill") ?? Line("memory", 2, "memory.events", "oom_kill") ?? 0;

    /// <summary>Removes the directories; the process in them has ended.</summary>
    /// <returns>False when one cannot be removed; the next sweep tries again.</returns>
    public Task<bool> RemoveAsync(TimeProvider time) => GroupFiles.TryAsync(TryRemove, time);

    /// <summary>Removes what can be removed.</summary>
    /// <returns>Whether nothing is left.</returns>
    public bool TryRemove() => Directories.All(directory => GroupFiles.TryRemove(directory.Path));

    private long? Number(string controller, int version, string file) =>
        TextOf(controller, version, file) is { } text && long.TryParse(text.AsSpan().Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private long? Line(string controller, int version, string file, string key)
    {
        foreach (var line in (TextOf(controller, version, file) ?? "").Split('\n'))
        {
            if (line.StartsWith(key + " ", StringComparison.Ordinal) && long.TryParse(line.AsSpan(key.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                return number;
            }
        }

        return null;
    }

    private string? TextOf(string controller, int version, string file)
    {
        var directory = Directories.FirstOrDefault(directory => directory.Version == version && directory.Controllers.Contains(controller));
        try
        {
            return directory is null ? null : File.ReadAllText(Path.Combine(directory.Path, file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // Removed meanwhile, or a kernel without this file.
        }
    }
}

/// <summary>A group's directory in one hierarchy.</summary>
/// <param name="Path">The directory.</param>
/// <param name="Version">1 or 2.</param>
/// <param name="Controllers">Those of cpu, cpuacct, memory and pids that it has.</param>
internal sealed record GroupDirectory(string Path, int Version, IReadOnlyList<string> Controllers);
