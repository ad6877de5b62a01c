using System.Buffers.Binary;

namespace Pleiad.Wire.Protocols.Ajp;

/// <summary>One AJP connection: one request at a time, from its FORWARD REQUEST to its END RESPONSE.</summary>
internal sealed class AjpConversation(ConversationInfo conversation, int clientSide, ProtocolAccount account, IExchangeSink sink) : FramedConversation(clientSide, account)
{
    public const int ClientMagic = 0x1234;
    public const int ServerMagic = 0x4142;
    private const int HeaderBytes = 4;
    private const int ForwardRequest = 2;
    private const int CPing = 10;
    private const int SendBodyChunk = 3;
    private const int SendHeaders = 4;
    private const int EndResponse = 5;
    private const int GetBodyChunk = 6;
    private const int CPong = 9;

    private Exchange? _current;
    private Exchange? _ping;
    private bool _expectsBody;

    protected override bool IsBegin(Role role, ReadOnlySpan<byte> bytes) => AjpProtocol.IsPacket(role, bytes);

    protected override int Unit(Role role, ReadOnlySpan<byte> bytes, long beginNs, long nowNs)
    {
        if (bytes.Length < HeaderBytes)
        {
            return NeedMore;
        }

        if (BinaryPrimitives.ReadUInt16BigEndian(bytes) != (role == Role.Client ? ClientMagic : ServerMagic))
        {
            return NotUnderstood;
        }

        var whole = HeaderBytes + BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
        if (bytes.Length < whole)
        {
            return NeedMore;
        }

        var payload = bytes[HeaderBytes..whole];
        if (role == Role.Client)
        {
            FromClient(payload, beginNs, nowNs);
        }
        else if (payload.Length > 0)
        {
            FromServer(payload, beginNs, nowNs);
        }

        return whole;
    }

    protected override void Lost(Role role)
    {
        Abandon(ref _current);
        Abandon(ref _ping);
        _expectsBody = false;
    }

    protected override void Ended(long timeNs)
    {
        Abandon(ref _current);
        Abandon(ref _ping);
    }

    private void FromClient(ReadOnlySpan<byte> payload, long beginNs, long nowNs)
    {
        // Packets of a body have no code. After an answer that came early they can follow where none is expected, so their form decides: their own length stands first.
        var isBody = payload.Length == 0 || (payload.Length >= 2 && BinaryPrimitives.ReadUInt16BigEndian(payload) == payload.Length - 2);
        if (isBody && (_expectsBody || payload.Length == 0 || payload[0] != ForwardRequest))
        {
            _expectsBody = false;
            Account.Message(conversation, Role.Client, 0, nowNs);
            if (_current is not null)
            {
                _current.RequestEndNs = nowNs;
            }

            return;
        }

        Account.Message(conversation, Role.Client, payload[0], nowNs);
        switch (payload[0])
        {
            case ForwardRequest when AjpRequest.TryRead(payload, out var request):
                Abandon(ref _current);
                _current = sink.New(conversation, beginNs);
                _current.Method = request.Method;
                _current.Uri = request.Uri;
                _current.RequestEndNs = nowNs;
                _current.FrontClient = request.FrontClient;
                _expectsBody = request.HasBody;
                sink.Opened(_current);
                break;
            case CPing:
                Abandon(ref _ping);
                _ping = sink.New(conversation, beginNs);
                _ping.Kind = ExchangeKind.Validation;
                _ping.Method = "CPING";
                _ping.RequestEndNs = nowNs;
                sink.Opened(_ping);
                break;
            case ForwardRequest:
                Lose(Role.Client);
                break;
        }
    }

    private void FromServer(ReadOnlySpan<byte> payload, long beginNs, long nowNs)
    {
        Account.Message(conversation, Role.Server, payload[0], nowNs);
        switch (payload[0])
        {
            case SendHeaders when payload.Length >= 3:
                if (_current is not null)
                {
                    _current.AnswerStartNs = beginNs;
                    _current.Status = BinaryPrimitives.ReadUInt16BigEndian(payload[1..]);
                }

                break;
            case GetBodyChunk:
                _expectsBody = true;
                break;
            case EndResponse:
                _expectsBody = false;
                Complete(ref _current, nowNs);
                break;
            case CPong:
                Complete(ref _ping, nowNs);
                break;
            case SendBodyChunk:
                break;
        }
    }

    private void Complete(ref Exchange? exchange, long nowNs)
    {
        if (exchange is null)
        {
            Account.AnswersWithoutRequest++;
            return;
        }

        var completed = exchange;
        exchange = null;
        completed.EndNs = nowNs;
        completed.AnswerStartNs = completed.AnswerStartNs == 0 ? nowNs : completed.AnswerStartNs;
        Account.Exchanges++;
        sink.Completed(completed);
    }

    private void Abandon(ref Exchange? exchange)
    {
        if (exchange is not null)
        {
            Account.Incomplete++;
            sink.Abandoned(exchange);
            exchange = null;
        }
    }
}
