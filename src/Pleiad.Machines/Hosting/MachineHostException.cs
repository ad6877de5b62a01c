namespace Pleiad.Machines.Hosting;

/// <summary>Why a host cannot work.</summary>
public enum MachineHostFault
{
    /// <summary>QEMU is not installed or does not run.</summary>
    QemuMissing,

    /// <summary>An option is out of its range or names something that does not exist.</summary>
    BadOption,

    /// <summary>No accelerator started the probe guest.</summary>
    NoAccelerator,

    /// <summary>The machines' network could not be made.</summary>
    Network,

    /// <summary>Machines' processes could not be started the way this host shuts them in.</summary>
    Isolation,
}

/// <summary>A host cannot be opened; the message names the thing and the remedy.</summary>
/// <param name="fault">Why.</param>
/// <param name="message">In a sentence.</param>
/// <param name="inner">What lies below, or null.</param>
public sealed class MachineHostException(MachineHostFault fault, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Why the host cannot work.</summary>
    public MachineHostFault Fault { get; } = fault;
}
