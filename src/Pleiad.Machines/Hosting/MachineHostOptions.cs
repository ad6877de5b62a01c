namespace Pleiad.Machines.Hosting;

/// <summary>How a host runs machines.</summary>
public sealed class MachineHostOptions
{
    /// <summary>Directory for sockets, logs and records of machines; belongs to one running Pleiad at a time (the caller holds its lock).</summary>
    public required string Directory { get; set; }

    /// <summary>Name of the network namespace; unique to this data directory.</summary>
    public required string Namespace { get; set; }

    /// <summary>Where probe results are kept for the next start.</summary>
    public required string CacheDirectory { get; set; }

    /// <summary>A kernel that boots within milliseconds and says so on its serial line, for the accelerator probe.</summary>
    public required string ProbeKernel { get; set; }

    /// <summary>Forced accelerator, or null to try kvm and fall back to tcg; a forced kvm that starts no guest is an error.</summary>
    public string? Accelerator { get; set; }

    /// <summary>Forced network mode, or null for a namespace when privileges allow, else user-mode.</summary>
    public NetworkMode? Network { get; set; }

    /// <summary>Addresses in the pool.</summary>
    /// <value>250 by default; from 1 to 65000.</value>
    public int AddressCount { get; set; } = 250;

    /// <summary>Time between two health checks of a machine.</summary>
    /// <value>1 s by default; from 50 ms to 1 min.</value>
    public TimeSpan HealthInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Largest serial log kept per machine, in bytes; the oldest half is dropped when it is full.</summary>
    /// <value>1 MiB by default.</value>
    public long LogBytesMax { get; set; } = 1 << 20;

    /// <summary>Logs of ended machines that are kept.</summary>
    /// <value>100 by default.</value>
    public int LogsKeptMax { get; set; } = 100;

    /// <summary>Machines that may be starting at once; more wait their turn.</summary>
    /// <value>8 by default.</value>
    public int StartsMax { get; set; } = 8;

    /// <summary>Whether machines run on when the host is disposed, for the next one to adopt.</summary>
    public bool KeepMachines { get; set; }

    /// <summary>Spares at most, over all images; see <see cref="WarmImage"/>.</summary>
    /// <value>64 by default; from 0 to 200.</value>
    public int SparesMax { get; set; } = 64;

    /// <summary>Called when something happened beside the machines; must return quickly and not throw.</summary>
    public Action<HostNotice>? Noticed { get; set; }

    /// <summary>Called on each change of a machine's state and each new report, on the machine's own task; must return quickly and not throw.</summary>
    public Action<MachineSnapshot>? Changed { get; set; }
}
