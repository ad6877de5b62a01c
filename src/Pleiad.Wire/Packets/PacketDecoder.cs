using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Pleiad.Wire.Captures;

namespace Pleiad.Wire.Packets;

/// <summary>From a frame to its TCP segment: link layer, VLAN, IPv4 and IPv6 with extension headers. Checksums are not checked: network cards fill them in after the capture.</summary>
internal sealed class PacketDecoder
{
    private const int EtherIpv4 = 0x0800;
    private const int EtherIpv6 = 0x86dd;
    private const int ProtocolTcp = 6;
    private const int LayersMax = 8;

    public PacketAccount Account { get; } = new();

    /// <summary>Decodes; false for everything that is no TCP segment, which is counted.</summary>
    public bool TryDecode(in Frame frame, out TcpSegment segment)
    {
        segment = default;
        var data = frame.Data;
        var type = Unwrap(frame.Link, ref data);
        segment.TimeNs = frame.TimeNs;
        switch (type)
        {
            case EtherIpv4:
                return Ipv4(data, ref segment);
            case EtherIpv6:
                return Ipv6(data, ref segment);
            case -1:
                Account.UnknownLink++;
                return false;
            default:
                Account.NotIp++;
                return false;
        }
    }

    /// <summary>Takes the link layer off; returns the ethertype of what is left, 0 when there is none, -1 for a link type that is not known.</summary>
    private static int Unwrap(LinkType link, ref ReadOnlySpan<byte> data)
    {
        switch (link)
        {
            case LinkType.Ethernet:
                return data.Length < 14 ? 0 : Tagged(U16(data[12..]), 14, ref data);
            case LinkType.LinuxCooked:
                return data.Length < 16 ? 0 : Tagged(U16(data[14..]), 16, ref data);
            case LinkType.LinuxCooked2:
                return data.Length < 20 ? 0 : Tagged(U16(data), 20, ref data);
            case LinkType.BsdLoopback or LinkType.OpenBsdLoopback:
                return Loopback(ref data);
            case LinkType.Raw or LinkType.RawOld or LinkType.RawOpenBsd or LinkType.Ipv4 or LinkType.Ipv6:
                return ByVersion(data);
            default:
                return -1;
        }
    }

    private static int Tagged(int type, int headerBytes, ref ReadOnlySpan<byte> data)
    {
        data = data[headerBytes..];
        for (var layers = 0; layers < LayersMax; layers++)
        {
            switch (type)
            {
                case 0x8100 or 0x88a8 or 0x9100 or 0x9200 when data.Length >= 4: // VLAN, also stacked
                    type = U16(data[2..]);
                    data = data[4..];
                    break;
                case 0x8864 when data.Length >= 8: // PPPoE
                    type = U16(data[6..]) switch { 0x21 => EtherIpv4, 0x57 => EtherIpv6, _ => 0 };
                    data = data[8..];
                    break;
                case 0x8847 when data.Length >= 4: // MPLS: the last label says so
                    var isLast = (data[2] & 1) == 1;
                    data = data[4..];
                    type = isLast ? ByVersion(data) : type;
                    break;
                default:
                    return type is -1 ? 0 : type;
            }
        }

        return 0;
    }

    // The family is in the byte order of whoever captured.
    private static int Loopback(ref ReadOnlySpan<byte> data)
    {
        if (data.Length < 4)
        {
            return 0;
        }

        var family = BinaryPrimitives.ReadUInt32LittleEndian(data);
        family = family > 0xffff ? BinaryPrimitives.ReverseEndianness(family) : family;
        data = data[4..];
        return family switch { 2 => EtherIpv4, 10 or 24 or 28 or 30 => EtherIpv6, _ => 0 };
    }

    private static int ByVersion(ReadOnlySpan<byte> data) => data.Length == 0 ? 0 : (data[0] >> 4) switch { 4 => EtherIpv4, 6 => EtherIpv6, _ => 0 };

    private bool Ipv4(ReadOnlySpan<byte> data, ref TcpSegment segment)
    {
        if (data.Length < 20 || data[0] >> 4 != 4)
        {
            return Malformed();
        }

        var headerBytes = (data[0] & 15) * 4;
        int total = U16(data[2..]);
        // Segmentation offload leaves 0 for packets of more than 64 KiB.
        total = total == 0 ? data.Length : total;
        if (headerBytes < 20 || total < headerBytes || data.Length < headerBytes)
        {
            return Malformed();
        }

        var fragment = U16(data[6..]);
        if ((fragment & 0x3fff) != 0)
        {
            Account.Fragments++;
            return false;
        }

        if (data[9] != ProtocolTcp)
        {
            Account.NotTcp++;
            return false;
        }

        segment.IpId = U16(data[4..]);
        var source = NetAddress.V4(BinaryPrimitives.ReadUInt32BigEndian(data[12..]));
        var target = NetAddress.V4(BinaryPrimitives.ReadUInt32BigEndian(data[16..]));
        return Tcp(data[headerBytes..Math.Min(total, data.Length)], total - headerBytes, source, target, ref segment);
    }

    private bool Ipv6(ReadOnlySpan<byte> data, ref TcpSegment segment)
    {
        if (data.Length < 40 || data[0] >> 4 != 6)
        {
            return Malformed();
        }

        int length = U16(data[4..]);
        length = length == 0 ? data.Length - 40 : length;
        var source = new NetAddress(U64(data[8..]), U64(data[16..]));
        var target = new NetAddress(U64(data[24..]), U64(data[32..]));
        int next = data[6];
        data = data[40..Math.Min(40 + length, data.Length)];
        segment.IpId = -1;
        for (var layers = 0; layers < LayersMax; layers++)
        {
            switch (next)
            {
                case ProtocolTcp:
                    return Tcp(data, length, source, target, ref segment);
                case 0 or 43 or 60 or 51 when data.Length >= 8: // hop by hop, routing, destination, authentication
                    var bytes = next == 51 ? (data[1] + 2) * 4 : (data[1] + 1) * 8;
                    if (bytes > data.Length)
                    {
                        return Malformed();
                    }

                    next = data[0];
                    data = data[bytes..];
                    length -= bytes;
                    break;
                case 44:
                    Account.Fragments++;
                    return false;
                default:
                    Account.NotTcp++;
                    return false;
            }
        }

        return Malformed();
    }

    private bool Tcp(ReadOnlySpan<byte> data, int lengthOnWire, NetAddress source, NetAddress target, ref TcpSegment segment)
    {
        if (data.Length < 20)
        {
            return Malformed();
        }

        var headerBytes = (data[12] >> 4) * 4;
        if (headerBytes < 20 || headerBytes > lengthOnWire)
        {
            return Malformed();
        }

        var from = (uint)U16(data);
        var to = (uint)U16(data[2..]);
        segment.Side = IsLow(source, from, target, to) ? 0 : 1;
        segment.Flow = segment.Side == 0 ? new FlowKey(source, target, (from << 16) | to) : new FlowKey(target, source, (to << 16) | from);
        segment.Sequence = BinaryPrimitives.ReadUInt32BigEndian(data[4..]);
        segment.Acknowledged = BinaryPrimitives.ReadUInt32BigEndian(data[8..]);
        segment.Flags = (TcpFlags)(data[13] & 31);
        segment.Payload = headerBytes < data.Length ? data[headerBytes..] : [];
        segment.PayloadMissing = lengthOnWire - Math.Max(headerBytes, data.Length);
        Account.TcpSegments++;
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsLow(NetAddress a, uint aPort, NetAddress b, uint bPort) =>
        a.High != b.High ? a.High < b.High : a.Low != b.Low ? a.Low < b.Low : aPort <= bPort;

    private bool Malformed()
    {
        Account.Malformed++;
        return false;
    }

    private static int U16(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt16BigEndian(bytes);

    private static ulong U64(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt64BigEndian(bytes);
}
