namespace Pleiad.Wire.Captures;

/// <summary>One frame as it was captured; its bytes are valid until the next one is read.</summary>
internal readonly ref struct Frame(long timeNs, int lengthOnWire, LinkType link, ReadOnlySpan<byte> data)
{
    /// <summary>Nanoseconds since 1970.</summary>
    public readonly long TimeNs = timeNs;

    /// <summary>Bytes that the frame had on the wire; more than were captured when a snap length cut it.</summary>
    public readonly int LengthOnWire = lengthOnWire;

    public readonly LinkType Link = link;

    public readonly ReadOnlySpan<byte> Data = data;
}

/// <summary>Link-layer header types that are understood; the numbers are those of the capture formats (tcpdump.org/linktypes.html).</summary>
internal enum LinkType
{
    BsdLoopback = 0,
    Ethernet = 1,
    RawOld = 12,
    RawOpenBsd = 14,
    Raw = 101,
    OpenBsdLoopback = 108,
    LinuxCooked = 113,
    Ipv4 = 228,
    Ipv6 = 229,
    LinuxCooked2 = 276,
}
