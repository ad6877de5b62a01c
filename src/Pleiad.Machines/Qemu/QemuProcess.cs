using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Pleiad.Machines.Qemu;

/// <summary>A QEMU process: started here, or by an earlier run and taken over.</summary>
/// <remarks>
/// It is held by a pidfd, so that a signal can never reach a stranger that got the same id.
/// It gets a session of its own, so that a Ctrl-C at Pleiad's terminal does not end machines behind Pleiad's back, and it outlives Pleiad, so that
/// a restarted Pleiad can adopt it. Of Pleiad's environment it gets nothing: there may be passwords in it.
/// </remarks>
internal sealed unsafe class QemuProcess : IDisposable
{
    /// <summary>The descriptor that the first inherited one becomes.</summary>
    public const int FirstInherited = 3;

    private const int OpenReadOnly = 0;
    private const int OpenWriteCreateAppend = 0x1 | 0x40 | 0x400;
    private const uint LogMode = 0x1A0; // rw-r-----

    private static readonly string[] Environment = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"];

    private readonly SafeFileHandle _pidfd;
    private readonly ProcessWatch _watch;
    private readonly TaskCompletionSource<ExitStatus> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private QemuProcess(ProcessIdentity identity, int pidfd, ProcessWatch watch)
    {
        Identity = identity;
        _pidfd = new SafeFileHandle(pidfd, ownsHandle: true);
        _watch = watch;
    }

    public ProcessIdentity Identity { get; }

    /// <summary>Completes when the process has ended.</summary>
    public Task<ExitStatus> Exited => _exited.Task;

    internal int Pidfd => (int)_pidfd.DangerousGetHandle();

    /// <summary>Starts QEMU on the calling thread, in whose network namespace it then lives.</summary>
    /// <param name="path">The QEMU program, absolute.</param>
    /// <param name="arguments">Its arguments, without the program's name.</param>
    /// <param name="log">File that standard output and error are appended to, beside the serial line.</param>
    /// <param name="inherited">Descriptors for it: the first becomes its descriptor 3, the next 4 and so on.</param>
    /// <param name="watch">Notices its end.</param>
    /// <exception cref="Win32Exception">It could not be started.</exception>
    public static QemuProcess Start(string path, IReadOnlyList<string> arguments, string log, IReadOnlyList<SafeHandle> inherited, ProcessWatch watch)
    {
        // Running QEMU as an unprivileged user belongs here: taps and sockets are open already, so it needs nothing of root's after this call.
        var attributes = stackalloc byte[ProcessCalls.OpaqueBytes];
        var actions = stackalloc byte[ProcessCalls.OpaqueBytes];
        var signals = stackalloc byte[ProcessCalls.OpaqueBytes];
        using var texts = new NativeTexts();
        Check(ProcessCalls.AttributesInit(attributes));
        Check(ProcessCalls.ActionsInit(actions));
        try
        {
            Check(ProcessCalls.AttributesSetFlags(attributes, ProcessCalls.SpawnSetSid | ProcessCalls.SpawnSetSigMask | ProcessCalls.SpawnSetSigDef));
            _ = ProcessCalls.SignalsEmpty(signals);
            Check(ProcessCalls.AttributesSetSigMask(attributes, signals));
            _ = ProcessCalls.SignalsFill(signals);
            _ = ProcessCalls.SignalsRemove(signals, ProcessCalls.SigExceededFileSize); // Ignored, see SerialLog.
            Check(ProcessCalls.AttributesSetSigDefault(attributes, signals));
            Check(ProcessCalls.ActionsAddOpen(actions, 0, texts.Add("/dev/null"), OpenReadOnly, 0));
            Check(ProcessCalls.ActionsAddOpen(actions, 1, texts.Add(log), OpenWriteCreateAppend, LogMode));
            Check(ProcessCalls.ActionsAddDup2(actions, 1, 2));
            AddInherited(actions, inherited);
            var failure = ProcessCalls.Spawn(out var id, texts.Add(path), actions, attributes, texts.AddList([path, .. arguments]), texts.AddList(Environment));
            if (failure != 0)
            {
                throw new Win32Exception(failure);
            }

            var process = Hold(id, child: true, watch);
            watch.Add(process);
            return process;
        }
        finally
        {
            _ = ProcessCalls.ActionsDestroy(actions);
            _ = ProcessCalls.AttributesDestroy(attributes);
            GC.KeepAlive(inherited);
        }
    }

    /// <summary>Takes hold of a process that an earlier run started.</summary>
    /// <returns>Null when it is gone or has become another.</returns>
    public static QemuProcess? Adopt(ProcessIdentity identity, ProcessWatch watch)
    {
        try
        {
            var process = Hold(identity.Id, child: false, watch);
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

    /// <summary>Bounds every file the process writes; see <c>SerialLog</c>.</summary>
    public void LimitFileSize(long bytes)
    {
        var limit = new ProcessCalls.Limit { Current = (ulong)bytes, Max = (ulong)bytes };
        if (ProcessCalls.PrLimit(Identity.Id, ProcessCalls.LimitFileSize, &limit, null) < 0 && Marshal.GetLastPInvokeError() is var error and not ProcessCalls.NoSuchProcess)
        {
            throw new Win32Exception(error, $"prlimit of process {Identity.Id} failed");
        }
    }

    internal void OnExited()
    {
        // For a process that is no child this fails and tells nothing.
        var known = ProcessCalls.WaitPid(Identity.Id, out var word, ProcessCalls.NoHang) == Identity.Id;
        _exited.TrySetResult(known ? ExitStatus.FromWait(word) : default);
    }

    private static QemuProcess Hold(int id, bool child, ProcessWatch watch)
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
        return new QemuProcess(ProcessIdentity.Read(id) ?? new ProcessIdentity(id, 0), pidfd, watch);
    }

    /// <summary>Puts the descriptors in their places by way of high numbers, for one may already stand in another's place.</summary>
    private static void AddInherited(void* actions, IReadOnlyList<SafeHandle> inherited)
    {
        const int High = 900;
        for (var i = 0; i < inherited.Count; i++)
        {
            Check(ProcessCalls.ActionsAddDup2(actions, (int)inherited[i].DangerousGetHandle(), High + i));
        }

        for (var i = 0; i < inherited.Count; i++)
        {
            Check(ProcessCalls.ActionsAddDup2(actions, High + i, FirstInherited + i));
            Check(ProcessCalls.ActionsAddClose(actions, High + i));
        }
    }

    private static void Check(int failure)
    {
        if (failure != 0)
        {
            throw new Win32Exception(failure);
        }
    }
}
