using Pleiad.Wire.Packets;

namespace Pleiad.Wire.Protocols;

/// <summary>What an exchange is to the one who measures.</summary>
internal enum ExchangeKind
{
    /// <summary>Work: a request or a query with its answer.</summary>
    Request,

    /// <summary>A pool asks whether a connection is alive.</summary>
    Validation,

    /// <summary>The opening of a session: negotiation, authentication.</summary>
    Session,

    /// <summary>A request to end another request.</summary>
    Cancel,
}

/// <summary>
/// One request and its answer on a connection, as a protocol's parser read them. Times are nanoseconds since 1970. Exchanges are used again (<see cref="ExchangePool"/>): a parser
/// forgets one when it has handed it on.
/// </summary>
internal sealed class Exchange(ConversationInfo conversation, long startNs)
{
    public ConversationInfo Conversation { get; private set; } = conversation;

    public ExchangeKind Kind { get; set; }

    /// <summary>Time of the frame with the request's first byte.</summary>
    public long StartNs { get; private set; } = startNs;

    /// <summary>Time of the frame with the request's last byte; the start until it was seen.</summary>
    public long RequestEndNs { get; set; } = startNs;

    /// <summary>Time of the frame with the first byte of the final answer, or 0 before it.</summary>
    public long AnswerStartNs { get; set; }

    /// <summary>Time of the frame with the answer's last byte, or 0 before it.</summary>
    public long EndNs { get; set; }

    public string Method { get; set; } = "";

    public string Uri { get; set; } = "";

    /// <summary>HTTP's status; for databases 0, or 1 after an error.</summary>
    public int Status { get; set; }

    /// <summary>Bytes of the request's body, as far as they went by.</summary>
    public long RequestBytes { get; set; }

    /// <summary>Bytes of the answer's body; -1 where that is not known.</summary>
    public long AnswerBytes { get; set; } = -1;

    /// <summary>Hash of the fields that say what the answer's body is: type, ETag, last change; 0 for none.</summary>
    public ulong AnswerFields { get; set; }

    /// <summary>What went wrong in the protocol's own words, for example an SQLSTATE.</summary>
    public string? Error { get; set; }

    /// <summary>Whom the caller asks for: its own client's address and port (AJP, HTTP's Forwarded, the PROXY protocol), or the address with port 0 (X-Forwarded-For); null where nothing is said.</summary>
    public Endpoint? FrontClient { get; set; }

    /// <summary>Number of the statement's pattern in the <see cref="StatementTable"/>; 0 for none.</summary>
    public int Statement { get; set; }

    /// <summary>Number that stands for all statements that this one may be (<see cref="StatementTable.KindOf"/>); 0 when it is itself.</summary>
    public int StatementKind { get; set; }

    /// <summary>Values in the call, with their place in the statement.</summary>
    public List<CallValue> Values { get; } = [];

    /// <summary>Whether a transaction is open after it, which holds the connection.</summary>
    public bool LeavesTransactionOpen { get; set; }

    /// <summary>Whether the connection was inside a transaction when it began.</summary>
    public bool InTransaction { get; set; }

    /// <summary>Neighbours among the exchanges that are under way, for <see cref="OpenExchanges"/>.</summary>
    public Exchange? Older { get; set; }

    public Exchange? Newer { get; set; }

    public bool IsOpen { get; set; }

    /// <summary>Whether it waits in an <see cref="ExchangePool"/> to be used again: nobody may have it then.</summary>
    public bool IsFree { get; set; }

    public long DurationNs => EndNs - StartNs;

    /// <summary>Makes it as new.</summary>
    public void Begin(ConversationInfo conversation, long startNs)
    {
        Conversation = conversation;
        StartNs = startNs;
        RequestEndNs = startNs;
        Kind = ExchangeKind.Request;
        AnswerStartNs = EndNs = RequestBytes = 0;
        AnswerBytes = -1;
        AnswerFields = 0;
        Method = Uri = "";
        Status = Statement = StatementKind = 0;
        Error = null;
        FrontClient = null;
        Values.Clear();
        LeavesTransactionOpen = InTransaction = false;
    }
}

/// <summary>A value of a call.</summary>
/// <param name="Place">Its place among the statement's values, from 0.</param>
/// <param name="Hash">Its hash; equal for equal numbers however they are written.</param>
internal readonly record struct CallValue(int Place, ulong Hash);

/// <summary>Who talks with whom.</summary>
internal sealed class ConversationInfo(int connection, string protocol, Endpoint client, Endpoint server)
{
    public int Connection { get; } = connection;

    public string Protocol { get; } = protocol;

    /// <summary>Whether its exchanges have a method and a URI.</summary>
    public bool IsWeb { get; } = protocol is "http" or "ajp";

    /// <summary>Whether its exchanges are statements.</summary>
    public bool IsDatabase { get; } = protocol is "postgresql" or "tns";

    public Endpoint Client { get; } = client;

    public Endpoint Server { get; } = server;

    /// <summary>Whom the client speaks for, where it is a proxy and said so before all else (<see cref="ProxyHeader"/>).</summary>
    public Endpoint? NamedClient { get; init; }

    /// <summary>The tier that serves here, once a scheme is known; -1 for none.</summary>
    public int Tier { get; set; } = -1;

    /// <summary>For the tier's numbering: whether the tier was looked up.</summary>
    public bool TierKnown { get; set; }

    /// <summary>Whether the tier's figures have its protocol and server.</summary>
    public bool IsNoted { get; set; }

    /// <summary>Exchanges so far, which puts those of one connection into order.</summary>
    public int Count { get; set; }
}

/// <summary>Takes exchanges as the parsers read them.</summary>
internal interface IExchangeSink
{
    /// <summary>An exchange to fill in; what is <see cref="Abandoned"/> or <see cref="Completed"/> may come from here again.</summary>
    Exchange New(ConversationInfo conversation, long startNs) => new(conversation, startNs);

    /// <summary>A request began.</summary>
    void Opened(Exchange exchange);

    /// <summary>Its answer is complete.</summary>
    void Completed(Exchange exchange);

    /// <summary>Its answer was not seen whole; it is counted and forgotten.</summary>
    void Abandoned(Exchange exchange);
}
