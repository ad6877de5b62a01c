using System.Globalization;

namespace Pleiad.Machines.Isolation;

/// <summary>What one machine's process may use of the host.</summary>
/// <param name="MemoryBytes">Memory: its guest's RAM and what QEMU itself needs.</param>
/// <param name="Cpus">Host CPUs, over 100 ms.</param>
/// <param name="ThreadsMax">Threads.</param>
internal sealed record MachineLimits(long MemoryBytes, double Cpus, int ThreadsMax)
{
    /// <summary>Threads of one QEMU: a virtual CPU each, its own, and workers for disks.</summary>
    private const int ThreadsDefault = 96;

    /// <summary>What QEMU's own threads may use beside the virtual CPUs.</summary>
    private const double EmulatorCpus = 0.5;

    /// <summary>QEMU's heap, stacks, libraries and device memory: 25 to 60 MiB are usual.</summary>
    private const long EmulatorBytes = 192L << 20;

    /// <summary>QEMU's translated code under tcg: at most 1 GiB unless its tb-size says less.</summary>
    private const long TranslationBytes = 1L << 30;

    /// <summary>The limits of a machine.</summary>
    /// <param name="guestBytes">Its guest's RAM.</param>
    /// <param name="virtualCpus">Its virtual CPUs.</param>
    /// <param name="accelerator"><c>kvm</c> or <c>tcg</c>.</param>
    public static MachineLimits Of(long guestBytes, int virtualCpus, string accelerator) =>
        new(guestBytes + EmulatorBytes + (accelerator == "tcg" ? TranslationBytes : 0), virtualCpus + EmulatorCpus, ThreadsDefault + virtualCpus);

    /// <summary>The files of a control group that hold them, with their contents.</summary>
    /// <param name="version">Of the hierarchy.</param>
    /// <param name="controller">One that the group has.</param>
    public IEnumerable<(string File, string Value)> FilesOf(int version, string controller)
    {
        const long Period = 100_000; // µs
        var quota = ((long)(Cpus * Period)).ToString(CultureInfo.InvariantCulture);
        var memory = MemoryBytes.ToString(CultureInfo.InvariantCulture);
        var threads = ThreadsMax.ToString(CultureInfo.InvariantCulture);
        return (version, controller) switch
        {
            (1, "cpu") => [("cpu.cfs_quota_us", quota)],
            (1, "memory") => [("memory.limit_in_bytes", memory)],
            (2, "cpu") => [("cpu.max", $"{quota} {Period}")],
            (2, "memory") => [("memory.max", memory)],
            (_, "pids") => [("pids.max", threads)],
            _ => [],
        };
    }
}
