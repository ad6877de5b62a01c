namespace Pleiad.Wire.Packets;

/// <summary>The two ends of a connection in an order that does not depend on who sends.</summary>
internal readonly struct FlowKey(NetAddress low, NetAddress high, uint ports) : IEquatable<FlowKey>
{
    public readonly NetAddress Low = low;
    public readonly NetAddress High = high;

    /// <summary>Port of the low end in the upper half, of the high end in the lower.</summary>
    public readonly uint Ports = ports;

    public Endpoint LowEnd => new(Low, (int)(Ports >> 16));

    public Endpoint HighEnd => new(High, (int)(Ports & 0xffff));

    public bool Equals(FlowKey other) => Low == other.Low && High == other.High && Ports == other.Ports;

    public override bool Equals(object? obj) => obj is FlowKey other && Equals(other);

    public override int GetHashCode()
    {
        var mixed = (Low.Low * 0x9E3779B97F4A7C15) ^ (High.Low * 0xC2B2AE3D27D4EB4F) ^ (Low.High * 0x165667B19E3779F9) ^ (High.High + ((ulong)Ports * 0x27D4EB2F165667C5UL));
        return (int)(mixed ^ (mixed >> 32));
    }
}

/// <summary>One TCP segment, decoded; its payload is valid until the next frame is read.</summary>
internal ref struct TcpSegment
{
    public FlowKey Flow;

    /// <summary>0 when the low end sends, 1 when the high end does.</summary>
    public int Side;

    public long TimeNs;
    public uint Sequence;
    public uint Acknowledged;
    public TcpFlags Flags;
    public int IpId;
    public ReadOnlySpan<byte> Payload;

    /// <summary>Payload bytes that the capture cut off.</summary>
    public int PayloadMissing;
}

[Flags]
internal enum TcpFlags
{
    None = 0,
    Fin = 1,
    Syn = 2,
    Rst = 4,
    Psh = 8,
    Ack = 16,
}
