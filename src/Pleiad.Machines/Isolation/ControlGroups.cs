using System.Globalization;

namespace Pleiad.Machines.Isolation;

/// <summary>The control groups of one host's machines: in each hierarchy a parent named after the machines' directory, and below it one group per machine.</summary>
/// <remarks>
/// Version 1: below the group that Pleiad runs in, so that limits which hold for Pleiad hold for its machines.
/// Version 2: a group that has processes cannot hand its controllers down. So at the top when Pleiad runs there; below Pleiad's own group when that is
/// Pleiad's alone (<c>Delegate=yes</c>), after Pleiad has moved into a leaf of it; at the top as well when no group above Pleiad limits anything, for then
/// nothing is evaded. Else not at all.
/// The parents' paths are kept in a file of the machines' directory: a later run, which may run in other groups, finds and removes what is left.
/// </remarks>
internal sealed class ControlGroups
{
    private const string FileName = "groups";
    private static readonly string[] Wanted = ["cpu", "cpuacct", "memory", "pids"];

    private readonly IReadOnlyList<GroupDirectory> _parents;
    private readonly string _file;
    private readonly HashSet<string> _inUse = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();

    private ControlGroups(IReadOnlyList<GroupDirectory> parents, IReadOnlyList<string> homes, string file) => (_parents, Homes, _file) = (parents, homes, file);

    /// <summary>The groups of version 1 that Pleiad's own threads are in, one for each that a machine has.</summary>
    public IReadOnlyList<string> Homes { get; }

    /// <summary>What the groups limit and count, for people.</summary>
    public string Detail => string.Join(", ", _parents.GroupBy(parent => parent.Version, parent => parent.Controllers).Select(version => $"version {version.Key}: {string.Join(' ', version.SelectMany(names => names))}"));

    /// <summary>Makes the parents.</summary>
    /// <param name="directory">The machines' directory.</param>
    /// <param name="name">The parents' name.</param>
    /// <param name="hierarchies">What there is.</param>
    /// <exception cref="IOException">Control groups cannot be used here; the message says why.</exception>
    public static ControlGroups Open(string directory, string name, IReadOnlyList<GroupHierarchy> hierarchies)
    {
        var parents = new List<GroupDirectory>();
        var homes = new List<string>();
        var problems = new List<string>();
        foreach (var hierarchy in hierarchies)
        {
            var taken = parents.SelectMany(parent => parent.Controllers);
            try
            {
                var controllers = Wanted.Except(taken).Intersect(hierarchy.Version == 1 ? hierarchy.Controllers : GroupsTwo.Controllers(hierarchy.Root)).ToArray();
                if (controllers.Length == 0)
                {
                    continue;
                }

                var path = hierarchy.Version == 1 ? Path.Combine(hierarchy.Own, name) : Path.Combine(GroupsTwo.PlaceOf(hierarchy, controllers), name);
                Directory.CreateDirectory(path);
                if (hierarchy.Version == 1)
                {
                    homes.Add(hierarchy.Own);
                }
                else
                {
                    GroupsTwo.HandDown(path, controllers);
                }

                parents.Add(new GroupDirectory(path, hierarchy.Version, controllers));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                problems.Add($"{hierarchy.Root}: {e.Message}");
            }
        }

        if (!parents.Any(parent => parent.Controllers.Contains("memory")) || !parents.Any(parent => parent.Controllers.Contains("cpu")))
        {
            parents.ForEach(parent => GroupFiles.TryRemove(parent.Path));
            throw new IOException(problems.Count > 0 ? string.Join("; ", problems) : "no hierarchy with the controllers cpu and memory is mounted");
        }

        var groups = new ControlGroups(parents, homes, Path.Combine(directory, FileName));
        groups.RememberParents();
        return groups;
    }

    /// <summary>A new group, not yet made.</summary>
    /// <param name="name">Its name, which no living group has.</param>
    public MachineGroup New(string name)
    {
        lock (_gate)
        {
            _inUse.Add(name);
        }

        return new MachineGroup([.. _parents.Select(parent => parent with { Path = Path.Combine(parent.Path, name) })]);
    }

    /// <summary>The group that a process of an earlier run is in; null when it is in none of ours.</summary>
    public MachineGroup? Of(string name)
    {
        var group = new MachineGroup([.. _parents.Select(parent => parent with { Path = Path.Combine(parent.Path, name) })]);
        if (!group.Directories.All(directory => Directory.Exists(directory.Path)))
        {
            return null;
        }

        lock (_gate)
        {
            _inUse.Add(name);
        }

        return group;
    }

    /// <summary>A group is no more.</summary>
    public void Forget(string name)
    {
        lock (_gate)
        {
            _inUse.Remove(name);
        }
    }

    /// <summary>Removes groups of machines that are no more.</summary>
    /// <returns>Those that are left: a process is in them.</returns>
    public async Task<IReadOnlyList<string>> SweepAsync(TimeProvider time)
    {
        string[] left = [];
        await GroupFiles.TryAsync(
            () =>
            {
                lock (_gate)
                {
                    left = SweepParents(ReadParents(_file), _inUse.Contains);
                }

                return left.Length == 0;
            },
            time);
        return left;
    }

    /// <summary>Removes all groups of a directory's machines; none runs.</summary>
    /// <returns>Parents that are left: a process is in them.</returns>
    public static async Task<IReadOnlyList<string>> RemoveAsync(string directory, TimeProvider time)
    {
        var file = Path.Combine(directory, FileName);
        var left = ReadParents(file);
        await GroupFiles.TryAsync(
            () =>
            {
                _ = SweepParents(left, _ => false);
                left = [.. left.Where(parent => !GroupFiles.TryRemove(parent))];
                return left.Length == 0;
            },
            time);
        if (left.Length == 0 && File.Exists(file))
        {
            File.Delete(file);
        }

        return left;
    }

    /// <summary>Name of the group of a user's machine.</summary>
    public static string NameOf(uint user) => user.ToString(CultureInfo.InvariantCulture);

    /// <returns>Those that stay: a process is in them.</returns>
    private static string[] SweepParents(IEnumerable<string> parents, Func<string, bool> inUse) =>
        [.. parents.Where(Directory.Exists).SelectMany(Directory.GetDirectories).Where(group => !inUse(Path.GetFileName(group)) && !GroupFiles.TryRemove(group))];

    private static string[] ReadParents(string file)
    {
        try
        {
            return File.ReadAllLines(file);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return [];
        }
    }

    private void RememberParents()
    {
        var former = ReadParents(_file).Where(Directory.Exists);
        File.WriteAllLines(_file + ".new", _parents.Select(parent => parent.Path).Union(former));
        File.Move(_file + ".new", _file, overwrite: true);
    }
}
