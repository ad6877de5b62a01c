using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Pleiad.Machines.Isolation;

namespace Pleiad.Machines.Qemu;

/// <summary>A QEMU process: started here, or by an earlier run and taken over.</summary>
/// <remarks>It is held by a pidfd, so that a signal can never reach a stranger that got the same id.</remarks>
internal sealed class QemuProcess : IDisposable
{
    /// <summary>The descriptor that the first inherited one becomes.</summary>
    public const int FirstInherited = 3;

    /// <summary>A parent tells at once; one that cannot any more is not waited for.</summary>
    private static readonly TimeSpan ToldTimeMax = TimeSpan.FromSeconds(1);

    private readonly SafeFileHandle _pidfd;
    private readonly ProcessWatch _watch;
    private readonly TaskCompletionSource<ExitStatus> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly Task<ExitStatus>? _told;

    private QemuProcess(ProcessIdentity identity, int pidfd, ProcessWatch watch, Cage? cage, Task<ExitStatus>? told)
    {
        _told = told;
        Identity = identity;
        Cage = cage;
        _pidfd = new SafeFileHandle(pidfd, ownsHandle: true);
        _watch = watch;
    }

    public ProcessIdentity Identity { get; }

    /// <summary>What it is shut in with; null when an earlier run, that had other rights, started it.</summary>
    public Cage? Cage { get; }

    /// <summary>Completes when the process has ended.</summary>
    public Task<ExitStatus> Exited => _exited.Task;

    /// <summary>Completes after <see cref="Exited"/>, when what the process was shut in with is given back.</summary>
    public Task Released => _released.Task;

    internal int Pidfd => (int)_pidfd.DangerousGetHandle();

    /// <summary>Takes hold of a process that was started just now, a child of this one.</summary>
    /// <param name="id">Its id; it is not yet waited for.</param>
    /// <param name="watch">Notices its end.</param>
    /// <param name="cage">What it is shut in with.</param>
    public static QemuProcess Own(int id, ProcessWatch watch, Cage cage)
    {
        var process = Hold(id, child: true, watch, cage, told: null);
        watch.Add(process);
        return process;
    }

    /// <summary>Takes hold of a process that was started just now, a child of another one, which lives on.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="watch">Notices its end.</param>
    /// <param name="cage">What it is shut in with.</param>
    /// <param name="told">How it ended, as its parent tells.</param>
    /// <param name="lives">Whether it lives; asked when it is held, for until then another may have got its id.</param>
    /// <exception cref="IOException">It has ended.</exception>
    public static QemuProcess Foster(int id, ProcessWatch watch, Cage cage, Task<ExitStatus> told, Func<bool> lives)
    {
        var process = Hold(id, child: false, watch, cage, told);
        if (!lives())
        {
            process.Dispose();
            throw new IOException($"process {id} ended before it began");
        }

        watch.Add(process);
        return process;
    }

    /// <summary>Takes hold of a process that an earlier run started.</summary>
    /// <returns>Null when it is gone or has become another.</returns>
    public static QemuProcess? Adopt(ProcessIdentity identity, ProcessWatch watch, Cage? cage)
    {
        try
        {
            var process = Hold(identity.Id, child: false, watch, cage, told: null);
            if (process.Identity == identity)
            {
                watch.Add(process);
                return process;
            }

            process.Dispose();
            return null;
        }
        catch (Win32Exception e) when (e.NativeErrorCode == ProcessCalls.NoSuchProcess)
        {
            return null;
        }
    }

    /// <summary>Sends a signal; no effect when the process has ended.</summary>
    public void Signal(int signal)
    {
        if (!_exited.Task.IsCompleted && ProcessCalls.PidfdSendSignal(Pidfd, signal) < 0 && Marshal.GetLastPInvokeError() is var error and not ProcessCalls.NoSuchProcess)
        {
            throw new Win32Exception(error, $"signal {signal} to process {Identity.Id} failed");
        }
    }

    /// <summary>Lets go of the process; does not end it.</summary>
    public void Dispose()
    {
        _watch.Remove(this);
        _pidfd.Dispose();
    }

    internal void OnExited()
    {
        // A process that is no child tells nothing; one whose parent ended before it may have become one.
        var status = ProcessCalls.Collect(Pidfd);
        if (status is null && _told is not null)
        {
            _ = OnExitedAsync(_told);
            return;
        }

        _exited.TrySetResult(status ?? default);
        _ = ReleaseAsync();
    }

    private async Task OnExitedAsync(Task<ExitStatus> told)
    {
        await Task.WhenAny(told, Task.Delay(ToldTimeMax, TimeProvider.System));
        _exited.TrySetResult(told.IsCompletedSuccessfully ? await told : default);
        await ReleaseAsync();
    }

    /// <summary>Whoever ended the process waits for <see cref="Released"/>, where a failure shows.</summary>
    private async Task ReleaseAsync()
    {
        await Task.Yield(); // Off the thread that watches all processes.
        try
        {
            await (Cage?.ReleaseAsync() ?? Task.CompletedTask);
            _released.SetResult();
        }
        catch (Exception e)
        {
            _released.SetException(e);
        }
    }

    private static QemuProcess Hold(int id, bool child, ProcessWatch watch, Cage? cage, Task<ExitStatus>? told)
    {
        var pidfd = ProcessCalls.PidfdOpen(id);
        if (pidfd < 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (child)
            {
                _ = ProcessCalls.Kill(id, ProcessCalls.SigKill);
                _ = ProcessCalls.WaitPid(id, out _, 0);
            }

            throw new Win32Exception(error, $"pidfd_open of process {id} failed: {Marshal.GetPInvokeErrorMessage(error)}");
        }

        // The start time is read after the pidfd is held: from here on both are of the same process. A child that ended at once has none that matters.
        return new QemuProcess(ProcessIdentity.Read(id) ?? new ProcessIdentity(id, 0), pidfd, watch, cage, told);
    }
}
