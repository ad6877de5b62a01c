using Pleiad.Core.Identity;

namespace Pleiad.Machines.Hosting;

/// <summary>Where a host keeps a machine's files: <c>ID/machine.json</c>, <c>ID/qmp</c> and <c>ID/serial</c> while it lives, <c>logs/ID.log</c> beyond that.</summary>
internal sealed class MachineFiles(string directory)
{
    public string Root { get; } = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));

    public string Logs => Path.Combine(Root, "logs");

    public string DirectoryOf(MachineId machine) => Path.Combine(Root, machine.Value);

    public string RecordOf(MachineId machine) => Path.Combine(DirectoryOf(machine), "machine.json");

    public string QmpOf(MachineId machine) => Path.Combine(DirectoryOf(machine), "qmp");

    public string SerialOf(MachineId machine) => Path.Combine(DirectoryOf(machine), "serial");

    public string DiskOf(MachineId machine) => Path.Combine(DirectoryOf(machine), "disk.qcow2");

    public string LogOf(MachineId machine) => Path.Combine(Logs, machine.Value + ".log");

    /// <summary>Makes the directories of the host itself.</summary>
    public void Create() => Directory.CreateDirectory(Logs);

    /// <summary>Machines that have a directory.</summary>
    public IEnumerable<MachineId> Present()
    {
        if (!Directory.Exists(Root))
        {
            yield break;
        }

        foreach (var path in Directory.EnumerateDirectories(Root))
        {
            if (MachineId.TryParse(Path.GetFileName(path), out var machine))
            {
                yield return machine;
            }
        }
    }

    /// <summary>Machines whose process was started under another name (<see cref="MachineRecord.ProcessName"/>), by that name.</summary>
    public IReadOnlyDictionary<MachineId, MachineId> ProcessNames()
    {
        var names = new Dictionary<MachineId, MachineId>();
        foreach (var machine in Present())
        {
            if (MachineRecord.Read(RecordOf(machine), out _)?.ProcessName is { } name)
            {
                names[new MachineId(name)] = machine;
            }
        }

        return names;
    }

    /// <summary>Gives a machine's files to another, its log included.</summary>
    public void Rename(MachineId from, MachineId to)
    {
        Directory.Move(DirectoryOf(from), DirectoryOf(to));
        File.Move(LogOf(from), LogOf(to));
    }

    /// <summary>Removes what belongs to a machine's life; its log stays.</summary>
    public void Remove(MachineId machine)
    {
        if (Directory.Exists(DirectoryOf(machine)))
        {
            Directory.Delete(DirectoryOf(machine), recursive: true);
        }
    }

    /// <summary>Removes all of a machine that never was anybody's.</summary>
    public void RemoveWithLog(MachineId machine)
    {
        Remove(machine);
        File.Delete(LogOf(machine));
    }

    /// <summary>Removes the oldest logs beyond a number.</summary>
    /// <param name="kept">Logs that stay, apart from those of machines that have a directory.</param>
    public void TrimLogs(int kept)
    {
        if (!Directory.Exists(Logs))
        {
            return;
        }

        var living = Present().Select(machine => machine.Value).ToHashSet(StringComparer.Ordinal);
        var ended = new DirectoryInfo(Logs).GetFiles("*.log").Where(file => !living.Contains(Path.GetFileNameWithoutExtension(file.Name)));
        foreach (var file in ended.OrderByDescending(file => file.LastWriteTimeUtc).Skip(kept))
        {
            file.Delete();
        }
    }
}
