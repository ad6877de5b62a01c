using System.Globalization;

namespace Pleiad.Machines.Isolation;

/// <summary>The rules of control groups, version 2.</summary>
internal static class GroupsTwo
{
    /// <summary>Name of the group that Pleiad moves into to make room for its machines beside itself.</summary>
    private const string Leaf = "pleiad";

    /// <summary>Controllers that a group may hand down.</summary>
    public static IReadOnlyList<string> Controllers(string group) =>
        File.Exists(Path.Combine(group, "cgroup.controllers")) ? File.ReadAllText(Path.Combine(group, "cgroup.controllers")).Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries) : [];

    /// <summary>The group below which the machines' parent belongs; see <see cref="ControlGroups"/>.</summary>
    /// <exception cref="IOException">There is none.</exception>
    public static string PlaceOf(GroupHierarchy hierarchy, IReadOnlyList<string> controllers)
    {
        var own = hierarchy.Own;
        if (Path.GetFileName(own) == Leaf && own != hierarchy.Root)
        {
            own = Path.GetDirectoryName(own)!; // Moved by an earlier host of this process.
            HandDown(own, controllers);
            return own;
        }

        if (own != hierarchy.Root && IsAlone(own))
        {
            var leaf = Path.Combine(own, Leaf);
            Directory.CreateDirectory(leaf);
            File.WriteAllText(Path.Combine(leaf, "cgroup.procs"), Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
            HandDown(own, controllers);
            return own;
        }

        if (own == hierarchy.Root || !IsLimited(own, hierarchy.Root))
        {
            HandDown(hierarchy.Root, controllers);
            return hierarchy.Root;
        }

        throw new IOException("Pleiad shares a control group that has limits with other programs; start it with: systemd-run --scope -p Delegate=yes pleiad up");
    }

    /// <summary>Gives controllers to the groups below a group.</summary>
    public static void HandDown(string group, IReadOnlyList<string> controllers)
    {
        var file = Path.Combine(group, "cgroup.subtree_control");
        var given = File.ReadAllText(file).Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        var missing = controllers.Except(given).ToArray();
        if (missing.Length > 0)
        {
            File.WriteAllText(file, string.Join(' ', missing.Select(controller => "+" + controller)));
        }
    }

    private static bool IsAlone(string group) =>
        File.ReadAllLines(Path.Combine(group, "cgroup.procs")).All(line => line == Environment.ProcessId.ToString(CultureInfo.InvariantCulture))
        && !Directory.EnumerateDirectories(group).Any(below => Path.GetFileName(below) != Leaf && !Path.GetFileName(below).StartsWith("pleiad-", StringComparison.Ordinal));

    /// <summary>Whether a group or one above it has a limit of memory or CPU.</summary>
    private static bool IsLimited(string group, string root)
    {
        for (var at = group; at.Length > root.Length; at = Path.GetDirectoryName(at)!)
        {
            if (Limit(at, "memory.max") || Limit(at, "cpu.max"))
            {
                return true;
            }
        }

        return false;

        static bool Limit(string group, string file) =>
            File.Exists(Path.Combine(group, file)) && !File.ReadAllText(Path.Combine(group, file)).StartsWith("max", StringComparison.Ordinal);
    }
}
