using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Pleiad.Load.Http;

/// <summary>
/// The system calls of the event loop. One thread that waits in epoll and calls send and recv itself needs a third of the CPU time that the runtime's sockets take for small answers,
/// and decides nothing by a thread pool's mood: that is what makes the schedule keep.
/// </summary>
internal static unsafe partial class Native
{
    public const int EpollIn = 1, EpollOut = 4, EpollErr = 8, EpollHup = 16, EpollRdHup = 0x2000, EpollEdge = 1 << 31;
    public const int Interrupted = 4, WouldBlock = 11, OutOfMemory = 12, FilesSystem = 23, FilesProcess = 24, ProtocolUnsupported = 93, AddressInUse = 98, AddressUnavailable = 99, NoBuffers = 105, InProgress = 115;
    private const int EpollAdd = 1;
    private const int MessageNoSignal = 0x4000;
    private const int Tcp = 6, NoDelay = 1, SocketLevel = 1, SocketError = 4;
    private const int Stream = 1, NonBlocking = 0x800, CloseOnExec = 0x80000;
    private const int ThreadCpuClock = 3;
    private const int FilesLimit = 7;

    /// <summary>Libraries loaded late, files of results, the control's connections.</summary>
    private const int FilesKept = 64;

    /// <summary>An event takes 12 bytes on x64, where the kernel packs it, and 16 elsewhere.</summary>
    private static readonly int EventBytes = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;

    /// <summary>Places for events.</summary>
    public static byte[] Events(int count) => GC.AllocateArray<byte>(count * EventBytes, pinned: true);

    public static (uint Events, ulong Data) EventAt(byte[] events, int index)
    {
        ref var at = ref events[index * EventBytes];
        return (Unsafe.ReadUnaligned<uint>(ref at), Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref at, EventBytes - 8)));
    }

    public static int CreateEpoll() => epoll_create1(CloseOnExec);

    public static int CreateEvent() => eventfd(0, NonBlocking | CloseOnExec);

    public static int Watch(int epoll, int file, uint events, ulong data)
    {
        var one = stackalloc byte[16];
        Unsafe.WriteUnaligned(one, events);
        Unsafe.WriteUnaligned(one + EventBytes - 8, data);
        return epoll_ctl(epoll, EpollAdd, file, one);
    }

    /// <summary>Waits for events, to the nanosecond where the kernel can.</summary>
    /// <param name="epoll">The epoll file.</param>
    /// <param name="events">From <see cref="Events"/>.</param>
    /// <param name="nanoseconds">Longest wait; 0 only looks.</param>
    public static int Wait(int epoll, byte[] events, long nanoseconds)
    {
        fixed (byte* places = events)
        {
            var count = events.Length / EventBytes;
            if (nanoseconds == 0 || !_hasPreciseWait)
            {
                return epoll_wait(epoll, places, count, (int)Math.Min(int.MaxValue, (nanoseconds + 999_999) / 1_000_000));
            }

            var time = stackalloc long[2];
            (time[0], time[1]) = (nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000);
            try
            {
                var found = epoll_pwait2(epoll, places, count, time, null);
                if (found >= 0 || Marshal.GetLastPInvokeError() == Interrupted)
                {
                    return Math.Max(0, found);
                }
            }
            catch (EntryPointNotFoundException)
            {
                // A libc before 2.35; the kernel's call may be there, but milliseconds do.
            }

            _hasPreciseWait = false;
            return 0;
        }
    }

    public static int Connect(int family, ReadOnlySpan<byte> address, out int file)
    {
        file = socket(family, Stream | NonBlocking | CloseOnExec, 0);
        if (file < 0)
        {
            return Marshal.GetLastPInvokeError();
        }

        var one = 1;
        _ = setsockopt(file, Tcp, NoDelay, &one, sizeof(int));
        fixed (byte* bytes = address)
        {
            return connect(file, bytes, address.Length) == 0 ? 0 : Marshal.GetLastPInvokeError();
        }
    }

    /// <summary>The outcome of a connect that was under way.</summary>
    public static int ErrorOf(int file)
    {
        var error = 0;
        var length = sizeof(int);
        _ = getsockopt(file, SocketLevel, SocketError, &error, &length);
        return error;
    }

    public static int Send(int file, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* at = bytes)
        {
            return (int)send(file, at, bytes.Length, MessageNoSignal);
        }
    }

    public static int Receive(int file, Span<byte> bytes)
    {
        fixed (byte* at = bytes)
        {
            return (int)recv(file, at, bytes.Length, 0);
        }
    }

    public static void Close(int file) => _ = close(file);

    public static void Signal(int file)
    {
        var one = 1L;
        _ = write(file, &one, sizeof(long));
    }

    public static void Drain(int file)
    {
        long value;
        _ = read(file, &value, sizeof(long));
    }

    /// <summary>Files that this process may open beyond those it has, some kept for what the runtime itself opens; the share of one of several. At least 1.</summary>
    public static int FilesLeft(int shares)
    {
        var limit = stackalloc ulong[2];
        var most = getrlimit(FilesLimit, limit) == 0 ? (long)Math.Min(limit[0], int.MaxValue) : int.MaxValue;
        return (int)Math.Max(1, (most - Directory.EnumerateFileSystemEntries("/proc/self/fd").Count() - FilesKept) / shares);
    }

    /// <summary>CPU time of the calling thread, in nanoseconds.</summary>
    public static long ThreadCpuNanoseconds()
    {
        var time = stackalloc long[2];
        return clock_gettime(ThreadCpuClock, time) == 0 ? (time[0] * 1_000_000_000) + time[1] : 0;
    }

    private static bool _hasPreciseWait = true;

    [LibraryImport("libc")]
    private static partial int epoll_create1(int flags);

    [LibraryImport("libc")]
    private static partial int epoll_ctl(int epoll, int operation, int file, byte* one);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_wait(int epoll, byte* events, int count, int milliseconds);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_pwait2(int epoll, byte* events, int count, long* time, void* signals);

    [LibraryImport("libc")]
    private static partial int getrlimit(int resource, ulong* limit);

    [LibraryImport("libc")]
    private static partial int eventfd(uint first, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socket(int family, int kind, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int connect(int file, byte* address, int length);

    [LibraryImport("libc")]
    private static partial int setsockopt(int file, int level, int option, void* value, int length);

    [LibraryImport("libc")]
    private static partial int getsockopt(int file, int level, int option, void* value, int* length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint send(int file, byte* bytes, nint count, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint recv(int file, byte* bytes, nint count, int flags);

    [LibraryImport("libc")]
    private static partial int close(int file);

    [LibraryImport("libc")]
    private static partial nint write(int file, void* bytes, nint count);

    [LibraryImport("libc")]
    private static partial nint read(int file, void* bytes, nint count);

    [LibraryImport("libc")]
    private static partial int clock_gettime(int clock, long* time);
}
