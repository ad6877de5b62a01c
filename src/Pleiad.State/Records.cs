using System.Net;
using Pleiad.Core.Identity;

namespace Pleiad.State;

/// <summary>The database could not do what was asked: unreachable, full, read-only, locked, of a newer version.</summary>
/// <param name="message">What was attempted, on which database, and the remedy.</param>
/// <param name="innerException">The driver's error.</param>
public sealed class StateException(string message, Exception? innerException = null) : Exception(message, innerException);

/// <summary>A lease as it stands after an attempt to take it.</summary>
/// <param name="Granted">Whether the asker has it.</param>
/// <param name="Holder">Who has it.</param>
/// <param name="Epoch">Grows by one with each change of holder, from 1.</param>
/// <param name="Expires">When it ends unless renewed.</param>
public sealed record Lease(bool Granted, string Holder, long Epoch, DateTimeOffset Expires);

/// <summary>One address of the pool (table <c>ip_pool</c>).</summary>
/// <param name="Id">Number of the row.</param>
/// <param name="Address">The address.</param>
/// <param name="State">Free, reserved or taken (column <c>reserve</c>: 0, 1, 2).</param>
/// <param name="Machine">The machine that holds it, null when free.</param>
/// <param name="LastReserve">When it was last reserved or released, null when never.</param>
public sealed record PooledAddress(long Id, MachineAddress Address, AddressState State, MachineId? Machine, DateTimeOffset? LastReserve);

/// <summary>What an address of the pool is used for.</summary>
public enum AddressState
{
    /// <summary>Nobody's.</summary>
    Free = 0,

    /// <summary>Kept for a machine that is starting.</summary>
    Reserved = 1,

    /// <summary>A machine answers there.</summary>
    Taken = 2,
}

/// <summary>The last report of a machine (table <c>vmachine</c>; the original's columns id_vmachine, id_ip, cpu, ram, free_count, last_connect come first).</summary>
/// <param name="Id">The machine.</param>
/// <param name="Service">Its service.</param>
/// <param name="Image">Digest of the image it booted from.</param>
/// <param name="State">Its life cycle state in lower case, for example <c>ready</c>.</param>
/// <param name="Ip">Where it answers.</param>
/// <param name="Port">TCP port.</param>
/// <param name="Cpu">Share of one host CPU used over the last interval, 0 or more.</param>
/// <param name="RamBytes">Resident memory of its process on the host.</param>
/// <param name="FreeCount">Free slots.</param>
/// <param name="LastConnect">Last time it answered, null before the first.</param>
/// <param name="Started">When its start began.</param>
/// <param name="Reason">Why it was started.</param>
public sealed record MachineReport(
    MachineId Id, string Service, string Image, string State, IPAddress Ip, int Port, double Cpu, long RamBytes, int FreeCount,
    DateTimeOffset? LastConnect, DateTimeOffset Started, string Reason);

/// <summary>Where a job stands.</summary>
public enum JobState
{
    /// <summary>Accepted, waiting for a slot.</summary>
    Waiting,

    /// <summary>With a machine, or about to be sent to one.</summary>
    Running,

    /// <summary>Ended with a 2xx answer.</summary>
    Done,

    /// <summary>Ended otherwise.</summary>
    Failed,

    /// <summary>Ended by a person or with its service.</summary>
    Cancelled,
}

/// <summary>A job: one request to a service that is kept until it is done (table <c>job</c>).</summary>
/// <param name="Id">Its id.</param>
/// <param name="Service">The service it is for.</param>
/// <param name="Name">Unique among the kept jobs of its service.</param>
/// <param name="Method">HTTP method.</param>
/// <param name="Path">Target of the request, begins with '/'.</param>
/// <param name="Submitted">When it was accepted.</param>
public sealed record JobRecord(JobId Id, string Service, string Name, string Method, string Path, DateTimeOffset Submitted)
{
    /// <summary>Body of the request; null for none and in lists.</summary>
    public byte[]? Body { get; init; }

    /// <summary>Content type of the body.</summary>
    public string? ContentType { get; init; }

    /// <summary>Where it stands.</summary>
    public JobState State { get; init; }

    /// <summary>How often it was taken.</summary>
    public int Attempts { get; init; }

    /// <summary>The machine it was last sent to.</summary>
    public MachineId? Machine { get; init; }

    /// <summary>When it was last sent to a machine.</summary>
    public DateTimeOffset? Sent { get; init; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? Ended { get; init; }

    /// <summary>HTTP status of the answer.</summary>
    public int? Status { get; init; }

    /// <summary>Body of the answer; null in lists.</summary>
    public byte[]? Result { get; init; }

    /// <summary>Content type of the answer.</summary>
    public string? ResultType { get; init; }

    /// <summary>Why it failed or was cancelled.</summary>
    public string? Error { get; init; }
}

/// <summary>How a job ended.</summary>
/// <param name="State">Done or failed.</param>
/// <param name="Status">HTTP status of the answer, if there was one.</param>
/// <param name="Result">Body of the answer.</param>
/// <param name="ResultType">Its content type.</param>
/// <param name="Error">Why it failed.</param>
public sealed record JobOutcome(JobState State, int? Status, byte[]? Result, string? ResultType, string? Error);

/// <summary>What became of a submission.</summary>
/// <param name="Kind">The outcome.</param>
/// <param name="Job">The job as it is kept; for a conflict the one that has the name.</param>
public sealed record JobSubmission(JobSubmissionKind Kind, JobRecord Job);

/// <summary>Outcomes of a submission.</summary>
public enum JobSubmissionKind
{
    /// <summary>It is new and durable.</summary>
    Accepted,

    /// <summary>The same request under the same name is kept already.</summary>
    AlreadyKept,

    /// <summary>Another request has the name; nothing was changed.</summary>
    NameTaken,

    /// <summary>There is no such service; nothing was changed.</summary>
    NoService,
}

/// <summary>Which jobs to list.</summary>
/// <param name="Service">Only of this service.</param>
/// <param name="State">Only in this state.</param>
/// <param name="Name">Only of this name.</param>
/// <param name="After">Only submitted after this job (for paging; ids sort by time).</param>
/// <param name="Limit">Most jobs to return.</param>
public sealed record JobQuery(string? Service = null, JobState? State = null, string? Name = null, JobId? After = null, int Limit = 100);

/// <summary>Which events to list.</summary>
/// <param name="After">Only with a greater id.</param>
/// <param name="Limit">Most events to return.</param>
/// <param name="Newest">True: the newest <paramref name="Limit"/> of those that match, still in ascending order.</param>
/// <param name="Service">Only about this service.</param>
/// <param name="Machine">Only about this machine.</param>
/// <param name="Kind">Only of this kind.</param>
public sealed record EventQuery(long After = 0, int Limit = 100, bool Newest = false, string? Service = null, string? Machine = null, Pleiad.Core.Events.EventKind? Kind = null);
