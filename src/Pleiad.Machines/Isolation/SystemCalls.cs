using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Pleiad.Machines.Isolation;

/// <summary>Numbers and constants of the system calls that shut a process in.</summary>
internal static unsafe partial class SystemCalls
{
    public const int NewMounts = 0x00020000; // CLONE_NEWNS
    public const int NewHostName = 0x04000000; // CLONE_NEWUTS
    public const int NewIpc = 0x08000000; // CLONE_NEWIPC
    public const int NewNetwork = 0x40000000; // CLONE_NEWNET
    public const int NewFileSystemInfo = 0x00000200; // CLONE_FS

    public const nint SetDumpable = 4; // PR_SET_DUMPABLE
    public const nint SetHugePagesOff = 41; // PR_SET_THP_DISABLE
    public const nint GetDumpable = 3; // PR_GET_DUMPABLE
    public const nint DropBounding = 24; // PR_CAPBSET_DROP
    public const nint NoNewPrivileges = 38; // PR_SET_NO_NEW_PRIVS
    public const nint Ambient = 47; // PR_CAP_AMBIENT
    public const nint AmbientClear = 4; // PR_CAP_AMBIENT_CLEAR_ALL
    public const int InvalidArgument = 22; // EINVAL
    public const int Exists = 17; // EEXIST

    public const nuint ReadOnlyMount = 1, NoSetUid = 2, NoDevices = 4, NoExecution = 8, Remount = 32, Bind = 4096, Recursive = 16384, Private = 1 << 18;
    public const nint DetachMount = 2; // MNT_DETACH
    public const uint CharacterDevice = 0x2000; // S_IFCHR
    public const uint ForAll = 0x1B6; // rw-rw-rw-

    /// <summary>Highest capability there may ever be; the kernel answers EINVAL to those it does not know.</summary>
    public const int CapabilityMax = 63;

    // The same meaning has another number on each architecture.
    private static readonly bool IsX64 = RuntimeInformation.ProcessArchitecture == Architecture.X64;

    public static nint Write => IsX64 ? 1 : 64;

    public static nint Yield => IsX64 ? 24 : 124; // sched_yield

    public static nint ChangeDirectory => IsX64 ? 80 : 49;

    public static nint SetGroups => IsX64 ? 116 : 159;

    public static nint SetUsers => IsX64 ? 117 : 147; // setresuid

    public static nint SetGroupIds => IsX64 ? 119 : 149; // setresgid

    public static nint PivotRoot => IsX64 ? 155 : 41;

    public static nint ProcessControl => IsX64 ? 157 : 167; // prctl

    public static nint Unmount => IsX64 ? 166 : 39; // umount2

    public static nint SetNamespace => IsX64 ? 308 : 268; // setns

    public static nint Limits => IsX64 ? 302 : 261; // prlimit64

    public static nint OwnThread => IsX64 ? 186 : 178; // gettid

    /// <summary>Whether the numbers above are this machine's.</summary>
    public static bool AreKnown => RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64;

    /// <summary>The last call's error with what was tried.</summary>
    public static Win32Exception Error(string attempted, int? error = null)
    {
        var number = error ?? Marshal.GetLastPInvokeError();
        return new Win32Exception(number, $"{attempted}: {Marshal.GetPInvokeErrorMessage(number)}");
    }

    [LibraryImport("libc", EntryPoint = "unshare", SetLastError = true)]
    public static partial int Unshare(int kinds);

    [LibraryImport("libc", EntryPoint = "mount", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Mount(string source, string target, string? kind, nuint flags, string? options);

    [LibraryImport("libc", EntryPoint = "mknod", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int MakeNode(string path, uint mode, ulong device);

    [LibraryImport("libc", EntryPoint = "chmod", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int ChangeMode(string path, uint mode);

    [LibraryImport("libc", EntryPoint = "rmdir", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int RemoveDirectory(string path);

    /// <summary>prctl is variadic; with integer arguments its calling convention on 64-bit Linux is that of a plain function.</summary>
    [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
    public static partial int Control(int option, nint a, nint b, nint c, nint d);
}
