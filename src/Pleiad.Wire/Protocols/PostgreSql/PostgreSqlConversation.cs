using System.Buffers.Binary;

namespace Pleiad.Wire.Protocols.PostgreSql;

/// <summary>One session: messages to exchanges. The server answers in order, one ReadyForQuery for each Sync or simple query, pipelined or not.</summary>
internal sealed partial class PostgreSqlConversation(ConversationInfo conversation, int clientSide, ProtocolAccount account, StatementTable statements, IExchangeSink sink)
    : FramedConversation(clientSide, account)
{
    public const int Version3 = 196_608;
    public const int CancelRequest = 80_877_102;
    public const int SslRequest = 80_877_103;
    public const int GssRequest = 80_877_104;

    private const int HeaderBytes = 5;
    private const int PipelinedMax = 10_000;

    // What is looked at of a message; a statement or a set of values that is longer is cut.
    private const int ContentBytesMax = 32 * 1024;
    private const int LengthMax = 1 << 30;

    private readonly Queue<PendingExchange> _waiting = new();
    private PendingExchange? _asking;

    // The last one that ended, to be used again: most sessions have one exchange at a time.
    private PendingExchange? _spare;
    private bool _began;
    private bool _awaitsNegotiation;
    private bool _inTransaction;

    // After a loss: ReadyForQuery messages cannot be counted until the client's next message.
    private bool _awaitsRequest;

    protected override int Unit(Role role, ReadOnlySpan<byte> bytes, long beginNs, long nowNs)
    {
        if (_awaitsNegotiation && role == Role.Server)
        {
            return Negotiated(bytes[0], nowNs);
        }

        // Only a session's first packet, or one after a refused negotiation, has no type.
        if (role == Role.Client && !_began && bytes[0] == 0)
        {
            return Startup(bytes, beginNs, nowNs);
        }

        if (bytes.Length < HeaderBytes)
        {
            return NeedMore;
        }

        var length = BinaryPrimitives.ReadInt32BigEndian(bytes[1..]);
        if (length is < 4 or > LengthMax || !IsType(bytes[0]))
        {
            return NotUnderstood;
        }

        var looked = Math.Min(length - 4, NeedsContent(role, bytes[0]) ? ContentBytesMax : UnseenStatement.RowBytesLooked);
        if (bytes.Length < HeaderBytes + looked)
        {
            return NeedMore;
        }

        _began = true;
        Account.Message(conversation, role, bytes[0], nowNs);
        var content = bytes.Slice(HeaderBytes, looked);
        if (role == Role.Client)
        {
            Frontend((char)bytes[0], content, beginNs, nowNs);
        }
        else
        {
            Backend((char)bytes[0], content, beginNs, nowNs);
        }

        var rest = length - 4 - looked;
        var inHand = Math.Min(rest, bytes.Length - HeaderBytes - looked);
        if (rest > inHand)
        {
            PassOver(role, rest - inHand);
        }

        return HeaderBytes + looked + inHand;
    }

    protected override bool IsBegin(Role role, ReadOnlySpan<byte> bytes) => PostgreSqlProtocol.IsChain(bytes, role) || (role == Role.Client && PostgreSqlProtocol.IsStartup(bytes));

    // A body's last byte can be the request's or the answer's.
    protected override void PassedOver(Role role, long timeNs)
    {
        if (role == Role.Client && _asking is { } asking)
        {
            asking.Exchange.RequestEndNs = timeNs;
        }
    }

    protected override void Lost(Role role)
    {
        AbandonAll();
        _awaitsRequest = true;
        _awaitsNegotiation = false;
        _statements.Clear();
        _unseen.Clear();
        _portals.Clear();
    }

    protected override void Ended(long timeNs) => AbandonAll();

    private static bool IsType(byte type) => type is >= (byte)'0' and <= (byte)'z';

    private static bool NeedsContent(Role role, byte type) => role == Role.Client ? type is (byte)'Q' or (byte)'P' or (byte)'B' or (byte)'E' or (byte)'C' : type is (byte)'C' or (byte)'E' or (byte)'Z';

    private int Startup(ReadOnlySpan<byte> bytes, long beginNs, long nowNs)
    {
        if (bytes.Length < 8)
        {
            return NeedMore;
        }

        if (!PostgreSqlProtocol.IsStartup(bytes))
        {
            return NotUnderstood;
        }

        var length = BinaryPrimitives.ReadInt32BigEndian(bytes);
        if (bytes.Length < length)
        {
            return NeedMore;
        }

        var code = BinaryPrimitives.ReadInt32BigEndian(bytes[4..]);
        Account.Message(conversation, Role.Client, code, nowNs);
        if (code == CancelRequest)
        {
            Cancel(beginNs, nowNs);
        }
        else
        {
            _awaitsRequest = false;
            var pending = Ask(beginNs, nowNs);
            pending.Exchange.Kind = ExchangeKind.Session;
            pending.Exchange.Method = "CONNECT";
            pending.IsSynced = true;
            _awaitsNegotiation = code is SslRequest or GssRequest;
            _began = code == Version3;
            Enqueue(pending);
        }

        return length;
    }

    private int Negotiated(byte answer, long nowNs)
    {
        _awaitsNegotiation = false;
        if (answer is (byte)'S' or (byte)'G')
        {
            AbandonAll();
            BecomeOpaque();
            return 1;
        }

        // Refused: the session goes on in the clear, as one opening with what follows.
        Account.Message(conversation, Role.Server, 0, nowNs);
        return answer == 'N' ? Reopen(nowNs) : NotUnderstood;
    }

    private int Reopen(long nowNs)
    {
        if (_waiting.TryDequeue(out var pending))
        {
            pending.Exchange.AnswerStartNs = nowNs;
            Complete(pending, nowNs);
        }

        return 1;
    }

    private void Cancel(long beginNs, long nowNs)
    {
        var exchange = sink.New(conversation, beginNs);
        exchange.Kind = ExchangeKind.Cancel;
        exchange.Method = "CANCEL";
        exchange.RequestEndNs = exchange.AnswerStartNs = exchange.EndNs = nowNs;
        sink.Opened(exchange);
        Account.Exchanges++;
        sink.Completed(exchange);
    }

    /// <summary>The exchange that the client's message belongs to.</summary>
    private PendingExchange Ask(long beginNs, long nowNs)
    {
        if (_asking is null)
        {
            _asking = _spare ?? new PendingExchange();
            _spare = null;
            _asking.Begin(sink.New(conversation, beginNs));
            sink.Opened(_asking.Exchange);
        }

        _asking.Exchange.RequestEndNs = nowNs;
        return _asking;
    }

    private void Enqueue(PendingExchange pending)
    {
        if (_waiting.Count >= PipelinedMax)
        {
            AbandonAll();
            return;
        }

        if (_asking == pending)
        {
            _asking = null;
        }

        _waiting.Enqueue(pending);
    }

    private void AbandonAll()
    {
        while (_waiting.TryDequeue(out var pending))
        {
            Abandon(pending);
        }

        if (_asking is not null)
        {
            Abandon(_asking);
            _asking = null;
        }
    }

    private void Abandon(PendingExchange pending)
    {
        Account.Incomplete++;
        sink.Abandoned(pending.Exchange);
    }
}
