using System.Runtime.InteropServices;

namespace Pleiad.Machines.Qemu;

/// <summary>Sends bytes together with descriptors over a unix socket (SCM_RIGHTS), which .NET's sockets cannot.</summary>
internal static unsafe partial class DescriptorMessage
{
    private const int SocketLevel = 1; // SOL_SOCKET
    private const int Rights = 1; // SCM_RIGHTS
    private const int NoSignal = 0x4000; // MSG_NOSIGNAL
    private const int DescriptorsMax = 64;

    /// <summary>Sends them at once; the bytes are few enough for any socket's buffer.</summary>
    /// <exception cref="IOException">They could not be sent whole.</exception>
    public static void Send(SafeHandle socket, ReadOnlySpan<byte> bytes, params IReadOnlyList<SafeHandle> descriptors)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(descriptors.Count, DescriptorsMax);
        var length = sizeof(ControlHeader) + (descriptors.Count * sizeof(int));
        var control = stackalloc nuint[(length + sizeof(nuint) - 1) / sizeof(nuint)]; // Aligned as its header.
        *(ControlHeader*)control = new ControlHeader { Length = (nuint)length, Level = SocketLevel, Kind = Rights };
        var numbers = (int*)((byte*)control + sizeof(ControlHeader));
        for (var i = 0; i < descriptors.Count; i++)
        {
            numbers[i] = (int)descriptors[i].DangerousGetHandle();
        }

        fixed (byte* first = bytes)
        {
            var piece = new Piece { Start = first, Length = (nuint)bytes.Length };
            var message = new Message { Pieces = &piece, PieceCount = 1, Control = control, ControlLength = (nuint)length };
            var sent = SendMessage((int)socket.DangerousGetHandle(), &message, NoSignal);
            GC.KeepAlive(descriptors);
            if (sent != bytes.Length)
            {
                throw new IOException($"a descriptor could not be passed: {(sent < 0 ? Marshal.GetLastPInvokeErrorMessage() : "the socket is full")}");
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "sendmsg", SetLastError = true)]
    private static partial nint SendMessage(int socket, Message* message, int flags);

    // struct iovec, struct msghdr and struct cmsghdr, on 64-bit Linux.
    [StructLayout(LayoutKind.Sequential)]
    private struct Piece
    {
        public byte* Start;
        public nuint Length;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Message
    {
        public void* Name;
        public uint NameLength;
        public Piece* Pieces;
        public nuint PieceCount;
        public void* Control;
        public nuint ControlLength;
        public int Flags;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct ControlHeader
    {
        public nuint Length;
        public int Level;
        public int Kind;
    }
}
