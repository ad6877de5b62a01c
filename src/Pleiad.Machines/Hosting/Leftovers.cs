using Pleiad.Core.Identity;
using Pleiad.Machines.Qemu;

namespace Pleiad.Machines.Hosting;

/// <summary>Ends and removes machines that nobody drives.</summary>
internal static class Leftovers
{
    private static readonly TimeSpan KillTimeMax = TimeSpan.FromSeconds(5);

    /// <summary>Kills a process and waits for its end.</summary>
    /// <returns>False when it is still there after 5 s.</returns>
    public static async Task<bool> KillAsync(QemuProcess process, TimeProvider time)
    {
        process.Signal(ProcessCalls.SigKill);
        return await EndsWithinAsync(process, KillTimeMax, time);
    }

    /// <summary>Waits for the end of a process, and until what it was shut in with is given back.</summary>
    public static async Task<bool> EndsWithinAsync(QemuProcess process, TimeSpan timeMax, TimeProvider time)
    {
        try
        {
            await process.Exited.WaitAsync(timeMax, time);
            await process.Released;
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    /// <summary>Ends what is left of a machine and removes its files; its log stays.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="processes">Its processes, found by their mark.</param>
    /// <param name="files">Where its files are.</param>
    /// <param name="watch">Notices their end.</param>
    /// <param name="time">Measures waits.</param>
    /// <returns>False when a process did not end: its files stay then, for the next attempt.</returns>
    public static async Task<bool> RemoveAsync(MachineId machine, IEnumerable<ProcessIdentity> processes, MachineFiles files, ProcessWatch watch, TimeProvider time)
    {
        foreach (var identity in processes)
        {
            using var process = QemuProcess.Adopt(identity, watch, cage: null);
            if (process is not null && !await KillAsync(process, time))
            {
                return false;
            }
        }

        files.Remove(machine);
        return true;
    }
}
