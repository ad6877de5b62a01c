using Pleiad.Machines.Hosting;
using Pleiad.Machines.Networks;
using Pleiad.Machines.Qemu;

namespace Pleiad.Machines.Isolation;

/// <summary>Finds out how machines' processes can be shut in on this host, by making all that it takes and removing it again.</summary>
public static class IsolationProbe
{
    /// <summary>Tries it.</summary>
    /// <param name="time">Measures waits.</param>
    /// <param name="cancellation">Ends the wait for QEMU's version.</param>
    /// <returns>Each protection, whether it holds and what brings it into force.</returns>
    /// <exception cref="MachineHostException">There is no QEMU, or no process could be started at all.</exception>
    public static async Task<IReadOnlyList<Protection>> LookAsync(TimeProvider time, CancellationToken cancellation)
    {
        var qemu = await QemuProgram.FindAsync(null, cancellation);
        var directory = Directory.CreateTempSubdirectory("pleiad-trial-").FullName;
        try
        {
            using var watch = new ProcessWatch();
            using var launcher = Launcher.Open(await LauncherParts.MakeAsync(directory, new MachineMark(directory).GroupName, qemu.Path, NetworkChoice.Make(null).Mode), [], watch, time);
            await launcher.RemoveAsync();
            return launcher.Protections;
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
