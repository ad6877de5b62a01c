using System.Buffers.Binary;
using System.ComponentModel;
using System.Net;
using System.Net.NetworkInformation;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Pleiad.Machines.Networks;

/// <summary>Changes links and neighbours of the namespace it was opened in, by rtnetlink: some microseconds where a run of <c>ip</c> takes milliseconds.</summary>
/// <remarks>Not thread-safe: used on the <see cref="NamespaceThread"/> only.</remarks>
internal sealed unsafe class RouteSocket : IDisposable
{
    private const int HeaderBytes = 16;
    private const ushort NewLink = 16, SetLink = 19, NewNeighbour = 28, DeleteNeighbour = 29, Error = 2;
    private const ushort Request = 1, Acknowledge = 4, Replace = 0x100, Create = 0x400;
    private const byte Unspecified = 0, Internet = 2, Bridge = 7;
    private const ushort LinkMaster = 10, LinkProtocolInfo = 12, Nested = 0x8000;
    private const ushort PortLearning = 8, PortUnicastFlood = 9, PortMulticastFlood = 27, PortBroadcastFlood = 30, PortIsolated = 33, PortLocked = 39;
    private const ushort NeighbourDestination = 1, NeighbourLinkAddress = 2;
    private const ushort Permanent = 0x80, Static = 0x40;
    private const byte OfMaster = 4;
    private const int NoEntry = 2; // ENOENT

    private readonly SafeFileHandle _socket;
    private uint _sequence;

    public RouteSocket()
    {
        var fd = NetworkCalls.Socket(NetworkCalls.FamilyNetlink, NetworkCalls.SocketRaw, 0);
        _socket = fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : throw NetworkCalls.Error("cannot open a netlink socket");
        var timeout = stackalloc long[] { 5, 0 }; // The kernel answers within the call; a bound all the same.
        _ = NetworkCalls.SetSocketOption(_socket, NetworkCalls.SocketLevel, NetworkCalls.ReceiveTimeout, timeout, 16);
    }

    /// <summary>Makes a link a port of a bridge and sets it up.</summary>
    /// <remarks>
    /// The port is isolated (reaches the bridge itself, no other isolated port), learns no addresses and gets no frames for unknown ones: its one address
    /// is entered by <see cref="AddPortAddress"/>, so a guest cannot draw another's traffic to itself by a false sender. A port of a machine is locked too:
    /// what comes from another address than that one is dropped.
    /// </remarks>
    /// <param name="link">The link.</param>
    /// <param name="bridge">The bridge.</param>
    /// <param name="broadcasts">Whether it gets what is sent to all.</param>
    public void JoinBridge(uint link, uint bridge, bool broadcasts)
    {
        Span<byte> master = stackalloc byte[16 + 8];
        WriteLink(master, Unspecified, link, up: true);
        WriteAttribute(master[16..], LinkMaster, bridge);
        Ask(NewLink, 0, master, "join a tap to the bridge");

        const int Settings = 6;
        Span<byte> port = stackalloc byte[16 + 4 + (Settings * 8)];
        WriteLink(port, Bridge, link, up: false);
        BinaryPrimitives.WriteUInt16LittleEndian(port[16..], 4 + (Settings * 8));
        BinaryPrimitives.WriteUInt16LittleEndian(port[18..], LinkProtocolInfo | Nested);
        WriteAttribute(port[20..], PortLearning, (byte)0);
        WriteAttribute(port[28..], PortUnicastFlood, (byte)0);
        WriteAttribute(port[36..], PortIsolated, (byte)1);
        WriteAttribute(port[44..], PortBroadcastFlood, broadcasts ? (byte)1 : (byte)0);
        WriteAttribute(port[52..], PortMulticastFlood, broadcasts ? (byte)1 : (byte)0);
        WriteAttribute(port[60..], PortLocked, broadcasts ? (byte)1 : (byte)0); // Linux 5.18; an older one passes over what it does not know.
        Ask(SetLink, 0, port, "isolate a bridge port");
    }

    /// <summary>Tells the bridge which card is behind a port; forgotten with the port.</summary>
    public void AddPortAddress(uint link, PhysicalAddress mac)
    {
        Span<byte> body = stackalloc byte[12 + 12];
        WriteNeighbour(body, Bridge, link, Static, OfMaster);
        WriteAttribute(body[12..], NeighbourLinkAddress, mac.GetAddressBytes());
        Ask(NewNeighbour, Create | Replace, body, "enter a card's address in the bridge");
    }

    /// <summary>Takes a card away from a port; no effect when it is behind another one by now.</summary>
    public void RemovePortAddress(uint link, PhysicalAddress mac)
    {
        Span<byte> body = stackalloc byte[12 + 12];
        WriteNeighbour(body, Bridge, link, Static, OfMaster);
        WriteAttribute(body[12..], NeighbourLinkAddress, mac.GetAddressBytes());
        Ask(DeleteNeighbour, 0, body, "take a card's address out of the bridge", ignored: NoEntry);
    }

    /// <summary>Tells the host a guest's card, so that nothing has to ask for it and the first packet can wait for the guest in its tap.</summary>
    public void AddNeighbour(uint link, IPAddress ip, PhysicalAddress mac)
    {
        Span<byte> body = stackalloc byte[12 + 8 + 12];
        WriteNeighbour(body, Internet, link, Permanent, 0);
        WriteAttribute(body[12..], NeighbourDestination, ip.GetAddressBytes());
        WriteAttribute(body[20..], NeighbourLinkAddress, mac.GetAddressBytes());
        Ask(NewNeighbour, Create | Replace, body, $"enter the neighbour {ip}");
    }

    /// <summary>Takes a neighbour out; no effect when it is not entered.</summary>
    public void RemoveNeighbour(uint link, IPAddress ip)
    {
        Span<byte> body = stackalloc byte[12 + 8];
        WriteNeighbour(body, Internet, link, 0, 0);
        WriteAttribute(body[12..], NeighbourDestination, ip.GetAddressBytes());
        Ask(DeleteNeighbour, 0, body, $"take out the neighbour {ip}", ignored: NoEntry);
    }

    public void Dispose() => _socket.Dispose();

    private static void WriteLink(Span<byte> body, byte family, uint link, bool up)
    {
        body[0] = family;
        BinaryPrimitives.WriteUInt32LittleEndian(body[4..], link);
        BinaryPrimitives.WriteUInt32LittleEndian(body[8..], up ? 1u : 0); // IFF_UP
        BinaryPrimitives.WriteUInt32LittleEndian(body[12..], up ? 1u : 0); // which flags change
    }

    private static void WriteNeighbour(Span<byte> body, byte family, uint link, ushort state, byte flags)
    {
        body[0] = family;
        BinaryPrimitives.WriteUInt32LittleEndian(body[4..], link);
        BinaryPrimitives.WriteUInt16LittleEndian(body[8..], state);
        body[10] = flags;
    }

    private static void WriteAttribute(Span<byte> place, ushort kind, uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        WriteAttribute(place, kind, bytes);
    }

    private static void WriteAttribute(Span<byte> place, ushort kind, byte value) => WriteAttribute(place, kind, [value]);

    private static void WriteAttribute(Span<byte> place, ushort kind, ReadOnlySpan<byte> value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(place, (ushort)(4 + value.Length));
        BinaryPrimitives.WriteUInt16LittleEndian(place[2..], kind);
        value.CopyTo(place[4..]);
    }

    private void Ask(ushort kind, ushort flags, ReadOnlySpan<byte> body, string attempted, int ignored = 0)
    {
        Span<byte> message = stackalloc byte[HeaderBytes + body.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(message, (uint)message.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(message[4..], kind);
        BinaryPrimitives.WriteUInt16LittleEndian(message[6..], (ushort)(Request | Acknowledge | flags));
        BinaryPrimitives.WriteUInt32LittleEndian(message[8..], ++_sequence);
        body.CopyTo(message[HeaderBytes..]);
        fixed (byte* first = message)
        {
            if (NetworkCalls.Send(_socket, first, (nuint)message.Length, 0) != message.Length)
            {
                throw NetworkCalls.Error($"cannot {attempted}");
            }
        }

        var failure = ReceiveResult(attempted);
        if (failure != 0 && failure != ignored)
        {
            throw new Win32Exception(failure, $"cannot {attempted}: {Marshal.GetPInvokeErrorMessage(failure)}");
        }
    }

    /// <summary>The error number the kernel answers with; 0 when all is well.</summary>
    private int ReceiveResult(string attempted)
    {
        var answer = stackalloc byte[4096];
        while (true)
        {
            var count = NetworkCalls.Receive(_socket, answer, 4096, 0);
            if (count < HeaderBytes + 4)
            {
                throw NetworkCalls.Error($"no answer to the attempt to {attempted}");
            }

            var bytes = new ReadOnlySpan<byte>(answer, (int)count);
            if (BinaryPrimitives.ReadUInt16LittleEndian(bytes[4..]) == Error && BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]) == _sequence)
            {
                return -BinaryPrimitives.ReadInt32LittleEndian(bytes[HeaderBytes..]);
            }
        }
    }
}
