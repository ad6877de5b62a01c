using System.Security.Cryptography;
using System.Text;
using Pleiad.Server.Hosting;

namespace Pleiad.Server.Tests.Running;

/// <summary>What a server on a data directory may leave behind.</summary>
internal static class Leftovers
{
    /// <summary>Processes, the namespace (with its taps), machine directories; one sentence each.</summary>
    internal static IReadOnlyList<string> Of(string data)
    {
        var name = DataDirectory.NamespaceOf(data);
        var machines = DataDirectory.MachinesOf(data);
        return
        [
            .. Qemus(data).Select(pid => $"process {pid} runs"),
            .. File.Exists($"/run/netns/{name}") ? [$"namespace {name} is there"] : Array.Empty<string>(),
            .. Groups(data).Select(left => $"{left} is there"),
            .. Users(data).Select(left => $"{left} is there"),
            .. File.ReadLines("/proc/self/mounts").Where(mount => mount.Contains(data, StringComparison.Ordinal)).Select(left => $"mount {left} is there"),
            .. Directory.Exists(machines) ? Directory.EnumerateDirectories(machines, "m-*").Select(left => $"{left} is there") : [],
            .. Directory.Exists(machines) ? Directory.EnumerateFiles(machines, "*.sock", SearchOption.AllDirectories).Select(left => $"{left} is there") : [],
        ];
    }

    /// <summary>Process ids of the machines of a data directory.</summary>
    internal static IReadOnlyList<int> Qemus(string data)
    {
        var mark = MarkOf(data) + "-m-";
        return
        [
            .. Directory.EnumerateDirectories("/proc")
                .Select(folder => int.TryParse(Path.GetFileName(folder), out var pid) ? pid : 0)
                .Where(pid => pid > 0 && CommandLine(pid) is { } line && line.Contains("qemu-system", StringComparison.Ordinal) && line.Contains(mark, StringComparison.Ordinal)),
        ];
    }

    /// <summary>Control groups of the machines of a data directory.</summary>
    internal static IReadOnlyList<string> Groups(string data) =>
        Directory.Exists("/sys/fs/cgroup") ? [.. Directory.EnumerateDirectories("/sys/fs/cgroup", MarkOf(data), new EnumerationOptions { RecurseSubdirectories = true })] : [];

    /// <summary>The user ids kept for a data directory's machines, by the file that says so.</summary>
    internal static IReadOnlyList<string> Users(string data) =>
        Directory.Exists("/run/pleiad/users") ? [.. Directory.EnumerateFiles("/run/pleiad/users").Where(file => File.ReadAllText(file) == DataDirectory.MachinesOf(data))] : [];

    /// <summary>What all names of a data directory's machines begin with.</summary>
    private static string MarkOf(string data) =>
        $"pleiad-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(DataDirectory.MachinesOf(data))))[..12]}";

    private static string? CommandLine(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline");
        }
        catch (IOException)
        {
            // It ended while we looked.
            return null;
        }
    }
}
