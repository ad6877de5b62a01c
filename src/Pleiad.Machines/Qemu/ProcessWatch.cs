using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Pleiad.Machines.Qemu;

/// <summary>Notices at once when a watched process ends, a child or not: one thread waits on the pidfds of all.</summary>
/// <remarks>.NET's own Process class notices the end of a process that is no child only by looking at it now and then.</remarks>
internal sealed unsafe class ProcessWatch : IDisposable
{
    private readonly Lock _gate = new();
    private readonly List<QemuProcess> _watched = [];
    private readonly Thread _thread;
    private readonly SafeFileHandle _wakeHandle;
    private readonly int _wake;
    private bool _closing;

    public ProcessWatch()
    {
        _wake = ProcessCalls.EventFd(0, ProcessCalls.EventFdFlags);
        if (_wake < 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError(), "eventfd failed");
        }

        _wakeHandle = new SafeFileHandle(_wake, ownsHandle: true);
        _thread = new Thread(Run) { IsBackground = true, Name = "pleiad process watch" };
        _thread.Start();
    }

    /// <summary>Watches a process from now on.</summary>
    public void Add(QemuProcess process)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closing, this);
            _watched.Add(process);
        }

        Wake();
    }

    /// <summary>Watches a process no longer; no effect when it has ended or is not watched.</summary>
    public void Remove(QemuProcess process)
    {
        lock (_gate)
        {
            if (_closing || !_watched.Remove(process))
            {
                return;
            }
        }

        Wake();
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (_closing)
            {
                return;
            }

            _closing = true;
        }

        Wake();
        _thread.Join();
        _wakeHandle.Dispose();
    }

    private bool StopsBeingWatched(QemuProcess process)
    {
        lock (_gate)
        {
            return _watched.Remove(process);
        }
    }

    private void Wake()
    {
        ulong one = 1;
        _ = ProcessCalls.Write(_wake, &one, sizeof(ulong)); // A full counter wakes as well.
    }

    private void Run()
    {
        while (true)
        {
            QemuProcess[] processes;
            lock (_gate)
            {
                if (_closing)
                {
                    return;
                }

                processes = [.. _watched];
            }

            var fds = new ProcessCalls.PollFd[processes.Length + 1];
            fds[^1] = new ProcessCalls.PollFd { Fd = _wake, Events = ProcessCalls.PollIn };
            for (var i = 0; i < processes.Length; i++)
            {
                fds[i] = new ProcessCalls.PollFd { Fd = processes[i].Pidfd, Events = ProcessCalls.PollIn };
            }

            fixed (ProcessCalls.PollFd* first = fds)
            {
                if (ProcessCalls.Poll(first, (nuint)fds.Length, -1) < 0)
                {
                    continue; // Only EINTR can be: the descriptors are ours.
                }
            }

            if (fds[^1].Returned != 0)
            {
                ulong count;
                _ = ProcessCalls.Read(_wake, &count, sizeof(ulong));
            }

            for (var i = 0; i < processes.Length; i++)
            {
                // One that was let go of while we waited is watched no longer: its descriptor is closed, and may be another's by now.
                if (fds[i].Returned != 0 && StopsBeingWatched(processes[i]))
                {
                    processes[i].OnExited();
                }
            }
        }
    }
}
