using System.Collections.Concurrent;
using Pleiad.Core.Identity;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Images;

namespace Pleiad.Server.Fleet;

/// <summary>A machine of a service from the decision to start it until its address is free again.</summary>
internal sealed class FleetMachine(MachineId id, StoredImage image, int slots, string reason, DateTimeOffset ordered)
{
    private string? _stopReason;

    internal MachineId Id { get; } = id;

    internal StoredImage Image { get; } = image;

    internal int Slots { get; } = slots;

    internal string Reason { get; } = reason;

    internal DateTimeOffset Ordered { get; } = ordered;

    /// <summary>The host's machine, once the address is reserved.</summary>
    internal IMachine? Machine { get; set; }

    /// <summary>Whether the dispatcher has it.</summary>
    internal bool InService { get; set; }

    /// <summary>What ends it; part of its life.</summary>
    internal ConcurrentBag<Task> Stopping { get; } = [];

    /// <summary>Why it is being ended, when that was decided; the first reason stays.</summary>
    internal string? StopReason => _stopReason;

    internal bool IsStarting => !InService && _stopReason is null && Machine?.Snapshot.State is null or MachineState.Reserved or MachineState.Starting or MachineState.Ready;

    /// <summary>Decides its end, once.</summary>
    /// <returns>False when it was decided before.</returns>
    internal bool TryDecideStop(string reason) => Interlocked.CompareExchange(ref _stopReason, reason, null) is null;
}
