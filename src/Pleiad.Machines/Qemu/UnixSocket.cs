using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Pleiad.Machines.Qemu;

/// <summary>Unix sockets at paths of any length.</summary>
/// <remarks>A socket's address holds at most 107 bytes. A longer path is reached by way of its directory's descriptor under <c>/proc/self/fd</c>.</remarks>
internal static partial class UnixSocket
{
    private const int PathBytesMax = 107;
    private const int Unix = 1; // AF_UNIX
    private const int MessagesAndCloseOnExec = 5 | 0x80000; // SOCK_SEQPACKET | SOCK_CLOEXEC
    private const int OpenDirectoryPath = 0x200000 | 0x80000; // O_PATH | O_CLOEXEC

    /// <summary>Makes a socket that listens at a path; the file stays when the socket is closed, for another process may hold it, too.</summary>
    public static Socket Listen(string path)
    {
        // .NET deletes a socket's file when it is closed: it gets a name that is gone by then.
        var first = Path.Combine(Path.GetDirectoryName(path)!, Path.GetRandomFileName());
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            using var directory = NeedsDirectory(first) ? OpenDirectory(first) : null;
            socket.Bind(EndPoint(first, directory));
            socket.Listen(1);
            File.Move(first, path);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Connects to the socket at a path.</summary>
    public static async Task<NetworkStream> ConnectAsync(string path, CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            using var directory = NeedsDirectory(path) ? OpenDirectory(path) : null;
            await socket.ConnectAsync(EndPoint(path, directory), cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Makes two connected sockets that keep messages apart (SOCK_SEQPACKET).</summary>
    /// <returns>The first for this process, the other for another, to which it is passed.</returns>
    /// <exception cref="IOException">There are too many descriptors.</exception>
    public static unsafe (Socket Own, SafeFileHandle Other) Pair()
    {
        var ends = stackalloc int[2];
        if (SocketPair(Unix, MessagesAndCloseOnExec, 0, ends) != 0)
        {
            throw new IOException($"a pair of sockets cannot be made: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        return (new Socket(new SafeSocketHandle(ends[0], ownsHandle: true)), new SafeFileHandle(ends[1], ownsHandle: true));
    }

    private static bool NeedsDirectory(string path) => Encoding.UTF8.GetByteCount(path) > PathBytesMax;

    private static UnixDomainSocketEndPoint EndPoint(string path, SafeFileHandle? directory) =>
        new(directory is null ? path : $"/proc/self/fd/{directory.DangerousGetHandle()}/{Path.GetFileName(path)}");

    private static SafeFileHandle OpenDirectory(string path)
    {
        var directory = Path.GetDirectoryName(path)!;
        var fd = Open(directory, OpenDirectoryPath);
        return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : throw new IOException($"cannot open {directory}: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "socketpair", SetLastError = true)]
    private static unsafe partial int SocketPair(int domain, int type, int protocol, int* ends);
}
