using Pleiad.Wire.Packets;

namespace Pleiad.Wire.Tcp;

/// <summary>
/// Puts segments back into the order that the receiver saw, for all connections at once. Bytes go to the connection's conversation at the time of the segment that made them
/// readable; only segments that came ahead of others are copied.
/// </summary>
internal sealed partial class TcpReassembler(TcpOptions options, Func<TcpConnection, IByteConversation> open)
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
        var expected = direction.Expected;
        var distance = (int)(segment.Sequence - expected);
        if (distance + length <= 0 && distance < 0)
        {
            CountRepetition(ref direction, ref segment, length, distance);
            return;
        }

        direction.LastSequence = segment.Sequence;
        direction.LastLength = length;
        direction.LastIpId = segment.IpId;
        var isAhead = distance > 0;
        var known = isAhead ? 0 : Math.Min(-distance, segment.Payload.Length);
        var missing = isAhead ? segment.PayloadMissing : segment.PayloadMissing - (-distance - known);
        Account.OutOfOrder += isAhead ? 1 : 0;
        Account.Retransmitted += distance < 0 ? 1 : 0;
        if (isAhead || (connection.Direction(1 - segment.Side).Ahead is not null && !direction.HasGap))
        {
            _aheadBytes += direction.Keep(isAhead ? segment.Sequence : expected, segment.Payload[known..], missing, segment.TimeNs, isAhead);
        }
        else
        {
            Deliver(connection, segment.Side, ref direction, segment.Payload[known..], missing, segment.TimeNs);
        }

        if (!connection.HasAhead)
        {
            Finish(connection, segment.Side, segment.TimeNs);
            return;
        }

        Drain(connection, segment.TimeNs);
        if (connection.HasAhead && (connection.AheadBytes > options.AheadBytesMax || connection.AheadSegments > options.AheadSegmentsMax || _aheadBytes > options.AheadBytesTotalMax))
        {
            SkipFirstGap(connection);
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

        while (connection.HasAhead)
        {
            SkipFirstGap(connection);
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
