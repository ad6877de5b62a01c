namespace Pleiad.Wire.Protocols;

/// <summary>What became of one protocol's messages.</summary>
internal sealed class ProtocolAccount
{
    public long Connections { get; set; }

    public long Messages { get; private set; }

    /// <summary>Is told of every message, for whoever compares the parsers with others; null for nobody.</summary>
    public MessageObserver? Observer { get; set; }

    public long Exchanges { get; set; }

    /// <summary>Requests whose answer was not seen whole, and answers without a request.</summary>
    public long Incomplete { get; set; }

    /// <summary>Answers whose request was not seen, as at the begin of a capture.</summary>
    public long AnswersWithoutRequest { get; set; }

    /// <summary>Times at which the stream could not be understood and the next message was looked for.</summary>
    public long Resynchronized { get; set; }

    /// <summary>Bytes passed over while looking.</summary>
    public long BytesNotParsed { get; set; }

    /// <summary>Bytes of messages that are not whole yet, now.</summary>
    public long KeptBytes { get; set; }

    /// <summary>Connections that became unreadable: TLS, upgrades, tunnels.</summary>
    public long Opaque { get; set; }

    /// <summary>Counts a message.</summary>
    /// <param name="conversation">Where.</param>
    /// <param name="role">Who sent it.</param>
    /// <param name="code">Its kind in the protocol's own numbers: a status, a type; 0 where it has none.</param>
    /// <param name="nowNs">Time of the frame that made it readable.</param>
    public void Message(ConversationInfo conversation, Role role, int code, long nowNs)
    {
        Messages++;
        Observer?.Invoke(conversation, role, code, nowNs);
    }
}

/// <summary>Takes one message; see <see cref="ProtocolAccount.Message"/>.</summary>
internal delegate void MessageObserver(ConversationInfo conversation, Role role, int code, long nowNs);
