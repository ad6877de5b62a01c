using System.Runtime.InteropServices;

namespace Pleiad.Machines.Qemu;

/// <summary>System calls about processes; Linux with glibc 2.29 or newer.</summary>
internal static unsafe partial class ProcessCalls
{
    public const int Interrupted = 4; // EINTR
    public const int NoSuchProcess = 3; // ESRCH
    public const int SigKill = 9;
    public const int SigTerm = 15;
    public const int SigExceededFileSize = 25;
    public const short PollIn = 1;
    public const short SpawnSetSigMask = 0x08;
    public const short SpawnSetSigDef = 0x04;
    public const short SpawnSetSid = 0x80;
    public const int NoHang = 1; // WNOHANG
    public const int LimitFileSize = 1; // RLIMIT_FSIZE
    public const int OpenWriteCreateAppend = 0x1 | 0x40 | 0x400 | 0x80000; // O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC
    public const int EventFdFlags = 0x80000 | 0x800; // EFD_CLOEXEC | EFD_NONBLOCK

    /// <summary>More than posix_spawnattr_t (336), posix_spawn_file_actions_t (80) and sigset_t (128) take in any libc in use.</summary>
    public const int OpaqueBytes = 512;

    private const int InfoInts = 32; // siginfo_t has 128 bytes

    // The numbers of these two system calls are the same on every architecture; glibc has wrappers for them only since 2.36.
    private const nint PidfdSendSignalNumber = 424;
    private const nint PidfdOpenNumber = 434;

    public static int PidfdOpen(int process) => (int)Syscall3(PidfdOpenNumber, process, 0, 0);

    public static int PidfdSendSignal(int pidfd, int signal) => (int)Syscall4(PidfdSendSignalNumber, pidfd, signal, 0, 0);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_init")]
    public static partial int AttributesInit(void* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_destroy")]
    public static partial int AttributesDestroy(void* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setflags")]
    public static partial int AttributesSetFlags(void* attributes, short flags);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigmask")]
    public static partial int AttributesSetSigMask(void* attributes, void* signals);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigdefault")]
    public static partial int AttributesSetSigDefault(void* attributes, void* signals);

    [LibraryImport("libc", EntryPoint = "sigemptyset")]
    public static partial int SignalsEmpty(void* signals);

    [LibraryImport("libc", EntryPoint = "sigfillset")]
    public static partial int SignalsFill(void* signals);

    [LibraryImport("libc", EntryPoint = "sigdelset")]
    public static partial int SignalsRemove(void* signals, int signal);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_init")]
    public static partial int ActionsInit(void* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_destroy")]
    public static partial int ActionsDestroy(void* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addopen")]
    public static partial int ActionsAddOpen(void* actions, int fd, byte* path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_adddup2")]
    public static partial int ActionsAddDup2(void* actions, int fd, int target);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addclose")]
    public static partial int ActionsAddClose(void* actions, int fd);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int process, int signal);

    [LibraryImport("libc", EntryPoint = "waitpid", SetLastError = true)]
    public static partial int WaitPid(int process, out int status, int options);

    /// <summary>Collects a child that has ended.</summary>
    /// <returns>How it ended; null when it has not, or is no child of this process.</returns>
    public static ExitStatus? Collect(int pidfd)
    {
        const int ByPidfd = 3, Exited = 4, EndedByItself = 1; // P_PIDFD, WEXITED, CLD_EXITED
        const int Code = 2, Id = 4, Status = 6; // in siginfo_t, as ints
        var info = stackalloc int[InfoInts];
        new Span<int>(info, InfoInts).Clear();
        return WaitId(ByPidfd, pidfd, info, Exited | NoHang) != 0 || info[Id] == 0 ? null
            : info[Code] == EndedByItself ? new ExitStatus(info[Status], null)
            : new ExitStatus(null, info[Status]);
    }

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    public static partial int Poll(PollFd* fds, nuint count, int timeoutMs);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    public static partial int EventFd(uint value, int flags);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(int fd, void* bytes, nuint count);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(int fd, void* bytes, nuint count);

    [LibraryImport("libc", EntryPoint = "signal", SetLastError = true)]
    public static partial nint Signal(int signal, nint handler);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int OpenFile(string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint EffectiveUser();

    [LibraryImport("libc", EntryPoint = "waitid")]
    private static partial int WaitId(int kind, int id, int* info, int options);

    // syscall(2) is variadic; with integer arguments only, its calling convention on 64-bit Linux is that of a plain function.
    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint Syscall3(nint number, nint a, nint b, nint c);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint Syscall4(nint number, nint a, nint b, nint c, nint d);

    [StructLayout(LayoutKind.Sequential)]
    public struct PollFd
    {
        public int Fd;
        public short Events;
        public short Returned;
    }
}
