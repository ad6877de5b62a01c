namespace Pleiad.Wire.Packets;

/// <summary>What became of the frames on the way to TCP.</summary>
internal sealed class PacketAccount
{
    public long TcpSegments { get; set; }

    public long NotIp { get; set; }

    public long NotTcp { get; set; }

    public long Fragments { get; set; }

    public long Malformed { get; set; }

    public long UnknownLink { get; set; }
}
