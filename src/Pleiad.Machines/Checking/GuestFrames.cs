using System.Buffers.Binary;
using System.Net;
using System.Net.NetworkInformation;

namespace Pleiad.Machines.Checking;

/// <summary>What a guest's own frames tell of it: whether it speaks, asks for its address, answers, and at which address. Only counts and flags are kept.</summary>
/// <param name="card">The guest's card.</param>
/// <param name="port">The port its service should listen at.</param>
internal sealed class GuestFrames(PhysicalAddress card, int port)
{
    private const int EthernetBytes = 14;
    private const int AddressesMax = 4;
    private const ushort Internet = 0x0800, Arp = 0x0806;
    private const byte Tcp = 6, Udp = 17;
    private const int BootpServer = 67, DhcpCookieAt = 236;
    private const uint DhcpCookie = 0x6382_5363;
    private const byte Discover = 1, Request = 3, MessageType = 53, Pad = 0, End = 255;
    private const byte Reset = 0x04, SynAcknowledge = 0x12;

    private readonly byte[] _card = card.GetAddressBytes();
    private readonly Lock _gate = new();
    private readonly List<IPAddress> _addresses = [];

    /// <summary>Frames it sent; one may count twice, at its tap and at the bridge.</summary>
    public int Count { get; private set; }

    /// <summary>It asked for an address by DHCP.</summary>
    public bool AskedDhcp { get; private set; }

    /// <summary>It was offered an address and asked for just that one.</summary>
    public bool TookOffer { get; private set; }

    /// <summary>It answered a question for its card's address.</summary>
    public bool AnsweredArp { get; private set; }

    /// <summary>It took a TCP connection at the port.</summary>
    public bool TookConnection { get; private set; }

    /// <summary>It refused a TCP connection at the port.</summary>
    public bool RefusedConnection { get; private set; }

    /// <summary>Addresses it says it has, the first few.</summary>
    public IReadOnlyList<IPAddress> Addresses
    {
        get
        {
            lock (_gate)
            {
                return [.. _addresses];
            }
        }
    }

    /// <summary>Takes in a frame; those of others say nothing.</summary>
    public void Add(ReadOnlySpan<byte> frame)
    {
        if (frame.Length < EthernetBytes || !frame[6..12].SequenceEqual(_card))
        {
            return;
        }

        lock (_gate)
        {
            Count++;
            var body = frame[EthernetBytes..];
            switch (BinaryPrimitives.ReadUInt16BigEndian(frame[12..]))
            {
                case Arp when body.Length >= 28:
                    AnsweredArp |= BinaryPrimitives.ReadUInt16BigEndian(body[6..]) == 2;
                    AddAddress(body.Slice(14, 4));
                    break;
                case Internet when body.Length >= 20 && HeaderBytes(body) is >= 20 and var header && body.Length >= header + 8:
                    AddAddress(body.Slice(12, 4));
                    AddPacket(body[9], body[header..]);
                    break;
                default:
                    break;
            }
        }
    }

    private static int HeaderBytes(ReadOnlySpan<byte> packet) => (packet[0] & 0xf) * 4;

    private void AddPacket(byte protocol, ReadOnlySpan<byte> packet)
    {
        if (protocol == Tcp && packet.Length >= 14 && BinaryPrimitives.ReadUInt16BigEndian(packet) == port)
        {
            RefusedConnection |= (packet[13] & Reset) != 0;
            TookConnection |= (packet[13] & SynAcknowledge) == SynAcknowledge;
        }
        else if (protocol == Udp && BinaryPrimitives.ReadUInt16BigEndian(packet[2..]) == BootpServer)
        {
            var kind = DhcpKind(packet[8..]);
            AskedDhcp |= kind is Discover or Request;
            TookOffer |= kind is Request;
        }
    }

    private static byte DhcpKind(ReadOnlySpan<byte> message)
    {
        if (message.Length < DhcpCookieAt + 4 || BinaryPrimitives.ReadUInt32BigEndian(message[DhcpCookieAt..]) != DhcpCookie)
        {
            return 0;
        }

        for (var options = message[(DhcpCookieAt + 4)..]; options.Length >= 3 && options[0] != End;)
        {
            if (options[0] == MessageType)
            {
                return options[2];
            }

            options = options[Math.Min(options.Length, options[0] == Pad ? 1 : 2 + options[1])..];
        }

        return 0;
    }

    private void AddAddress(ReadOnlySpan<byte> bytes)
    {
        var address = new IPAddress(bytes);
        if (!address.Equals(IPAddress.Any) && !_addresses.Contains(address) && _addresses.Count < AddressesMax)
        {
            _addresses.Add(address);
        }
    }
}
