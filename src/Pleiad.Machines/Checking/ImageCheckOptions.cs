using Microsoft.Extensions.Logging.Abstractions;
using Pleiad.Machines.Hosting;

namespace Pleiad.Machines.Checking;

/// <summary>How an image is checked.</summary>
public sealed class ImageCheckOptions
{
    /// <summary>Shortest <see cref="Timeout"/>.</summary>
    public static readonly TimeSpan TimeoutMin = TimeSpan.FromSeconds(1);

    /// <summary>Longest <see cref="Timeout"/>.</summary>
    public static readonly TimeSpan TimeoutMax = TimeSpan.FromMinutes(10);

    /// <summary>A directory of the check's own, for sockets, records and logs.</summary>
    public required string Directory { get; set; }

    /// <summary>Name of a network namespace of the check's own.</summary>
    public required string Namespace { get; set; }

    /// <summary>Where probe results are kept.</summary>
    public required string CacheDirectory { get; set; }

    /// <summary>A kernel for the accelerator probe, see <see cref="MachineHostOptions.ProbeKernel"/>.</summary>
    public required string ProbeKernel { get; set; }

    /// <summary>Forced accelerator, or null for the best there is.</summary>
    public string? Accelerator { get; set; }

    /// <summary>Forced network mode, or null for the best there is.</summary>
    public NetworkMode? Network { get; set; }

    /// <summary>Longest time to a first answer.</summary>
    /// <value>30 s by default; from 1 s to 10 min.</value>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Starts that are measured; fewer when they take longer than three times <see cref="Timeout"/> together.</summary>
    /// <value>5 by default; 1 or more.</value>
    public int Starts { get; set; } = 5;

    /// <summary>Longest time for the search of the smallest memory; what is known by then is reported.</summary>
    /// <value>3 min by default.</value>
    public TimeSpan MemorySearchTime { get; set; } = TimeSpan.FromMinutes(3);

    /// <summary>Opens the check's own host.</summary>
    /// <exception cref="MachineHostException">No machine can run here; the message names the remedy.</exception>
    internal Task<MachineHost> OpenHostAsync(int addressCount, TimeProvider time, CancellationToken cancellation) => MachineHost.OpenAsync(
        new MachineHostOptions
        {
            Directory = Directory,
            Namespace = Namespace,
            CacheDirectory = CacheDirectory,
            ProbeKernel = ProbeKernel,
            Accelerator = Accelerator,
            Network = Network,
            AddressCount = addressCount,
        },
        NullLoggerFactory.Instance,
        time,
        cancellation);
}
