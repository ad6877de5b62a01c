using System.ComponentModel;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Pleiad.Machines.Forking;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Qemu;

namespace Pleiad.Machines.Isolation;

/// <summary>Starts QEMU processes, each shut in as far as this host allows.</summary>
/// <remarks>
/// With root's rights: a user of its own, no capabilities, no new privileges, empty namespaces of network, IPC and host name, the <see cref="PrivateView"/>.
/// Without: no new privileges. In both cases QEMU's own seccomp filter (its command line) and, where control groups can be used, limits.
/// User and view go together: a view without users would show root's files to root, and a user without a view could not reach QEMU's files if these are root's.
/// </remarks>
internal sealed class Launcher : IDisposable
{
    private const int LimitProcesses = 6, LimitCore = 4;

    /// <summary>CAP_SETGID, CAP_SETUID, and CAP_SETPCAP to give up the rest: what a fork server begins with.</summary>
    private const ulong ForkCapabilities = (1 << 6) | (1 << 7) | (1 << 8);

    private readonly LauncherParts _parts;
    private readonly ForkLibrary _library;
    private readonly SemaphoreSlim _serverTurn = new(1, 1);
    private LaunchThread? _serverThread;
    private readonly TimeProvider _time;
    private readonly IReadOnlyList<SafeFileHandle> _homes;
    private readonly NativeTexts _texts = new();
    private readonly nint _zero;
    private readonly int _dumpable = SystemCalls.Control((int)SystemCalls.GetDumpable, 0, 0, 0, 0);
    private int _unnamed;

    private Launcher(LauncherParts parts, ProcessWatch watch, TimeProvider time)
    {
        (_parts, Watch, _time) = (parts, watch, time);
        _library = new ForkLibrary(parts.Directory, time);
        _homes = [.. (parts.Groups?.Homes ?? []).Select(home => GroupFiles.Open(home, "tasks"))];
        unsafe
        {
            _zero = (nint)_texts.Add("0");
        }
    }

    /// <summary>Notices the end of processes.</summary>
    public ProcessWatch Watch { get; }

    /// <summary>How machines are shut in here.</summary>
    public IReadOnlyList<Protection> Protections => _parts.Protections;

    /// <summary>A launcher of these parts, which it owns from now on.</summary>
    /// <param name="parts">The parts.</param>
    /// <param name="living">Processes of an earlier run, whose users are taken.</param>
    /// <param name="watch">Notices the end of processes.</param>
    /// <param name="time">Measures waits.</param>
    public static Launcher Open(LauncherParts parts, IEnumerable<ProcessIdentity> living, ProcessWatch watch, TimeProvider time)
    {
        foreach (var process in living)
        {
            if (ProcessUser.Of(process.Id) is { } user && parts.Users?.Contains(user) == true)
            {
                parts.Users.Mark(user);
            }
        }

        return new Launcher(parts, watch, time);
    }

    /// <summary>Starts a QEMU process.</summary>
    /// <param name="launch">What to start.</param>
    /// <param name="cancellation">Ends the wait for a fork server.</param>
    /// <exception cref="IOException">It could not be started, or not be shut in as this host can.</exception>
    public async Task<QemuProcess> StartAsync(QemuLaunch launch, CancellationToken cancellation = default)
    {
        var user = _parts.Users?.Take();
        var name = user is { } number ? ControlGroups.NameOf(number) : $"p{Environment.ProcessId}-{Interlocked.Increment(ref _unnamed)}";
        var group = _parts.Groups?.New(name);
        var cage = new Cage(this, user, name, group);
        QemuProcess? process = null;
        IReadOnlyList<SafeFileHandle> entrances = [];
        try
        {
            group?.Make(launch.Limits);
            entrances = group?.OpenTasks() ?? [];
            var limits = LimitsOf(launch, user);
            using var newborn = launch.Server is null ? null : await launch.Server.ForkAsync(new ForkOrder(launch, cage, limits, entrances, _homes), cancellation);
            process = newborn?.Process;
            if (process is null)
            {
                (process, var result) = await SpawnAsync(launch, cage, limits, entrances);
                Check(result);
            }

            group?.Add(process.Identity.Id);
            newborn?.Go();
            return process;
        }
        catch (Exception e)
        {
            if (process is not null)
            {
                await EndAsync(process); // Gives the cage back.
            }
            else
            {
                await cage.ReleaseAsync();
            }

            throw e is Win32Exception or UnauthorizedAccessException ? new IOException($"{_parts.Qemu} cannot be started: {e.Message}; is QEMU still installed?", e) : e;
        }
        finally
        {
            foreach (var entrance in entrances)
            {
                entrance.Dispose();
            }
        }
    }

    /// <summary>Starts a fork server: a user of its own where Pleiad is root, with nothing of root's but that it may make its children other users.</summary>
    /// <param name="arguments">QEMU's arguments.</param>
    /// <param name="log">What standard output and error go to.</param>
    /// <param name="requests">Where it hears requests.</param>
    /// <param name="cancellation">Ends the attempt.</param>
    /// <exception cref="IOException">It cannot be had here; the message says why.</exception>
    public async Task<QemuProcess> ServeAsync(IReadOnlyList<string> arguments, SafeFileHandle log, SafeFileHandle requests, CancellationToken cancellation)
    {
        await _serverTurn.WaitAsync(cancellation);
        try
        {
            var library = await _library.GetAsync(cancellation);
            _serverThread ??= await LaunchThread.StartAsync(_parts.Restrictions with { Kept = ForkCapabilities });
            var cage = new Cage(this, _parts.Users?.Take(), $"s{Environment.ProcessId}-{Interlocked.Increment(ref _unnamed)}", group: null);
            QemuProcess? process = null;
            try
            {
                using var plan = new SpawnPlan(_parts.Qemu, arguments, log, [library, requests], ForkServerProcess.Environment(cage.User));

                // Without limits: by the time they could be set it may be another user's. It sets its own.
                var result = await plan.LaunchOn(_serverThread, IntoView(), limits: []);
                process = Owned(result, cage);
                Check(result);
                return process;
            }
            catch
            {
                await (process is null ? cage.ReleaseAsync() : EndAsync(process));
                throw;
            }
        }
        catch (Win32Exception e)
        {
            throw new IOException($"a fork server cannot be started: {e.Message}", e);
        }
        finally
        {
            _serverTurn.Release();
        }
    }

    /// <summary>Ends a process that has nothing to save, and lets go of it.</summary>
    public async Task DiscardAsync(QemuProcess process)
    {
        // One that does not end even so is stuck in the kernel; nothing here can wait for that.
        _ = await Leftovers.KillAsync(process, _time);
        process.Dispose();
    }

    /// <summary>Takes hold of a process that an earlier run started.</summary>
    /// <returns>Null when it is gone or has become another.</returns>
    public QemuProcess? Adopt(ProcessIdentity identity)
    {
        var own = ProcessUser.Of(identity.Id) is { } user && _parts.Users?.Contains(user) == true ? user : (uint?)null;
        var name = own is { } number ? ControlGroups.NameOf(number) : "";
        return QemuProcess.Adopt(identity, Watch, own is null ? null : new Cage(this, own, name, _parts.Groups?.Of(name)));
    }

    /// <summary>Removes control groups of machines that are no more.</summary>
    /// <returns>What could not be removed.</returns>
    public async Task<IReadOnlyList<string>> SweepAsync() => _parts.Groups is { } groups ? [.. (await groups.SweepAsync(_time)).Select(Left)] : [];

    /// <summary>Removes all that the host keeps for its machines; none runs.</summary>
    public Task<IReadOnlyList<string>> RemoveAsync() => RemoveLeftAsync(_parts.Directory, _time);

    /// <summary>Removes what an earlier run kept for its machines; none runs.</summary>
    /// <returns>What could not be removed.</returns>
    public static async Task<IReadOnlyList<string>> RemoveLeftAsync(string directory, TimeProvider time)
    {
        var left = await ControlGroups.RemoveAsync(directory, time);
        UserRange.Forget(directory);
        ForkLibrary.RemoveLeft(directory);
        RemoveMountPoint(directory);
        return [.. left.Select(Left)];
    }

    public void Dispose()
    {
        _parts.Thread.Dispose();
        _serverThread?.Dispose();
        _serverTurn.Dispose();
        _library.Dispose();
        _parts.View?.Dispose();
        foreach (var home in _homes)
        {
            home.Dispose();
        }

        _texts.Dispose();
    }

    internal async Task<bool> ReleaseAsync(uint? user, string groupName, MachineGroup? group)
    {
        var removed = group is null || await group.RemoveAsync(_time);
        _parts.Groups?.Forget(groupName);
        if (user is { } number)
        {
            _parts.Users!.Return(number);
        }

        return removed;
    }

    private static string Left(string group) => $"control group {group} is left: a process is in it";

    private static void RemoveMountPoint(string directory)
    {
        if (Directory.Exists(LauncherParts.ViewPathOf(directory)))
        {
            Directory.Delete(LauncherParts.ViewPathOf(directory));
        }
    }

    private async Task<(QemuProcess Process, GuardedResult Result)> SpawnAsync(QemuLaunch launch, Cage cage, ProcessLimit[] limits, IReadOnlyList<SafeFileHandle> entrances)
    {
        using var plan = new SpawnPlan(_parts.Qemu, launch.Arguments, launch.Log, launch.Inherited);
        var result = await plan.LaunchOn(_parts.Thread, Calls(cage.User, entrances), limits);
        return (Owned(result, cage), result);
    }

    private QemuProcess Owned(GuardedResult result, Cage cage) => result.Process != 0
        ? QemuProcess.Own(result.Process, Watch, cage)
        : throw SystemCalls.Error(result.FailedCall < 0 ? "the spawn failed" : "it cannot be shut in", result.Error);

    private static void Check(GuardedResult result)
    {
        if (result.LimitError != 0 || result.UndoError != 0)
        {
            throw SystemCalls.Error("its limits cannot be set", result.LimitError != 0 ? result.LimitError : result.UndoError);
        }
    }

    /// <summary>Ends a process and gives back what it was shut in with.</summary>
    private static async Task EndAsync(QemuProcess process)
    {
        process.Signal(ProcessCalls.SigKill);
        await process.Exited;
        await process.Released;
        process.Dispose();
    }

    /// <summary>What changes the launching thread for one process; taken back from last to first.</summary>
    private GuardedCall[] Calls(uint? user, IReadOnlyList<SafeFileHandle> entrances)
    {
        var calls = new List<GuardedCall>();
        for (var i = 0; i < entrances.Count; i++)
        {
            calls.Add(new GuardedCall(Enter(entrances[i]), Enter(_homes[i])));
        }

        // QEMU asks for huge pages for its translated code and the guest's memory, which a small machine hardly fills: 5 MiB of 17 were lost to that
        // (docs/density.md). A process inherits the refusal; in between, memory that Pleiad itself touches gets none either.
        calls.Add(new GuardedCall(new RawCall(SystemCalls.ProcessControl, SystemCalls.SetHugePagesOff, 1), new RawCall(SystemCalls.ProcessControl, SystemCalls.SetHugePagesOff)));
        calls.AddRange(IntoView());
        if (user is { } number)
        {
            var id = (nint)number;

            // A change of user makes the whole process one that leaves no core dump; that is taken back too.
            calls.Add(new GuardedCall(RawCall.Nothing, new RawCall(SystemCalls.ProcessControl, SystemCalls.SetDumpable, _dumpable)));
            calls.Add(new GuardedCall(new RawCall(SystemCalls.SetGroupIds, id, id, id), new RawCall(SystemCalls.SetGroupIds)));

            // The saved user stays root's, and with it the permitted capabilities, by which the thread gets back. A program that is started gets neither:
            // its saved user becomes its effective one, and its capabilities are those of a user who is not root: none.
            calls.Add(new GuardedCall(new RawCall(SystemCalls.SetUsers, id, id, 0), new RawCall(SystemCalls.SetUsers)));
        }

        return [.. calls];

        RawCall Enter(SafeFileHandle tasks) => new(SystemCalls.Write, Number(tasks), _zero, 1);
    }

    private GuardedCall[] IntoView() => _parts.View is not { } view ? [] :
    [
        new GuardedCall(new RawCall(SystemCalls.SetNamespace, Number(view.Inside), SystemCalls.NewMounts), new RawCall(SystemCalls.SetNamespace, Number(view.Outside), SystemCalls.NewMounts)),
    ];

    /// <summary>Limits that the kernel keeps for the process itself, control groups or not.</summary>
    private static ProcessLimit[] LimitsOf(QemuLaunch launch, uint? user)
    {
        var limits = new List<ProcessLimit> { new(ProcessCalls.LimitFileSize, (ulong)launch.FileBytesMax), new(LimitCore, 0) };
        if (user is not null)
        {
            limits.Add(new ProcessLimit(LimitProcesses, (ulong)launch.Limits.ThreadsMax)); // Counted per user: of all machines' it is its own count.
        }

        return [.. limits];
    }

    private static nint Number(SafeHandle handle) => (int)handle.DangerousGetHandle();
}

/// <summary>The user a process runs as.</summary>
internal static class ProcessUser
{
    /// <summary>The real user id; null when the process is gone.</summary>
    public static uint? Of(int process)
    {
        const string Label = "Uid:";
        try
        {
            var line = File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith(Label, StringComparison.Ordinal));
            return uint.Parse(line[Label.Length..].Split('\t', StringSplitOptions.RemoveEmptyEntries)[0], CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            return null;
        }
    }
}
