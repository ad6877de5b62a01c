using Pleiad.Core.Identity;
using Pleiad.Machines.Isolation;
using Pleiad.Machines.Networks;
using Pleiad.Machines.Processes;
using Pleiad.Machines.Qemu;

namespace Pleiad.Machines.Hosting;

/// <summary>Removes everything of a host that was killed.</summary>
internal static class HostSweep
{
    public static async Task<IReadOnlyList<string>> RunAsync(MachineFiles files, string namespaceName, TimeProvider time, CancellationToken cancellation)
    {
        var removed = new List<string>();
        using var watch = new ProcessWatch();
        var names = files.ProcessNames();
        var processes = new MachineMark(files.Root).FindAll().ToLookup(found => names.GetValueOrDefault(found.Machine, found.Machine), found => found.Process);
        foreach (var machine in files.Present().Concat(processes.Select(group => group.Key)).Distinct().ToArray())
        {
            cancellation.ThrowIfCancellationRequested();
            removed.Add(await SweepAsync(machine, [.. processes[machine]], files, watch, time));
        }

        try
        {
            removed.AddRange(await Launcher.RemoveLeftAsync(files.Root, time));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            removed.Add($"something of the machines' isolation is left: {e.Message}");
        }

        if (Programs.Find("ip") is { } ip)
        {
            try
            {
                if (await NamespaceNetwork.RemoveLeftAsync(ip, namespaceName, cancellation))
                {
                    removed.Add($"network namespace {namespaceName}");
                }
            }
            catch (IOException e)
            {
                removed.Add($"network namespace {namespaceName} is left: {e.Message}");
            }
        }

        return removed;
    }

    private static async Task<string> SweepAsync(MachineId machine, ProcessIdentity[] processes, MachineFiles files, ProcessWatch watch, TimeProvider time)
    {
        try
        {
            return await Leftovers.RemoveAsync(machine, processes, files, watch, time)
                ? $"machine {machine}"
                : $"machine {machine} is left: its process does not end even by SIGKILL";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"machine {machine} is left: {e.Message}";
        }
    }
}
