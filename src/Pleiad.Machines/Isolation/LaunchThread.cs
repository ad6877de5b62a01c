using System.Collections.Concurrent;

namespace Pleiad.Machines.Isolation;

/// <summary>What the launching thread gives up for good, and with it every process it starts.</summary>
/// <param name="Namespaces">Namespaces of its own, empty ones, as flags of unshare; 0 for none.</param>
/// <param name="Capabilities">Whether the bounding set and the other groups are dropped, which needs privileges.</param>
internal readonly record struct LaunchRestrictions(int Namespaces, bool Capabilities)
{
    /// <summary>Capabilities that what it starts may have all the same, if it starts it as root; a bit for each.</summary>
    public ulong Kept { get; init; }
}

/// <summary>The thread that starts machines' processes. What it has given up it never gets back, so it does nothing else.</summary>
/// <remarks>
/// In Linux user, groups, capabilities, namespaces and "no new privileges" belong to a thread, and a process gets those of the thread that starts it. So a
/// process is shut in before its first instruction, without a program in between that would cost its own start.
/// </remarks>
internal sealed class LaunchThread : IDisposable
{
    /// <summary>Starts that may wait; each takes about a millisecond.</summary>
    public const int QueueMax = 1024;

    private readonly BlockingCollection<Request> _requests = new(QueueMax);
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly AnswerThread _answers = new("pleiad launch answers");
    private readonly Thread _thread;
    private volatile bool _broken;

    private LaunchThread(LaunchRestrictions restrictions)
    {
        _thread = new Thread(() => Run(restrictions)) { IsBackground = true, Name = "pleiad launch" };
        _thread.Start();
    }

    /// <summary>Starts the thread.</summary>
    /// <exception cref="System.ComponentModel.Win32Exception">It cannot be restricted so.</exception>
    public static async Task<LaunchThread> StartAsync(LaunchRestrictions restrictions)
    {
        var thread = new LaunchThread(restrictions);
        try
        {
            await thread._ready.Task;
            return thread;
        }
        catch
        {
            thread.Dispose();
            throw;
        }
    }

    /// <summary>Starts a process.</summary>
    /// <param name="calls">Changes of the thread for this process, with their undoing.</param>
    /// <param name="spawn">What to start; its memory must stay until the task ends.</param>
    /// <param name="limits">Its resource limits.</param>
    /// <exception cref="IOException">Too many wait, or the thread cannot work any more.</exception>
    /// <exception cref="ObjectDisposedException">It has ended.</exception>
    public unsafe Task<GuardedResult> LaunchAsync(GuardedCall[] calls, GuardedSpawn* spawn, ProcessLimit[] limits)
    {
        if (_broken)
        {
            throw new IOException("the thread that starts machines could not get its rights back; restart Pleiad");
        }

        var request = new Request(calls, spawn, limits);
        try
        {
            return _requests.TryAdd(request) ? request.Done.Task : throw new IOException($"more than {QueueMax} machines wait for their start");
        }
        catch (InvalidOperationException)
        {
            throw new ObjectDisposedException(nameof(LaunchThread), "the machines' host is closed");
        }
    }

    public void Dispose()
    {
        _requests.CompleteAdding();
        _thread.Join();
        _answers.Dispose();
    }

    private unsafe void Run(LaunchRestrictions restrictions)
    {
        try
        {
            Restrict(restrictions);
            GuardedCalls.Prepare();
            _answers.Post(_ready.SetResult);
        }
        catch (Exception e)
        {
            _answers.Post(() => _ready.SetException(e)); // The opener's, whatever it is.
            return;
        }

        foreach (var request in _requests.GetConsumingEnumerable())
        {
            var result = GuardedCalls.Run(request.Calls, request.Spawn, request.Limits);
            _broken |= result.UndoError != 0;
            _answers.Post(() => request.Done.SetResult(result));
        }
    }

    private static unsafe void Restrict(LaunchRestrictions restrictions)
    {
        if (restrictions.Namespaces != 0 && SystemCalls.Unshare(restrictions.Namespaces) < 0)
        {
            throw SystemCalls.Error("cannot make namespaces for machines' processes");
        }

        if (restrictions.Capabilities)
        {
            // glibc's setgroups would change all threads; the bare system call changes this one.
            if (GuardedCalls.Run([new GuardedCall(new RawCall(SystemCalls.SetGroups), RawCall.Nothing)], null, []) is { Error: not 0 and var error })
            {
                throw SystemCalls.Error("cannot drop groups", error);
            }

            for (var capability = 0; capability <= SystemCalls.CapabilityMax; capability++)
            {
                if ((restrictions.Kept & (1UL << capability)) == 0 && SystemCalls.Control((int)SystemCalls.DropBounding, capability, 0, 0, 0) < 0)
                {
                    break; // The kernel's last one is passed.
                }
            }

            _ = SystemCalls.Control((int)SystemCalls.Ambient, SystemCalls.AmbientClear, 0, 0, 0);
        }

        if (SystemCalls.Control((int)SystemCalls.NoNewPrivileges, 1, 0, 0, 0) < 0)
        {
            throw SystemCalls.Error("cannot rule out new privileges");
        }
    }

    private sealed unsafe class Request(GuardedCall[] calls, GuardedSpawn* spawn, ProcessLimit[] limits)
    {
        public GuardedCall[] Calls { get; } = calls;

        public GuardedSpawn* Spawn { get; } = spawn;

        public ProcessLimit[] Limits { get; } = limits;

        public TaskCompletionSource<GuardedResult> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
