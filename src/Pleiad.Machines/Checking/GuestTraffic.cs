using System.Buffers.Binary;
using System.ComponentModel;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Pleiad.Machines.Networks;

namespace Pleiad.Machines.Checking;

/// <summary>Looks on at what one guest sends in its namespace.</summary>
internal sealed class GuestTraffic : IAsyncDisposable
{
    private const int FrameBytesMax = 2048;
    private const ProtocolType EveryProtocol = (ProtocolType)0x0300; // ETH_P_ALL in network order
    private const int LinkAddressBytes = 20; // struct sockaddr_ll

    private readonly Socket _socket;
    private readonly int _bridge;
    private readonly Task _reading;
    private volatile GuestFrames? _frames;

    private GuestTraffic(Socket socket, int bridge)
    {
        _socket = socket;
        _bridge = bridge;
        _reading = Task.Run(ReadAsync);
    }

    /// <summary>Begins to look.</summary>
    /// <param name="namespaceName">The namespace.</param>
    /// <param name="bridge">Its bridge.</param>
    /// <exception cref="IOException">It may not.</exception>
    public static async Task<GuestTraffic> OpenAsync(string namespaceName, string bridge)
    {
        try
        {
            using var thread = await NamespaceThread.EnterAsync(NamespaceNetwork.PathOf(namespaceName));
            var (socket, link) = await thread.RunAsync(() => (new Socket(AddressFamily.Packet, SocketType.Raw, EveryProtocol), (int)NetworkCalls.InterfaceIndex(bridge)));
            return new GuestTraffic(socket, link);
        }
        catch (Exception e) when (e is Win32Exception or SocketException)
        {
            throw new IOException($"the network namespace {namespaceName} cannot be looked at: {e.Message}", e);
        }
    }

    /// <summary>Looks at another guest, or at the same one anew.</summary>
    public GuestFrames Watch(PhysicalAddress card, int port) => _frames = new GuestFrames(card, port);

    /// <summary>Asks who has an address, as a neighbour would; the answer is among the frames.</summary>
    public void AskFor(IPAddress ip)
    {
        Span<byte> frame = stackalloc byte[42];
        var own = NamespaceNetwork.CardOf(NamespaceNetwork.Gateway).GetAddressBytes();
        frame[..6].Fill(0xff);
        own.CopyTo(frame[6..]);
        BinaryPrimitives.WriteUInt16BigEndian(frame[12..], 0x0806); // ARP: who has it?
        new byte[] { 0, 1, 8, 0, 6, 4, 0, 1 }.CopyTo(frame[14..]);
        own.CopyTo(frame[22..]);
        NamespaceNetwork.Gateway.GetAddressBytes().CopyTo(frame[28..]);
        ip.GetAddressBytes().CopyTo(frame[38..]);

        var to = new SocketAddress(AddressFamily.Packet, LinkAddressBytes);
        BinaryPrimitives.WriteInt32LittleEndian(to.Buffer.Span[4..], _bridge);
        _socket.SendTo(frame, SocketFlags.None, to);
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        await _reading;
    }

    private async Task ReadAsync()
    {
        var buffer = new byte[FrameBytesMax];
        while (true)
        {
            try
            {
                var count = await _socket.ReceiveAsync(buffer);
                _frames?.Add(buffer.AsSpan(0, count));
            }
            catch (Exception e) when (e is ObjectDisposedException or SocketException { SocketErrorCode: SocketError.OperationAborted or SocketError.Interrupted })
            {
                return; // Closed: nobody looks any longer.
            }
            catch (SocketException)
            {
                continue; // A link went down, as they do with their machine.
            }
        }
    }
}
