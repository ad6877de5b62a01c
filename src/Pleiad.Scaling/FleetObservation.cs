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
    int Ready, int Starting, int InFlight, int Waiting, IReadOnlyList<IdleMachine> Idle, DateTimeOffset Now, int FailedStarts, DateTimeOffset? LastFailedStart)
{
    /// <summary>The change of its machines that is under way, in which case <see cref="FailedStarts"/> are those of the new kind; null when there is none.</summary>
    public ChangeObservation? Change { get; init; }
}

/// <summary>What a planner sees of a change of a service's machines for others of a new kind, beside the whole fleet.</summary>
/// <param name="Former">Machines of a former kind that take work.</param>
/// <param name="FormerStarting">Machines of a former kind on the way.</param>
/// <param name="Draining">Machines that take no work any more and still are there.</param>
/// <param name="Held">Machines that were at work when the change began, or were needed since: so many take work until it ends.</param>
/// <param name="Room">Machines that can start besides all there are, by the address pool; 0 or more.</param>
public sealed record ChangeObservation(IReadOnlyList<FormerMachine> Former, int FormerStarting, int Draining, int Held, int Room)
{
    /// <summary>Machines that can start besides all there are, by the host's memory; 0 or more. What the work needs is started whatever it says.</summary>
    public int MemoryRoom { get; init; } = int.MaxValue;

    /// <summary>Why there is no room, in a few words.</summary>
    public string RoomBound { get; init; } = "no address of the pool is free";

    /// <summary>Starts of the new kind that failed in a row through its image; <see cref="FleetObservation.FailedStarts"/> counts those that failed for any reason.</summary>
    public int Failures { get; init; }

    /// <summary>Time until the machine of the new kind that took work first has done so for <see cref="RollingPlanner.TrialTime"/>; zero once one has, or when there is no image to keep.</summary>
    public TimeSpan TrialLeft { get; init; }

    /// <summary>Whether machines of the new kind can be started: its image is there.</summary>
    public bool CanStartNew { get; init; } = true;

    /// <summary>Whether machines of the former kind can be started: its image is kept.</summary>
    public bool CanStartFormer { get; init; }

    /// <summary>Starts of the former kind that failed in a row.</summary>
    public int FormerFailedStarts { get; init; }

    /// <summary>When the last of them failed.</summary>
    public DateTimeOffset? LastFormerFailedStart { get; init; }

    /// <summary>Whether the change has stopped and waits for a person.</summary>
    public bool Stopped { get; init; }
}

/// <summary>A machine of a former kind that takes work.</summary>
/// <param name="Machine">The machine.</param>
/// <param name="InUse">Slots in use.</param>
/// <param name="IdleFor">Time since its last request ended; zero while it works.</param>
public readonly record struct FormerMachine(Core.Identity.MachineId Machine, int InUse, TimeSpan IdleFor);

/// <summary>How a change stands.</summary>
public enum ChangeStep
{
    /// <summary>There is none.</summary>
    None,

    /// <summary>It is under way.</summary>
    UnderWay,

    /// <summary>The new kind does not start: what is there goes on, until a person decides.</summary>
    Stopped,

    /// <summary>As many machines of the new kind take work as are needed, and none of a former kind does.</summary>
    Done,
}

/// <summary>A machine without work.</summary>
/// <param name="Machine">The machine.</param>
/// <param name="IdleFor">Time since its last request ended, or since it became ready.</param>
public readonly record struct IdleMachine(Core.Identity.MachineId Machine, TimeSpan IdleFor);

/// <summary>What to do, and why.</summary>
/// <param name="Start">Machines to start, 0 or more; while a change is under way, of the new kind.</param>
/// <param name="Stop">Machines to drain and end; never while any are to be started.</param>
/// <param name="Reason">The figures that led to it.</param>
/// <param name="NextLook">When a decision may fall due without any new event (an idle time or a back-off that ends), or null.</param>
public sealed record ScalePlan(int Start, IReadOnlyList<Core.Identity.MachineId> Stop, string Reason, TimeSpan? NextLook)
{
    /// <summary>Machines of the former kind to start, 0 or more; only while a change is under way or has stopped.</summary>
    public int StartFormer { get; init; }

    /// <summary>Machines of a former kind that make way: they get no new work and end after what they have.</summary>
    public IReadOnlyList<Core.Identity.MachineId> Replace { get; init; } = [];

    /// <summary>Machines that are to take work until the change ends, <see cref="ChangeObservation.Held"/> of the next observation; work that comes and goes meanwhile does not lower it.</summary>
    public int Held { get; init; }

    /// <summary>How the change stands after this plan.</summary>
    public ChangeStep Change { get; init; }
}
