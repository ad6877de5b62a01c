namespace Pleiad.Machines.Checking;

/// <summary>What one more machine of an image costs a host in memory, and how many fit.</summary>
/// <param name="Image">The image's name.</param>
/// <param name="BootedBytes">Memory that an idle machine has for itself when it booted.</param>
/// <param name="ClonedBytes">The same for a clone; null when the image is not cloneable, or no clone came up.</param>
/// <param name="AvailableBytes">Memory that the host could give away then.</param>
public sealed record DensityReport(string Image, long BootedBytes, long? ClonedBytes, long AvailableBytes)
{
    /// <summary>Ports of a Linux bridge, less the one that keeps it up.</summary>
    public const int PortsMax = 1_023;

    /// <summary>A tenth of the memory stays for guests that come to use more than they do when idle.</summary>
    private const double Share = 0.9;

    /// <summary>Machines that fit when they boot.</summary>
    public long Booted => Fitting(BootedBytes);

    /// <summary>Machines that fit when they are clones; null when <see cref="ClonedBytes"/> is.</summary>
    public long? Cloned => ClonedBytes is { } bytes ? Fitting(bytes) : null;

    private long Fitting(long bytes) => Math.Min(PortsMax, (long)(Share * AvailableBytes / Math.Max(1, bytes)));
}
