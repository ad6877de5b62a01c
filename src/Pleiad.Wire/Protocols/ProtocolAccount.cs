namespace Pleiad.Wire.Protocols;

/// <summary>What became of one protocol's messages.</summary>
internal sealed class ProtocolAccount
{
    public long Connections { get; set; }

    public long Messages { get; set; }

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
}
