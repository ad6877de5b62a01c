using Pleiad.Machines.Qemu;

namespace Pleiad.Machines.Hosting;

/// <summary>What a machine's driver is told, by its owner or by its own parts.</summary>
internal abstract record MachineMessage
{
    /// <summary>End the machine.</summary>
    public sealed record Stop : MachineMessage;

    /// <summary>Mark it Draining.</summary>
    public sealed record Drain : MachineMessage;

    /// <summary>Let go of the machine without ending it, as a killed Pleiad does.</summary>
    public sealed record Abandon : MachineMessage;

    /// <summary>Its turn to start has come.</summary>
    public sealed record Turn : MachineMessage;

    /// <summary>QEMU runs.</summary>
    public sealed record Spawned(int ProcessId) : MachineMessage;

    /// <summary>It could not be started.</summary>
    public sealed record StartFailed(string Detail) : MachineMessage;

    /// <summary>It answered a health check.</summary>
    public sealed record Answered(GuestHealth? Guest, MachineStart? Start) : MachineMessage;

    /// <summary>It did not answer a health check.</summary>
    public sealed record Missed(string Why) : MachineMessage;

    /// <summary>QEMU ended.</summary>
    public sealed record Exited(ExitStatus Status) : MachineMessage;

    /// <summary>Time to look at it.</summary>
    public sealed record Tick : MachineMessage;
}
