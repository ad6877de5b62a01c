using Pleiad.Core.Identity;
using Pleiad.Core.Services;
using Pleiad.Machines.Images;
using Pleiad.Machines.Isolation;

namespace Pleiad.Machines.Hosting;

/// <summary>What a host is asked to start.</summary>
/// <param name="Id">The new machine's id.</param>
/// <param name="Service">The service it is for.</param>
/// <param name="Image">What it boots from.</param>
/// <param name="Address">The address reserved for it, one of <see cref="IMachineHost.Addresses"/>.</param>
/// <param name="StartTimeout">Longest time until its first answer.</param>
/// <param name="HangTimeout">Longest time without an answer once it was ready.</param>
/// <param name="Reason">Why it is started.</param>
public sealed record MachineOrder(
    MachineId Id, string Service, StoredImage Image, MachineAddress Address, TimeSpan StartTimeout, TimeSpan HangTimeout, string Reason)
{
    /// <summary>How it is started.</summary>
    public StartMode Start { get; init; }
}

/// <summary>How a machine came up.</summary>
/// <param name="Way">The way that led to its first answer: <see cref="StartMode.Cold"/>, <see cref="StartMode.Clone"/> or <see cref="StartMode.Resume"/>.</param>
/// <param name="Duration">From the order to the first answer.</param>
/// <param name="Note">Why no quicker way was taken, in a sentence; null when it was the one asked for.</param>
public sealed record MachineStart(StartMode Way, TimeSpan Duration, string? Note);

/// <summary>An image whose machines are to start quickly.</summary>
/// <param name="Image">The image.</param>
/// <param name="Start">How they start.</param>
/// <param name="Spares">QEMU processes kept ahead, 0 or more.</param>
public sealed record WarmImage(StoredImage Image, StartMode Start, int Spares);

/// <summary>Kinds of <see cref="HostNotice"/>.</summary>
public enum HostNoticeKind
{
    /// <summary>A template was made: machines of the image can be cloned.</summary>
    TemplateReady,

    /// <summary>A template could not be made or does not work: machines of the image start cold.</summary>
    TemplateFailed,
}

/// <summary>Something that happened on a host beside its machines.</summary>
/// <param name="Kind">What.</param>
/// <param name="Image">Name of the image it is about.</param>
/// <param name="Reason">In a sentence with the figures.</param>
public sealed record HostNotice(HostNoticeKind Kind, string Image, string Reason);

/// <summary>Where a machine stands in its life; see <see cref="IMachine"/> for the diagram.</summary>
public enum MachineState
{
    /// <summary>It has an id and an address.</summary>
    Reserved,

    /// <summary>QEMU is being spawned or the guest has not answered yet.</summary>
    Starting,

    /// <summary>It answers and takes work.</summary>
    Ready,

    /// <summary>It takes no new work.</summary>
    Draining,

    /// <summary>It is being ended.</summary>
    Stopping,

    /// <summary>It ended as asked and nothing of it is left but its log.</summary>
    Gone,

    /// <summary>It did not start, died or hung, and nothing of it is left but its log.</summary>
    Failed,
}

/// <summary>Why a machine failed.</summary>
public enum MachineFailure
{
    /// <summary>QEMU could not be started or ended before the first answer.</summary>
    StartFailed,

    /// <summary>No answer within the start timeout.</summary>
    StartTimedOut,

    /// <summary>QEMU ended by itself after the machine was ready.</summary>
    Died,

    /// <summary>No answer to health checks within the hang timeout.</summary>
    Hung,
}

/// <summary>What a machine uses, seen from the host.</summary>
/// <param name="CpuShare">Share of one host CPU over the last interval, 0 or more.</param>
/// <param name="ResidentBytes">Memory charged to its control group, without file pages that can be dropped at once; where there are no control groups, resident memory of its process.</param>
public readonly record struct MachineUsage(double CpuShare, long ResidentBytes);

/// <summary>What a guest says of itself at its health path; a guest that answers with other text than this JSON has none.</summary>
/// <param name="UptimeMs">Time since its start.</param>
/// <param name="Requests">Requests answered, health checks apart.</param>
/// <param name="Active">Requests in work.</param>
/// <param name="Connections">Open TCP connections.</param>
/// <param name="CpuBusy">Share of its CPU in use over the last second, 0–1.</param>
/// <param name="MemoryUsedBytes">Memory in use.</param>
/// <param name="MemoryTotalBytes">Memory it has.</param>
public sealed record GuestHealth(long UptimeMs, long Requests, int Active, int Connections, double CpuBusy, long MemoryUsedBytes, long MemoryTotalBytes);

/// <summary>A machine at one moment; immutable.</summary>
/// <param name="Id">The machine.</param>
/// <param name="Service">Its service.</param>
/// <param name="ImageDigest">The image it booted from.</param>
/// <param name="Address">Where it answers.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Reason">Why it was started.</param>
/// <param name="Started">When its start began.</param>
public sealed record MachineSnapshot(MachineId Id, string Service, string ImageDigest, MachineAddress Address, MachineState State, string Reason, DateTimeOffset Started)
{
    /// <summary>How it came up, once it was ready.</summary>
    public MachineStart? Start { get; init; }

    /// <summary>Process id of QEMU while it runs.</summary>
    public int? ProcessId { get; init; }

    /// <summary>Last answer to a health check.</summary>
    public DateTimeOffset? LastContact { get; init; }

    /// <summary>What it uses, seen from the host.</summary>
    public MachineUsage Usage { get; init; }

    /// <summary>What the guest says of itself.</summary>
    public GuestHealth? Guest { get; init; }

    /// <summary>Why it failed, in state Failed.</summary>
    public MachineFailure? Failure { get; init; }

    /// <summary>The failure in a sentence with what was seen last (exit status, last line of the log).</summary>
    public string? FailureDetail { get; init; }

    /// <summary>True when an earlier run of Pleiad started it.</summary>
    public bool Adopted { get; init; }
}

/// <summary>One machine and its driver task.</summary>
/// <remarks>
/// <code>
/// Reserved → Starting → Ready → Draining → Stopping → Gone
///               │         │        │          │
///               └─────────┴────────┴──────────┴──► Failed (start failed or timed out, died, hung)
/// </code>
/// Stopping may follow any state before it. Gone and Failed are final: process, tap, sockets are away by then; the log stays.
/// </remarks>
public interface IMachine
{
    /// <summary>The machine as it is now.</summary>
    MachineSnapshot Snapshot { get; }

    /// <summary>Completes when the machine becomes Ready, Failed or Gone, whichever is first.</summary>
    Task<MachineSnapshot> Started { get; }

    /// <summary>Completes when the machine is Failed or Gone and everything it held is free.</summary>
    Task<MachineSnapshot> Ended { get; }

    /// <summary>Marks it Draining; whoever sends work to it stops doing so. No effect when it is not Ready.</summary>
    void Drain();

    /// <summary>Ends it and completes when it is gone; safe to call more than once and in any state.</summary>
    Task<MachineSnapshot> StopAsync();
}

/// <summary>The controller of one host: starts, watches and ends machines there, and adopts or removes what an earlier run left.</summary>
public interface IMachineHost : IAsyncDisposable
{
    /// <summary>What this host offers and why.</summary>
    HostCapabilities Capabilities { get; }

    /// <summary>The addresses machines can have here.</summary>
    IReadOnlyList<MachineAddress> Addresses { get; }

    /// <summary>Every machine that is not Gone or Failed.</summary>
    IReadOnlyCollection<IMachine> Machines { get; }

    /// <summary>
    /// Looks at what an earlier run left: machines that run, answer and are wanted are adopted, all else is ended and removed.
    /// </summary>
    /// <param name="wanted">Decides by the order a machine was started with.</param>
    /// <param name="cancellation">Ends the wait.</param>
    Task<AdoptionReport> AdoptAsync(Func<MachineOrder, bool> wanted, CancellationToken cancellation);

    /// <summary>Says which images are to start quickly from now on; templates and spares of all others are thrown away. Returns at once, the work is done in the background.</summary>
    /// <remarks>Not before <see cref="AdoptAsync"/>: spares live at addresses that no machine has.</remarks>
    void Prepare(IReadOnlyCollection<WarmImage> images);

    /// <summary>Spares of an image that are ready to become machines.</summary>
    /// <param name="digest">The image's digest.</param>
    int SparesOf(string digest);

    /// <summary>Where a machine of an image comes up quickest, and where it would be in the way of another's: spares live at addresses of the pool, which stay free for anybody.</summary>
    /// <param name="digest">The image's digest.</param>
    /// <param name="start">How it is to start.</param>
    AddressWish WishFor(string digest, StartMode start);

    /// <summary>Starts a machine and returns at once; how it went is told by <see cref="IMachine.Started"/>.</summary>
    IMachine Start(MachineOrder order);

    /// <summary>Opens a TCP connection to a machine, inside its network.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">It does not answer.</exception>
    ValueTask<Stream> ConnectAsync(MachineAddress address, CancellationToken cancellation);

    /// <summary>The serial log of a machine that runs or ran here lately, oldest first.</summary>
    /// <returns>Null when there is none.</returns>
    Stream? OpenLog(MachineId machine);
}

/// <summary>What a host offers.</summary>
/// <param name="Accelerator"><c>kvm</c> or <c>tcg</c>.</param>
/// <param name="AcceleratorReason">How that was found out, for example <c>kvm: /dev/kvm opens, but a guest did not start within 3 s; tcg: started in 120 ms</c>.</param>
/// <param name="Network">Namespace or user-mode.</param>
/// <param name="NetworkReason">Why.</param>
/// <param name="QemuVersion">For example <c>7.2.22</c>.</param>
public sealed record HostCapabilities(string Accelerator, string AcceleratorReason, NetworkMode Network, string NetworkReason, string QemuVersion)
{
    /// <summary>How machines' processes are shut in here, and what is missing for more.</summary>
    public IReadOnlyList<Protection> Protections { get; init; } = [];
}

/// <summary>How machines are connected.</summary>
public enum NetworkMode
{
    /// <summary>A network namespace with a bridge and a tap per machine; needs root.</summary>
    Namespace,

    /// <summary>QEMU's user-mode network with a forwarded loopback port per machine; needs no privileges.</summary>
    User,
}

/// <summary>What became of an earlier run's leftovers.</summary>
/// <param name="Adopted">Machines taken over.</param>
/// <param name="Removed">What was removed, one sentence each.</param>
public sealed record AdoptionReport(IReadOnlyList<IMachine> Adopted, IReadOnlyList<string> Removed);
