using Pleiad.Core.Identity;
using Pleiad.Core.Metrics;

namespace Pleiad.Gateway.Dispatch;

/// <summary>Bounds of a service's queue; may change while it works.</summary>
/// <param name="QueueLimit">Requests that may wait for a slot; jobs do not count, they wait in the database.</param>
/// <param name="QueueDeadline">Longest wait of a request; jobs have none.</param>
public sealed record DispatcherOptions(int QueueLimit, TimeSpan QueueDeadline);

/// <summary>What asks for a slot.</summary>
public enum WorkKind
{
    /// <summary>A request of a client that waits: bounded queue, deadline.</summary>
    Request,

    /// <summary>A durable job: no bound but its sender's, no deadline.</summary>
    Job,
}

/// <summary>How an attempt to get a slot ended.</summary>
public enum DispatchOutcome
{
    /// <summary>There is a lease.</summary>
    Granted,

    /// <summary>The queue has no place.</summary>
    QueueFull,

    /// <summary>No slot became free in time.</summary>
    DeadlinePassed,

    /// <summary>The service was removed, or the server is ending.</summary>
    Closed,
}

/// <summary>An attempt's end: a lease exactly when it was granted.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="Lease">The slot; dispose it once when the work is over.</param>
/// <param name="Waited">Time in the queue, zero when a slot was free at once.</param>
public readonly record struct DispatchResult(DispatchOutcome Outcome, ISlotLease? Lease, TimeSpan Waited);

/// <summary>One slot of one machine, held from the grant until <see cref="IDisposable.Dispose"/>; disposing again has no effect.</summary>
public interface ISlotLease : IDisposable
{
    /// <summary>The machine.</summary>
    MachineId Machine { get; }

    /// <summary>Where it answers.</summary>
    MachineAddress Address { get; }

    /// <summary>Which of its slots, from 0, below the most it ever had; no two leases of a machine have the same at one time.</summary>
    int Slot { get; }
}

/// <summary>Slots and queue of one service at one moment.</summary>
/// <param name="InFlight">Slots in use, those of draining machines included.</param>
/// <param name="Waiting">Requests and jobs in the queue.</param>
/// <param name="Machines">Every machine that was added and not yet removed.</param>
/// <param name="Granted">Leases given since the start.</param>
/// <param name="QueueFull">Refusals since the start.</param>
/// <param name="DeadlinePassed">Deadlines passed since the start.</param>
public sealed record DispatcherView(int InFlight, int Waiting, IReadOnlyList<MachineSlots> Machines, long Granted, long QueueFull, long DeadlinePassed);

/// <summary>Slots of one machine.</summary>
/// <param name="Machine">The machine.</param>
/// <param name="Slots">How many it has.</param>
/// <param name="InUse">How many are in use.</param>
/// <param name="Draining">Whether it gets no new work.</param>
/// <param name="LastReleased">When a slot was last given back, or when it was added.</param>
public sealed record MachineSlots(MachineId Machine, int Slots, int InUse, bool Draining, DateTimeOffset LastReleased);

/// <summary>
/// Gives a service's work to machines with a free slot: the one with the fewest slots in use, the oldest among equals, in order of arrival.
/// Never more leases of a machine than it has slots, or had when they were given. Safe for use from many threads.
/// </summary>
public interface IDispatcher
{
    /// <summary>The service.</summary>
    string Service { get; }

    /// <summary>The bounds in force.</summary>
    DispatcherOptions Options { get; }

    /// <summary>How long work waited for the slots that were granted; most of it not at all.</summary>
    DurationHistogram Waits { get; }

    /// <summary>The slots and queue now.</summary>
    DispatcherView Observe();

    /// <summary>Waits for a slot.</summary>
    /// <exception cref="OperationCanceledException">The asker went away; no slot is held.</exception>
    ValueTask<DispatchResult> AcquireAsync(WorkKind kind, CancellationToken cancellation);

    /// <summary>Waits for a slot of another machine than the one that just failed this work; if a slot is free on no other, that one will do.</summary>
    /// <exception cref="OperationCanceledException">The asker went away; no slot is held.</exception>
    ValueTask<DispatchResult> AcquireElsewhereAsync(WorkKind kind, MachineId avoid, CancellationToken cancellation);

    /// <summary>Changes the bounds; what waits already keeps its deadline.</summary>
    void Configure(DispatcherOptions options);

    /// <summary>Adds a machine that takes work.</summary>
    void AddMachine(MachineId machine, MachineAddress address, int slots);

    /// <summary>Changes how many slots a machine has, at once; leases beyond a smaller number stay until they are given back. No effect when it is unknown.</summary>
    void Resize(MachineId machine, int slots);

    /// <summary>Gives the machine no new work.</summary>
    /// <returns>Completes when its last lease is given back (or it is removed).</returns>
    Task DrainAsync(MachineId machine);

    /// <summary>Drains the machine only if it has no lease at this moment, as one step; the way to end an idle machine without a race.</summary>
    /// <returns>False when it works, or is unknown: nothing was changed.</returns>
    bool TryDrainIdle(MachineId machine);

    /// <summary>
    /// Gives the machine no new work for a while, because a connection to it just failed: until it answers again or is removed, work would be drawn to it,
    /// as it looks unused. Its leases stay; a later call replaces the time. No effect when it is unknown.
    /// </summary>
    /// <param name="machine">The machine.</param>
    /// <param name="pause">How long, more than zero.</param>
    void Suspend(MachineId machine, TimeSpan pause);

    /// <summary>Forgets a machine that is gone; leases still out are given back without effect.</summary>
    void RemoveMachine(MachineId machine);

    /// <summary>Ends the service: all that waits gets <see cref="DispatchOutcome.Closed"/>, and so does all that comes.</summary>
    void Close();
}
