using System.Buffers.Text;
using System.Text;

namespace Pleiad.Wire.Protocols.Http;

/// <summary>One HTTP connection: answers come in the order of the requests, pipelined ones too.</summary>
internal sealed class HttpConversation(ConversationInfo conversation, int clientSide, ProtocolAccount account, IExchangeSink sink) : FramedConversation(clientSide, account)
{
    /// <summary>More requests than this without an answer are no pipeline.</summary>
    private const int PipelinedMax = 1024;

    private const int ChunkLineBytesMax = 4096;

    private readonly Queue<Exchange> _waiting = new();
    private Part _requestPart;
    private Part _answerPart;
    private Exchange? _sending;
    private Exchange? _answered;

    // After something was lost, answers mean nothing until a request was seen again.
    private bool _awaitsRequest;

    private enum Part
    {
        Head,
        Body,
        ChunkLine,
        Chunk,
        Trailer,
        UntilClose,
    }

    protected override int Unit(Role role, ReadOnlySpan<byte> bytes, long beginNs, long nowNs)
    {
        var part = role == Role.Client ? _requestPart : _answerPart;
        return part switch
        {
            Part.ChunkLine => ChunkLine(role, bytes, nowNs),
            Part.Trailer => Trailer(role, bytes, nowNs),
            _ => Head(role, bytes, beginNs, nowNs),
        };
    }

    protected override bool IsBegin(Role role, ReadOnlySpan<byte> bytes) => role == Role.Client ? HttpHead.IsRequestLine(bytes) : HttpHead.IsAnswerLine(bytes);

    protected override void PassingOver(Role role, long timeNs)
    {
        if (role == Role.Server && _answered is not null)
        {
            _answered.EndNs = timeNs;
        }
        else if (role == Role.Client && _sending is { EndNs: 0 } sending)
        {
            sending.RequestEndNs = timeNs;
        }
    }

    protected override void PassedOver(Role role, long timeNs)
    {
        ref var part = ref role == Role.Client ? ref _requestPart : ref _answerPart;
        if (part == Part.Chunk)
        {
            part = Part.ChunkLine;
        }
        else
        {
            MessageEnds(role, timeNs);
        }
    }

    protected override void Lost(Role role)
    {
        AbandonAll();
        _awaitsRequest = true;
        if (role == Role.Client)
        {
            _requestPart = Part.Head;
            _sending = null;
        }

        // The other side's place in its own message is known still; only what it belongs to is not.
        if (role == Role.Server)
        {
            _answerPart = Part.Head;
        }
    }

    protected override void Finished(Role role, long timeNs)
    {
        if (role == Role.Server && _answerPart == Part.UntilClose && _answered is { } answered)
        {
            Complete(answered, answered.EndNs);
        }
    }

    protected override void Ended(long timeNs)
    {
        Finished(Role.Server, timeNs);
        AbandonAll();
    }

    private int Head(Role role, ReadOnlySpan<byte> bytes, long beginNs, long nowNs)
    {
        // Empty lines before a message are allowed.
        if (bytes[0] is (byte)'\r' or (byte)'\n')
        {
            return 1;
        }

        var end = HttpHead.EndOf(bytes);
        if (end == 0)
        {
            return bytes.Length < 8 || IsBegin(role, bytes) ? NeedMore : NotUnderstood;
        }

        if (!HttpHead.TryRead(bytes[..end], role == Role.Server, out var head))
        {
            return NotUnderstood;
        }

        Account.Message(conversation, role, head.Status, nowNs);
        if (role == Role.Client)
        {
            Request(head, beginNs, nowNs);
        }
        else
        {
            Answer(head, beginNs, nowNs);
        }

        return end;
    }

    private void Request(in HttpHead head, long beginNs, long nowNs)
    {
        _awaitsRequest = false;
        if (_waiting.Count >= PipelinedMax)
        {
            AbandonAll();
        }

        var exchange = sink.New(conversation, beginNs);
        exchange.Method = MethodText(head.Method);
        exchange.Uri = head.TargetText();
        exchange.FrontClient = conversation.NamedClient ?? head.FrontClient();
        exchange.RequestEndNs = nowNs;
        _sending = exchange;
        _waiting.Enqueue(exchange);
        sink.Opened(exchange);
        if (head.IsChunked)
        {
            _requestPart = Part.ChunkLine;
        }
        else if (head.Length > 0)
        {
            _requestPart = Part.Body;
            exchange.RequestBytes = head.Length;
            PassOver(Role.Client, head.Length);
        }
    }

    private void Answer(in HttpHead head, long beginNs, long nowNs)
    {
        if (head.Status is >= 100 and < 200 and not 101)
        {
            return;
        }

        _answered = null;
        if (!_awaitsRequest && _waiting.TryPeek(out var exchange))
        {
            exchange.Status = head.Status;
            exchange.AnswerStartNs = beginNs;
            exchange.EndNs = nowNs;
            exchange.AnswerBytes = head.IsChunked ? 0 : head.Length;
            exchange.AnswerFields = head.ContentFields;
            _answered = exchange;
        }
        else
        {
            Account.AnswersWithoutRequest++;
        }

        var isTunnel = head.Status == 101 || (_answered?.Method == "CONNECT" && head.Status is >= 200 and < 300);
        if (isTunnel)
        {
            MessageEnds(Role.Server, nowNs);
            AbandonAll();
            BecomeOpaque();
        }
        else if (_answered?.Method == "HEAD" || head.Status is 204 or 304)
        {
            MessageEnds(Role.Server, nowNs);
        }
        else if (head.IsChunked)
        {
            _answerPart = Part.ChunkLine;
        }
        else if (head.Length > 0)
        {
            _answerPart = Part.Body;
            PassOver(Role.Server, head.Length);
        }
        else if (head.Length == 0)
        {
            MessageEnds(Role.Server, nowNs);
        }
        else
        {
            _answerPart = Part.UntilClose;
            PassOver(Role.Server, Everything);
        }
    }

    private int ChunkLine(Role role, ReadOnlySpan<byte> bytes, long nowNs)
    {
        var end = bytes.IndexOf((byte)'\n');
        if (end < 0)
        {
            return bytes.Length > ChunkLineBytesMax ? NotUnderstood : NeedMore;
        }

        if (!Utf8Parser.TryParse(bytes[..end], out long length, out var digits, 'x') || digits == 0 || length < 0)
        {
            return NotUnderstood;
        }

        PassingOver(role, nowNs);
        ref var part = ref role == Role.Client ? ref _requestPart : ref _answerPart;
        if (length == 0)
        {
            part = Part.Trailer;
        }
        else
        {
            part = Part.Chunk;
            CountChunk(role, length);
            PassOver(role, length + 2);
        }

        return end + 1;
    }

    private void CountChunk(Role role, long bytes)
    {
        if (role == Role.Server && _answered is { } answered)
        {
            answered.AnswerBytes += bytes;
        }
        else if (role == Role.Client && _sending is { } sending)
        {
            sending.RequestBytes += bytes;
        }
    }

    private int Trailer(Role role, ReadOnlySpan<byte> bytes, long nowNs)
    {
        var end = bytes.IndexOf((byte)'\n');
        if (end < 0)
        {
            return bytes.Length > ChunkLineBytesMax ? NotUnderstood : NeedMore;
        }

        if (end == 0 || (end == 1 && bytes[0] == '\r'))
        {
            PassingOver(role, nowNs);
            MessageEnds(role, nowNs);
        }

        return end + 1;
    }

    private void MessageEnds(Role role, long timeNs)
    {
        if (role == Role.Client)
        {
            _requestPart = Part.Head;
            _sending = null;
            return;
        }

        _answerPart = Part.Head;
        if (_answered is { } answered)
        {
            Complete(answered, timeNs);
        }
    }

    private void Complete(Exchange exchange, long timeNs)
    {
        _answered = null;
        if (_waiting.Count > 0 && _waiting.Peek() == exchange)
        {
            _waiting.Dequeue();
            // Of a request that goes on after its answer nothing more is measured.
            _sending = _sending == exchange ? null : _sending;
            exchange.EndNs = timeNs;
            Account.Exchanges++;
            sink.Completed(exchange);
        }
    }

    private void AbandonAll()
    {
        _answered = null;
        _sending = null;
        while (_waiting.TryDequeue(out var exchange))
        {
            Account.Incomplete++;
            sink.Abandoned(exchange);
        }
    }

    private static string MethodText(ReadOnlySpan<byte> method) =>
        method.SequenceEqual("GET"u8) ? "GET" : method.SequenceEqual("POST"u8) ? "POST" : Encoding.Latin1.GetString(method);
}
