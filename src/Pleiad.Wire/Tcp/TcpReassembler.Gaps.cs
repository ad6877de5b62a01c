using System.Buffers;

namespace Pleiad.Wire.Tcp;

/// <content>
/// What comes behind a gap waits, and with it what the other side says meanwhile: an answer must not be read before the request that it answers. When the gap has closed or is given
/// up, both sides go on in the order in which they were captured.
/// </content>
internal sealed partial class TcpReassembler
{
    private void Deliver(TcpConnection connection, int side, ref TcpDirection direction, ReadOnlySpan<byte> data, int missing, long timeNs)
    {
        var conversation = connection.Conversation ??= open(connection);
        direction.Next += (uint)(data.Length + missing);
        direction.LossNoticedNs = 0;
        if (data.Length > 0)
        {
            Account.PayloadBytes += data.Length;
            conversation.Data(side, data, timeNs);
        }

        if (missing > 0)
        {
            Account.Gaps++;
            Account.BytesUnseen += missing;
            conversation.Gap(side, missing, timeNs);
        }
    }

    /// <summary>Delivers what was kept, the earliest first, up to a gap.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="closedNs">When a gap closed, and what had come behind it could be read; null when it was given up, so that all counts at its own time.</param>
    private void Drain(TcpConnection connection, long? closedNs)
    {
        while (connection.HasAhead)
        {
            var side = SideOfFirst(connection);
            ref var direction = ref connection.Direction(side);
            if (direction.HasGap)
            {
                return;
            }

            var first = direction.TakeFirst();
            _aheadBytes -= first.Length;
            var known = (int)Math.Min(direction.Next - first.Sequence, (uint)first.Length);
            if ((int)(first.End + (uint)first.Missing - direction.Next) > 0)
            {
                var timeNs = first.IsBehindGap && closedNs is { } closed ? closed : first.TimeNs;
                Deliver(connection, side, ref direction, first.Bytes.AsSpan(known, first.Length - known), first.Missing, timeNs);
            }

            ArrayPool<byte>.Shared.Return(first.Bytes);
            Finish(connection, side, closedNs ?? first.TimeNs);
        }
    }

    /// <summary>Gives up the gap that holds up the connection.</summary>
    private void SkipFirstGap(TcpConnection connection) => SkipGap(connection, SideOfFirst(connection));

    /// <summary>Gives up what is missing in front of a side's kept segments. These then count at the time at which they were captured.</summary>
    private void SkipGap(TcpConnection connection, int side)
    {
        ref var direction = ref connection.Direction(side);
        if (direction.HasGap)
        {
            var first = direction.Ahead![0];
            Deliver(connection, side, ref direction, [], (int)Math.Min(first.Sequence - direction.Next, int.MaxValue), first.TimeNs);
            direction.Next = first.Sequence;
        }

        Drain(connection, null);
    }

    private static int SideOfFirst(TcpConnection connection)
    {
        var (ahead, other) = (connection.Direction(0).Ahead, connection.Direction(1).Ahead);
        return ahead is null || (other is not null && other[0].TimeNs < ahead[0].TimeNs) ? 1 : 0;
    }

    /// <summary>The receiver acknowledged bytes of <paramref name="side"/> that were not seen: the capture lost them, unless they come within a moment.</summary>
    private void NoticeLoss(TcpConnection connection, int side, uint acknowledged, long timeNs)
    {
        ref var direction = ref connection.Direction(side);
        if (!direction.HasGap || (int)(acknowledged - direction.Next) <= 0 || (int)(acknowledged - direction.Ahead![0].Sequence) < 0)
        {
            return;
        }

        if (direction.LossNoticedNs == 0)
        {
            direction.LossNoticedNs = timeNs;
            direction.LossNoticedAt = connection.Segments;
        }
        else if (connection.Segments - direction.LossNoticedAt >= options.PatienceSegments || timeNs - direction.LossNoticedNs > _patienceNs)
        {
            SkipGap(connection, side);
        }
    }
}
