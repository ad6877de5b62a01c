using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Pleiad.Machines.Qemu;

/// <summary>Sends bytes together with a descriptor over a unix socket (SCM_RIGHTS), which .NET's sockets cannot.</summary>
internal static unsafe partial class DescriptorMessage
{
    private const int SocketLevel = 1; // SOL_SOCKET
    private const int Rights = 1; // SCM_RIGHTS
    private const int NoSignal = 0x4000; // MSG_NOSIGNAL

    /// <summary>Sends them at once; the bytes are few enough for any socket's buffer.</summary>
    /// <exception cref="IOException">They could not be sent whole.</exception>
    public static void Send(SafeHandle socket, ReadOnlySpan<byte> bytes, SafeFileHandle descriptor)
    {
        fixed (byte* first = bytes)
        {
            var piece = new Piece { Start = first, Length = (nuint)bytes.Length };
            var control = new Control { Length = 16 + sizeof(int), Level = SocketLevel, Kind = Rights, Descriptor = (int)descriptor.DangerousGetHandle() };
            var message = new Message { Pieces = &piece, PieceCount = 1, Control = &control, ControlLength = (nuint)sizeof(Control) };
            var sent = SendMessage((int)socket.DangerousGetHandle(), &message, NoSignal);
            GC.KeepAlive(descriptor);
            if (sent != bytes.Length)
            {
                throw new IOException($"a descriptor could not be passed: {(sent < 0 ? Marshal.GetLastPInvokeErrorMessage() : "the socket is full")}");
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "sendmsg", SetLastError = true)]
    private static partial nint SendMessage(int socket, Message* message, int flags);

    // struct iovec, struct msghdr and struct cmsghdr with one descriptor, on 64-bit Linux.
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
        public Control* Control;
        public nuint ControlLength;
        public int Flags;
    }

    [StructLayout(LayoutKind.Sequential, Size = 24)]
    private struct Control
    {
        public nuint Length;
        public int Level;
        public int Kind;
        public int Descriptor;
    }
}
