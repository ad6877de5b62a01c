namespace Pleiad.Scaling;

/// <summary>One service's machines and load at one moment, as a planner sees them.</summary>
/// <param name="Ready">Machines that take work.</param>
/// <param name="Starting">Machines on the way, not yet answering.</param>
/// <param name="InFlight">Requests and jobs that hold a slot of a machine that is not draining.</param>
/// <param name="Waiting">Requests and jobs that wait for a slot, jobs not yet taken from the database included.</param>
/// <param name="Idle">Machines without work, each with the time since its last.</param>
/// <param name="Now">The moment.</param>
/// <param name="FailedStarts">Starts that failed in a row, 0 after a success.</param>
/// <param name="LastFailedStart">When the last of them failed.</param>
public sealed record FleetObservation(
    int Ready, int Starting, int InFlight, int Waiting, IReadOnlyList<IdleMachine> Idle, DateTimeOffset Now, int FailedStarts, DateTimeOffset? LastFailedStart);

/// <summary>A machine without work.</summary>
/// <param name="Machine">The machine.</param>
/// <param name="IdleFor">Time since its last request ended, or since it became ready.</param>
public readonly record struct IdleMachine(Core.Identity.MachineId Machine, TimeSpan IdleFor);

/// <summary>What to do, and why.</summary>
/// <param name="Start">Machines to start, 0 or more.</param>
/// <param name="Stop">Machines to drain and end; never while any are to be started.</param>
/// <param name="Reason">The figures that led to it.</param>
/// <param name="NextLook">When a decision may fall due without any new event (an idle time or a back-off that ends), or null.</param>
public sealed record ScalePlan(int Start, IReadOnlyList<Core.Identity.MachineId> Stop, string Reason, TimeSpan? NextLook);
