namespace Pleiad.Wire.Tcp;

/// <summary>Bounds of reassembly; they hold against captures of hostile traffic too.</summary>
internal sealed class TcpOptions
{
    /// <summary>Most connections followed at once; beyond it the one silent for longest is given up.</summary>
    public int ConnectionsMax { get; set; } = 65_536;

    /// <summary>A connection silent for longer is given up.</summary>
    public TimeSpan IdleMax { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>A connection that was closed is forgotten after this, so that late duplicates find it.</summary>
    public TimeSpan ClosedFor { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Bytes of one connection kept because bytes before them are missing.</summary>
    public int AheadBytesMax { get; set; } = 1 << 20;

    /// <summary>The same in segments, which are looked through one by one.</summary>
    public int AheadSegmentsMax { get; set; } = 2048;

    /// <summary>The same, over all connections.</summary>
    public long AheadBytesTotalMax { get; set; } = 32 << 20;

    /// <summary>
    /// After the receiver acknowledged bytes that were not seen, so many more segments of the connection may pass before the bytes count as lost: a capture can hold frames
    /// in a slightly wrong order.
    /// </summary>
    public int PatienceSegments { get; set; } = 8;

    /// <summary>The same in time.</summary>
    public TimeSpan Patience { get; set; } = TimeSpan.FromMilliseconds(200);
}

/// <summary>What happened to TCP's bytes.</summary>
internal sealed class TcpAccount
{
    public long Connections { get; set; }

    public long BegunBeforeCapture { get; set; }

    public long OpenAtOnceMax { get; set; }

    public long OutOfOrder { get; set; }

    public long Retransmitted { get; set; }

    /// <summary>The very same frame captured again.</summary>
    public long Duplicates { get; set; }

    public long KeepAlives { get; set; }

    public long Resets { get; set; }

    public long Gaps { get; set; }

    public long BytesUnseen { get; set; }

    public long GivenUpIdle { get; set; }

    public long GivenUpForRoom { get; set; }

    public long PayloadBytes { get; set; }
}
