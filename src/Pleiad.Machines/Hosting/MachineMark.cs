using System.Security.Cryptography;
using System.Text;
using Pleiad.Core.Identity;
using Pleiad.Machines.Qemu;

namespace Pleiad.Machines.Hosting;

/// <summary>The mark on the command line of every QEMU process of one directory, by which a later run finds them whatever became of its files.</summary>
/// <remarks>
/// It is the value of <c>-name</c>: <c>pleiad-</c>, twelve digits of the directory's hash, <c>-</c> and the machine's id; of a fork server, which is no machine and
/// ends with Pleiad by itself, <c>s-</c> and ten characters.
/// </remarks>
internal sealed class MachineMark
{
    private const int HashDigits = 12;
    private readonly string _prefix;

    /// <summary>The mark of a directory.</summary>
    public MachineMark(string directory) =>
        _prefix = $"pleiad-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory)))))[..HashDigits]}-";

    /// <summary>Name of the control groups of that directory's machines.</summary>
    public string GroupName => _prefix[..^1];

    /// <summary>The name of a machine's process.</summary>
    public string NameOf(MachineId machine) => _prefix + machine.Value;

    /// <summary>A name for a fork server's process, as long as a machine's.</summary>
    public string NewServer() => string.Concat(_prefix, "s", MachineId.New().Value.AsSpan(1));

    /// <summary>Every machine's process with this mark.</summary>
    public IReadOnlyList<(ProcessIdentity Process, MachineId Machine)> FindAll()
    {
        var found = new List<(ProcessIdentity, MachineId)>();
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            // The identity is read first: should the id change hands in between, the arguments are the newer process's and the identity no longer holds.
            if (int.TryParse(Path.GetFileName(directory), out var id) && ProcessIdentity.Read(id) is { } process && MachineOf(id) is { } machine)
            {
                found.Add((process, machine));
            }
        }

        return found;
    }

    private MachineId? MachineOf(int process)
    {
        var arguments = ProcessIdentity.ReadArguments(process);
        var name = Array.IndexOf(arguments, "-name") + 1;
        return name > 0
            && name < arguments.Length
            && arguments[name].StartsWith(_prefix, StringComparison.Ordinal)
            && MachineId.TryParse(arguments[name][_prefix.Length..], out var machine)
                ? machine
                : null;
    }
}
