using Pleiad.Wire.Packets;

namespace Pleiad.Wire.Tcp;

/// <summary>One connection being followed; its two directions are numbered by the flow's ends: 0 low, 1 high.</summary>
internal sealed class TcpConnection(FlowKey flow, int id)
{
    private TcpDirection _low;
    private TcpDirection _high;

    public FlowKey Flow { get; } = flow;

    public int Id { get; } = id;

    /// <summary>The side that sent the first SYN, or null when the connection began before the capture.</summary>
    public int? Initiator { get; set; }

    public long LastNs { get; set; }

    public int Segments { get; set; }

    public bool Closed { get; set; }

    public IByteConversation? Conversation { get; set; }

    /// <summary>Neighbours in the order of last use.</summary>
    public TcpConnection? Older { get; set; }

    public TcpConnection? Newer { get; set; }

    /// <summary>Whether segments are kept, behind a gap or until the other side's has closed.</summary>
    public bool HasAhead => _low.Ahead is not null || _high.Ahead is not null;

    public int AheadBytes => _low.AheadBytes + _high.AheadBytes;

    public int AheadSegments => (_low.Ahead?.Count ?? 0) + (_high.Ahead?.Count ?? 0);

    public ref TcpDirection Direction(int side) => ref side == 0 ? ref _low : ref _high;

    public Endpoint End(int side) => side == 0 ? Flow.LowEnd : Flow.HighEnd;
}

/// <summary>What reads a connection's bytes, in order and without repetition.</summary>
internal interface IByteConversation
{
    void Data(int side, ReadOnlySpan<byte> data, long timeNs);

    /// <summary>Bytes are missing between what came and what comes.</summary>
    void Gap(int side, long bytes, long timeNs);

    /// <summary>One side said that it sends no more.</summary>
    void Finished(int side, long timeNs);

    /// <summary>Nothing more comes from either side.</summary>
    void Closed(long timeNs);
}
