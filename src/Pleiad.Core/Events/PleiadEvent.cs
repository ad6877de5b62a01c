namespace Pleiad.Core.Events;

/// <summary>Something that was decided or happened, with its reason. Console, command line and metrics show the same events.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Time">When.</param>
/// <param name="Reason">Why, in a sentence with the figures that led to it.</param>
public sealed record PleiadEvent(EventKind Kind, DateTimeOffset Time, string Reason)
{
    /// <summary>Number in the order of recording, from 1; 0 before it is recorded.</summary>
    public long Id { get; init; }

    /// <summary>The service it is about, if one.</summary>
    public string? Service { get; init; }

    /// <summary>The machine it is about, if one.</summary>
    public string? Machine { get; init; }

    /// <summary>The job it is about, if one.</summary>
    public string? Job { get; init; }
}

/// <summary>Kinds of events. The names are part of the API; add at the end, never rename.</summary>
public enum EventKind
{
    /// <summary>The server began.</summary>
    ServerStarted,

    /// <summary>The server ended in order.</summary>
    ServerStopped,

    /// <summary>A service was applied or changed.</summary>
    ServiceApplied,

    /// <summary>A service was removed.</summary>
    ServiceRemoved,

    /// <summary>The plan asked for machines.</summary>
    ScaleOut,

    /// <summary>The plan let machines go.</summary>
    ScaleIn,

    /// <summary>An address was reserved and a machine is being started.</summary>
    MachineStarting,

    /// <summary>A machine answered its first health check and takes work.</summary>
    MachineReady,

    /// <summary>A start failed; the address is free again.</summary>
    MachineStartFailed,

    /// <summary>A machine takes no new work and ends when its last request is done.</summary>
    MachineDraining,

    /// <summary>A machine ended as planned.</summary>
    MachineStopped,

    /// <summary>A machine ended by itself.</summary>
    MachineDied,

    /// <summary>A machine does not answer and is ended.</summary>
    MachineHung,

    /// <summary>A machine of an earlier run of Pleiad was taken over.</summary>
    MachineAdopted,

    /// <summary>Something an earlier run of Pleiad left was removed.</summary>
    LeftoverRemoved,

    /// <summary>A reservation passed its time and the address is free again.</summary>
    AddressReleased,

    /// <summary>Requests were refused because the queue was full.</summary>
    QueueFull,

    /// <summary>Requests passed their deadline in the queue.</summary>
    DeadlinePassed,

    /// <summary>A request or job went to another machine after its first one failed.</summary>
    Retried,

    /// <summary>A job was accepted.</summary>
    JobAccepted,

    /// <summary>A job ended with an answer.</summary>
    JobDone,

    /// <summary>A job ended without a usable answer.</summary>
    JobFailed,

    /// <summary>A job was cancelled.</summary>
    JobCancelled,

    /// <summary>A job that was running when the server ended waits again.</summary>
    JobRequeued,

    /// <summary>A setting was changed.</summary>
    SettingChanged,

    /// <summary>A request failed in its machine and could not be repeated.</summary>
    RequestFailed,

    /// <summary>A template of an image was made: its machines are cloned from now on.</summary>
    TemplateReady,

    /// <summary>A template of an image could not be made or does not work: its machines boot.</summary>
    TemplateFailed,

    /// <summary>Machines of a service are being changed for others of another image.</summary>
    ServiceChangeBegan,

    /// <summary>Machines of the new image do not start: those of the former one go on until the service is applied again.</summary>
    ServiceChangeStopped,

    /// <summary>All machines of a service that take work are of its new image.</summary>
    ServiceChangeDone,
}
