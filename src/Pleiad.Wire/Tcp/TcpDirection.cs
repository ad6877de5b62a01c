using System.Buffers;

namespace Pleiad.Wire.Tcp;

/// <summary>One direction of a connection: which byte is next, and what came ahead of it.</summary>
internal struct TcpDirection
{
    public bool Started;
    public uint Next;

    /// <summary>Sequence number behind the last byte, once a FIN was seen.</summary>
    public uint FinAt;
    public bool FinSeen;
    public bool Finished;

    /// <summary>Kept segments by sequence number, none overlapping another; null while none is kept.</summary>
    public List<AheadSegment>? Ahead;
    public int AheadBytes;

    /// <summary>Whether bytes are missing in front of what is kept; otherwise it only waits for the other side.</summary>
    public readonly bool HasGap => Ahead is { } ahead && (int)(ahead[0].Sequence - Next) > 0;

    /// <summary>Sequence number of the next byte that is not here yet.</summary>
    public readonly uint Expected
    {
        get
        {
            var expected = Next;
            for (var index = 0; index < Ahead?.Count && (int)(Ahead[index].Sequence - expected) <= 0; index++)
            {
                var end = Ahead[index].End + (uint)Ahead[index].Missing;
                expected = (int)(end - expected) > 0 ? end : expected;
            }

            return expected;
        }
    }

    /// <summary>When the receiver was first seen to have bytes that were not seen here, and after how many segments of the connection; 0 when it was not.</summary>
    public long LossNoticedNs;
    public int LossNoticedAt;

    public uint LastSequence;
    public int LastLength;
    public int LastIpId;

    /// <summary>Keeps the part of a segment that is not kept already; what came first stays, as with most receivers.</summary>
    /// <returns>Bytes kept.</returns>
    public int Keep(uint sequence, ReadOnlySpan<byte> data, int missing, long timeNs, bool isBehindGap)
    {
        if (data.Length == 0)
        {
            return 0;
        }

        Ahead ??= [];
        var kept = 0;
        var index = 0;
        while (data.Length > 0)
        {
            while (index < Ahead.Count && (int)(Ahead[index].End - sequence) <= 0)
            {
                index++;
            }

            var free = data.Length;
            var covered = 0;
            if (index < Ahead.Count)
            {
                var distance = (int)(Ahead[index].Sequence - sequence);
                free = Math.Clamp(distance, 0, data.Length);
                covered = distance < data.Length ? Math.Min(data.Length, (int)(Ahead[index].End - sequence)) - free : 0;
            }

            if (free > 0)
            {
                var bytes = ArrayPool<byte>.Shared.Rent(free);
                data[..free].CopyTo(bytes);
                Ahead.Insert(index, new AheadSegment(sequence, bytes, free, free == data.Length ? missing : 0, timeNs, isBehindGap));
                kept += free;
                index++;
            }

            var step = free + covered;
            data = data[step..];
            sequence += (uint)step;
        }

        AheadBytes += kept;
        return kept;
    }

    public AheadSegment TakeFirst()
    {
        var first = Ahead![0];
        Ahead.RemoveAt(0);
        AheadBytes -= first.Length;
        if (Ahead.Count == 0)
        {
            Ahead = null;
        }

        return first;
    }
}

/// <summary>A segment that came before bytes in front of it, or while the other side's were missing; its array is rented.</summary>
internal readonly record struct AheadSegment(uint Sequence, byte[] Bytes, int Length, int Missing, long TimeNs, bool IsBehindGap)
{
    public uint End => Sequence + (uint)Length;
}
