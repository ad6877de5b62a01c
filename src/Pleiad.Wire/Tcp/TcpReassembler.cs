using System.Buffers;
using Pleiad.Wire.Packets;

namespace Pleiad.Wire.Tcp;

/// <summary>
/// Puts segments back into the order that the receiver saw, for all connections at once. Bytes go to the connection's conversation at the time of the segment that made them
/// readable; only segments that came ahead of others are copied.
/// </summary>
internal sealed class TcpReassembler(TcpOptions options, Func<TcpConnection, IByteConversation> open)
{
    private const long Millisecond = 1_000_000;

    private readonly Dictionary<FlowKey, TcpConnection> _connections = [];
    private readonly long _idleNs = (long)options.IdleMax.TotalMilliseconds * Millisecond;
    private readonly long _closedNs = (long)options.ClosedFor.TotalMilliseconds * Millisecond;
    private readonly long _patienceNs = (long)options.Patience.TotalMilliseconds * Millisecond;
    private TcpConnection? _oldest;
    private TcpConnection? _newest;
    private long _aheadBytes;
    private int _ids;

    public TcpAccount Account { get; } = new();

    public int Open => _connections.Count;

    public void Take(ref TcpSegment segment)
    {
        var connection = Find(ref segment);
        if (connection is null)
        {
            return;
        }

        connection.Segments++;
        if ((segment.Flags & TcpFlags.Rst) != 0)
        {
            Account.Resets += connection.Closed ? 0 : 1;
            Close(connection, segment.TimeNs);
            return;
        }

        ref var direction = ref connection.Direction(segment.Side);
        if ((segment.Flags & TcpFlags.Syn) != 0)
        {
            Begin(connection, ref direction, ref segment);
        }

        if (segment.Payload.Length + segment.PayloadMissing > 0 && !connection.Closed)
        {
            Payload(connection, ref direction, ref segment);
        }

        if ((segment.Flags & TcpFlags.Fin) != 0)
        {
            direction.FinSeen = true;
            direction.FinAt = segment.Sequence + (uint)(segment.Payload.Length + segment.PayloadMissing);
            Start(connection, ref direction, direction.FinAt);
            Finish(connection, segment.Side, segment.TimeNs);
        }

        if ((segment.Flags & TcpFlags.Ack) != 0)
        {
            NoticeLoss(connection, 1 - segment.Side, segment.Acknowledged, segment.TimeNs);
        }
    }

    /// <summary>Ends all connections, as at the end of the capture.</summary>
    public void End()
    {
        while (_oldest is { } connection)
        {
            Remove(connection);
        }
    }

    private TcpConnection? Find(ref TcpSegment segment)
    {
        var isOpening = (segment.Flags & (TcpFlags.Syn | TcpFlags.Ack)) == TcpFlags.Syn;
        if (_connections.TryGetValue(segment.Flow, out var connection))
        {
            if (isOpening && IsAnother(connection, ref segment))
            {
                Remove(connection);
            }
            else
            {
                Touch(connection, segment.TimeNs);
                return connection;
            }
        }

        // Only what opens a connection or carries bytes makes one: a flood of bare acknowledgements costs nothing.
        if (!isOpening && segment.Payload.Length == 0 && (segment.Flags & TcpFlags.Syn) == 0)
        {
            return null;
        }

        MakeRoom(segment.TimeNs);
        connection = new TcpConnection(segment.Flow, ++_ids) { LastNs = segment.TimeNs };
        _connections.Add(segment.Flow, connection);
        Append(connection);
        Account.Connections++;
        Account.BegunBeforeCapture += (segment.Flags & TcpFlags.Syn) == 0 ? 1 : 0;
        Account.OpenAtOnceMax = Math.Max(Account.OpenAtOnceMax, _connections.Count);
        return connection;
    }

    // The same two ports can be used again; a SYN with the old number is only sent again.
    private static bool IsAnother(TcpConnection connection, ref TcpSegment segment)
    {
        ref var direction = ref connection.Direction(segment.Side);
        return connection.Closed || (direction.Started && connection.Segments > 1 && (int)(segment.Sequence + 1 - direction.Next) is not 0 && !IsSynOf(ref direction, segment.Sequence));
    }

    private static bool IsSynOf(ref TcpDirection direction, uint sequence) => direction.LastLength == 0 && direction.LastSequence == sequence;

    private static void Begin(TcpConnection connection, ref TcpDirection direction, ref TcpSegment segment)
    {
        if (!direction.Started)
        {
            direction.Started = true;
            direction.Next = segment.Sequence + 1;
            direction.LastSequence = segment.Sequence;
            connection.Initiator ??= (segment.Flags & TcpFlags.Ack) == 0 ? segment.Side : 1 - segment.Side;
        }

        segment.Sequence++;
    }

    private static void Start(TcpConnection connection, ref TcpDirection direction, uint sequence)
    {
        if (!direction.Started)
        {
            direction.Started = true;
            direction.Next = sequence;
        }
    }

    private void Payload(TcpConnection connection, ref TcpDirection direction, ref TcpSegment segment)
    {
        Start(connection, ref direction, segment.Sequence);
        var length = segment.Payload.Length + segment.PayloadMissing;
        var distance = (int)(segment.Sequence - direction.Next);
        if (distance + length <= 0 && distance < 0)
        {
            CountRepetition(ref direction, ref segment, length, distance);
            return;
        }

        direction.LastSequence = segment.Sequence;
        direction.LastLength = length;
        direction.LastIpId = segment.IpId;
        if (distance <= 0)
        {
            var known = Math.Min(-distance, segment.Payload.Length);
            var unknown = -distance - known;
            Account.Retransmitted += distance < 0 ? 1 : 0;
            Deliver(connection, segment.Side, ref direction, segment.Payload[known..], segment.PayloadMissing - unknown, segment.TimeNs);
            Drain(connection, segment.Side, ref direction, segment.TimeNs);
            return;
        }

        Account.OutOfOrder++;
        _aheadBytes += direction.Keep(segment.Sequence, segment.Payload, segment.PayloadMissing, segment.TimeNs);
        if (direction.AheadBytes > options.AheadBytesMax || _aheadBytes > options.AheadBytesTotalMax)
        {
            SkipGap(connection, segment.Side, ref direction);
        }
    }

    private void CountRepetition(ref TcpDirection direction, ref TcpSegment segment, int length, int distance)
    {
        if (length <= 1 && distance == -1)
        {
            Account.KeepAlives++;
        }
        else if (segment.Sequence == direction.LastSequence && length == direction.LastLength && segment.IpId == direction.LastIpId && segment.IpId > 0)
        {
            Account.Duplicates++;
        }
        else
        {
            Account.Retransmitted++;
        }
    }

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

    /// <summary>Delivers what was kept and is next now.</summary>
    private void Drain(TcpConnection connection, int side, ref TcpDirection direction, long timeNs)
    {
        while (direction.Ahead is { } ahead && (int)(ahead[0].Sequence - direction.Next) <= 0)
        {
            var first = direction.TakeFirst();
            _aheadBytes -= first.Length;
            var known = (int)Math.Min(direction.Next - first.Sequence, (uint)first.Length);
            if ((int)(first.End + (uint)first.Missing - direction.Next) > 0)
            {
                Deliver(connection, side, ref direction, first.Bytes.AsSpan(known, first.Length - known), first.Missing, timeNs);
            }

            ArrayPool<byte>.Shared.Return(first.Bytes);
        }

        Finish(connection, side, timeNs);
    }

    /// <summary>Gives up what is missing in front of the kept segments. These then count at the time at which they were captured.</summary>
    private void SkipGap(TcpConnection connection, int side, ref TcpDirection direction)
    {
        if (direction.Ahead is not { } ahead)
        {
            return;
        }

        var first = ahead[0];
        var missing = first.Sequence - direction.Next;
        Deliver(connection, side, ref direction, [], (int)Math.Min(missing, int.MaxValue), first.TimeNs);
        direction.Next = first.Sequence;
        while (direction.Ahead is { } left && (int)(left[0].Sequence - direction.Next) <= 0)
        {
            var next = direction.TakeFirst();
            _aheadBytes -= next.Length;
            Deliver(connection, side, ref direction, next.Bytes.AsSpan(0, next.Length), next.Missing, next.TimeNs);
            ArrayPool<byte>.Shared.Return(next.Bytes);
        }

        Finish(connection, side, first.TimeNs);
    }

    /// <summary>The receiver acknowledged bytes of <paramref name="side"/> that were not seen: the capture lost them, unless they come within a moment.</summary>
    private void NoticeLoss(TcpConnection connection, int side, uint acknowledged, long timeNs)
    {
        ref var direction = ref connection.Direction(side);
        if (direction.Ahead is not { } ahead || (int)(acknowledged - direction.Next) <= 0 || (int)(acknowledged - ahead[0].Sequence) < 0)
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
            SkipGap(connection, side, ref direction);
        }
    }

    private void Finish(TcpConnection connection, int side, long timeNs)
    {
        ref var direction = ref connection.Direction(side);
        if (!direction.FinSeen || direction.Finished || (int)(direction.FinAt - direction.Next) > 0)
        {
            return;
        }

        direction.Finished = true;
        connection.Conversation?.Finished(side, timeNs);
        if (connection.Direction(1 - side).Finished)
        {
            Close(connection, timeNs);
        }
    }

    private void Close(TcpConnection connection, long timeNs)
    {
        if (connection.Closed)
        {
            return;
        }

        for (var side = 0; side < 2; side++)
        {
            ref var direction = ref connection.Direction(side);
            while (direction.Ahead is not null)
            {
                SkipGap(connection, side, ref direction);
            }
        }

        // Skipping gaps can have closed it already.
        if (!connection.Closed)
        {
            connection.Closed = true;
            connection.Conversation?.Closed(timeNs);
            connection.Conversation = null;
        }
    }

    private void Remove(TcpConnection connection)
    {
        Close(connection, connection.LastNs);
        _connections.Remove(connection.Flow);
        Unlink(connection);
    }

    private void MakeRoom(long nowNs)
    {
        // Bounded work for each new connection; what is left is found by the next.
        for (var looked = 0; looked < 8 && _oldest is { } oldest; looked++)
        {
            var silent = nowNs - oldest.LastNs;
            if (oldest.Closed ? silent > _closedNs : silent > _idleNs)
            {
                Account.GivenUpIdle += oldest.Closed ? 0 : 1;
                Remove(oldest);
            }
            else
            {
                break;
            }
        }

        if (_connections.Count >= options.ConnectionsMax)
        {
            Account.GivenUpForRoom += _oldest!.Closed ? 0 : 1;
            Remove(_oldest);
        }
    }

    private void Touch(TcpConnection connection, long timeNs)
    {
        connection.LastNs = Math.Max(connection.LastNs, timeNs);
        if (connection != _newest)
        {
            Unlink(connection);
            Append(connection);
        }
    }

    private void Append(TcpConnection connection)
    {
        connection.Older = _newest;
        connection.Newer = null;
        if (_newest is not null)
        {
            _newest.Newer = connection;
        }

        _newest = connection;
        _oldest ??= connection;
    }

    private void Unlink(TcpConnection connection)
    {
        if (connection.Older is { } older)
        {
            older.Newer = connection.Newer;
        }
        else
        {
            _oldest = connection.Newer;
        }

        if (connection.Newer is { } newer)
        {
            newer.Older = connection.Older;
        }
        else
        {
            _newest = connection.Older;
        }

        connection.Older = connection.Newer = null;
    }
}
