namespace Pleiad.Machines.Isolation;

/// <summary>A hierarchy of control groups, and this process's place in it.</summary>
/// <param name="Version">1 or 2.</param>
/// <param name="Controllers">What it controls (version 1); empty for version 2, where each group has a list.</param>
/// <param name="Root">The topmost directory that is seen of it.</param>
/// <param name="Own">Directory of this process's group.</param>
internal sealed record GroupHierarchy(int Version, IReadOnlyList<string> Controllers, string Root, string Own)
{
    /// <summary>The hierarchies that are mounted, with the group of this process in each.</summary>
    public static IReadOnlyList<GroupHierarchy> OfThisProcess() => OfProcess(Environment.ProcessId);

    /// <summary>The hierarchies, seen from a process.</summary>
    internal static IReadOnlyList<GroupHierarchy> OfProcess(int process) => Parse(File.ReadAllText($"/proc/{process}/cgroup"), File.ReadAllText("/proc/self/mountinfo"));

    /// <summary>Reads the texts of <c>/proc/self/cgroup</c> and <c>/proc/self/mountinfo</c>.</summary>
    internal static IReadOnlyList<GroupHierarchy> Parse(string groups, string mounts)
    {
        var found = new List<GroupHierarchy>();
        foreach (var line in mounts.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            // 36 35 98:0 /root /mount/point options … - type source super-options
            var separator = line.IndexOf(" - ", StringComparison.Ordinal);
            var fields = line.Split(' ');
            if (separator < 0 || fields.Length < 5 || line[(separator + 3)..].Split(' ') is not [var kind, _, var options, ..] || kind is not ("cgroup" or "cgroup2"))
            {
                continue;
            }

            var version = kind == "cgroup2" ? 2 : 1;
            var controllers = version == 2 ? [] : options.Split(',');
            if (OwnPath(groups, version, controllers) is { } path && Below(path, fields[3]) is { } below && !found.Any(other => other.Version == version && (version == 2 || other.Controllers.SequenceEqual(controllers))))
            {
                found.Add(new GroupHierarchy(version, controllers, fields[4], (fields[4] + below).TrimEnd('/')));
            }
        }

        return found;
    }

    /// <summary>The group of a process, from the text of its <c>/proc/PID/cgroup</c>: lines <c>4:cpu,cpuacct:/path</c>, or <c>0::/path</c> for version 2.</summary>
    private static string? OwnPath(string groups, int version, string[] controllers)
    {
        foreach (var line in groups.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Split(':', 3) is [var id, var names, var path]
                && (version == 2 ? id == "0" && names.Length == 0 : names.Length > 0 && names.Split(',').All(name => controllers.Contains(name) || name.StartsWith("name=", StringComparison.Ordinal) && controllers.Contains(name))))
            {
                return path;
            }
        }

        return null;
    }

    /// <summary>A path seen from where its hierarchy's mount begins; null when it lies outside.</summary>
    private static string? Below(string path, string mountRoot) =>
        mountRoot == "/" ? path
        : path == mountRoot ? ""
        : path.StartsWith(mountRoot + "/", StringComparison.Ordinal) ? path[mountRoot.Length..]
        : null;
}
