using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Pleiad.Machines.Networks;

/// <summary>System calls about namespaces, taps and netlink.</summary>
internal static unsafe partial class NetworkCalls
{
    public const int NewNetworkNamespace = 0x40000000; // CLONE_NEWNET
    public const int OpenReadOnly = 0x80000; // O_CLOEXEC
    public const int OpenReadWrite = 2 | 0x80000;
    public const nuint TunSetInterface = 0x400454ca; // TUNSETIFF
    public const int FamilyNetlink = 16;
    public const int SocketRaw = 3 | 0x80000; // SOCK_RAW | SOCK_CLOEXEC
    public const int ReceiveTimeout = 20; // SO_RCVTIMEO
    public const int SocketLevel = 1; // SOL_SOCKET

    /// <summary>Opens a file and owns its descriptor.</summary>
    /// <exception cref="Win32Exception">It cannot be opened.</exception>
    public static SafeFileHandle Open(string path, int flags)
    {
        var fd = OpenFile(path, flags);
        return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : throw Error($"cannot open {path}");
    }

    /// <summary>The last call's error with what was tried.</summary>
    public static Win32Exception Error(string attempted)
    {
        var error = Marshal.GetLastPInvokeError();
        return new Win32Exception(error, $"{attempted}: {Marshal.GetPInvokeErrorMessage(error)}");
    }

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    public static partial int SetNamespace(SafeFileHandle fd, int kind);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Ioctl(SafeFileHandle fd, nuint request, void* argument);

    [LibraryImport("libc", EntryPoint = "if_nametoindex", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial uint InterfaceIndex(string name);

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    public static partial int Socket(int family, int kind, int protocol);

    [LibraryImport("libc", EntryPoint = "setsockopt", SetLastError = true)]
    public static partial int SetSocketOption(SafeFileHandle fd, int level, int option, void* value, uint length);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    public static partial nint Send(SafeFileHandle fd, byte* bytes, nuint count, int flags);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    public static partial nint Receive(SafeFileHandle fd, byte* bytes, nuint count, int flags);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenFile(string path, int flags);
}
