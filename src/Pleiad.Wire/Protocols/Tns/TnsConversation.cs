namespace Pleiad.Wire.Protocols.Tns;

/// <summary>
/// One TNS connection. The opening, with its repetitions, is one exchange from the first CONNECT to ACCEPT, REFUSE or REDIRECT; then each turn is one: what the client sends until
/// the server answers, and all the server sends until the client speaks again.
/// </summary>
internal sealed class TnsConversation(ConversationInfo conversation, int clientSide, ProtocolAccount account, IExchangeSink sink) : FramedConversation(clientSide, account)
{
    private Exchange? _turn;

    protected override bool IsBegin(Role role, ReadOnlySpan<byte> bytes) => TnsHeader.TryRead(bytes, out _);

    protected override int Unit(Role role, ReadOnlySpan<byte> bytes, long beginNs, long nowNs)
    {
        if (bytes.Length < TnsHeader.Bytes)
        {
            return NeedMore;
        }

        if (!TnsHeader.TryRead(bytes, out var header))
        {
            return NotUnderstood;
        }

        Account.Message(conversation, role, (int)header.Type, nowNs);
        var inHand = Math.Min(header.Length, bytes.Length);
        if (header.Length > inHand)
        {
            PassOver(role, header.Length - inHand);
        }

        if (role == Role.Client)
        {
            FromClient(header.Type, beginNs, nowNs);
        }
        else
        {
            FromServer(header.Type, beginNs, nowNs, header.Length == inHand);
        }

        return inHand;
    }

    protected override void PassingOver(Role role, long timeNs)
    {
        if (_turn is null)
        {
            return;
        }

        if (role == Role.Client)
        {
            _turn.RequestEndNs = timeNs;
        }
        else
        {
            _turn.EndNs = timeNs;
        }
    }

    protected override void Lost(Role role) => Abandon();

    protected override void Finished(Role role, long timeNs) => EndTurn();

    protected override void Ended(long timeNs) => EndTurn();

    private void FromClient(TnsType type, long beginNs, long nowNs)
    {
        var isOpening = _turn is { Kind: ExchangeKind.Session };
        if (_turn is { AnswerStartNs: > 0 } && !(type == TnsType.Connect && isOpening))
        {
            EndTurn();
        }

        if (_turn is null)
        {
            _turn = sink.New(conversation, beginNs);
            _turn.Kind = type == TnsType.Connect ? ExchangeKind.Session : ExchangeKind.Request;
            _turn.Method = type == TnsType.Connect ? "CONNECT" : type == TnsType.Marker ? "BREAK" : "DATA";
            sink.Opened(_turn);
        }

        _turn.RequestEndNs = nowNs;
    }

    private void FromServer(TnsType type, long beginNs, long nowNs, bool isWhole)
    {
        if (_turn is null)
        {
            Account.AnswersWithoutRequest++;
            return;
        }

        // A request to send the CONNECT again is no answer to it.
        if (type == TnsType.Resend)
        {
            return;
        }

        _turn.AnswerStartNs = _turn.AnswerStartNs == 0 ? beginNs : _turn.AnswerStartNs;
        _turn.EndNs = nowNs;
        if (type is TnsType.Refuse or TnsType.Abort)
        {
            _turn.Status = 1;
            _turn.Error = type == TnsType.Refuse ? "refused" : "aborted";
        }

        if (_turn.Kind == ExchangeKind.Session && isWhole && type is TnsType.Accept or TnsType.Refuse or TnsType.Redirect)
        {
            EndTurn();
        }
    }

    private void EndTurn()
    {
        if (_turn is { EndNs: > 0 } turn)
        {
            _turn = null;
            Account.Exchanges++;
            sink.Completed(turn);
        }
        else
        {
            Abandon();
        }
    }

    private void Abandon()
    {
        if (_turn is not null)
        {
            Account.Incomplete++;
            sink.Abandoned(_turn);
            _turn = null;
        }
    }
}
