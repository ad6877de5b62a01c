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
            .. Directory.Exists(machines) ? Directory.EnumerateDirectories(machines, "m-*").Select(left => $"{left} is there") : [],
            .. Directory.Exists(machines) ? Directory.EnumerateFiles(machines, "*.sock", SearchOption.AllDirectories).Select(left => $"{left} is there") : [],
        ];
    }

    /// <summary>Process ids of the machines of a data directory.</summary>
    internal static IReadOnlyList<int> Qemus(string data) =>
    [
        .. Directory.EnumerateDirectories("/proc")
            .Select(folder => int.TryParse(Path.GetFileName(folder), out var pid) ? pid : 0)
            .Where(pid => pid > 0 && CommandLine(pid) is { } line && line.Contains("qemu-system", StringComparison.Ordinal) && line.Contains(data, StringComparison.Ordinal)),
    ];

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
