using Pleiad.Wire.Packets;
using Pleiad.Wire.Tcp;

namespace Pleiad.Wire.Protocols;

/// <summary>Who a protocol says has sent some bytes, by their content.</summary>
internal enum Recognition
{
    /// <summary>These bytes are none of this protocol.</summary>
    No,

    /// <summary>The client sent them.</summary>
    FromClient,

    /// <summary>The server sent them.</summary>
    FromServer,
}

/// <summary>
/// A protocol: recognises its own bytes and reads conversations of them. A new protocol is one folder with one of these and a line in <see cref="ProtocolRecognizer"/>.
/// </summary>
internal abstract class Protocol
{
    public ProtocolAccount Account { get; } = new();

    /// <summary>Short name, as reports show it.</summary>
    public abstract string Name { get; }

    /// <summary>Looks at the first bytes of a segment of an unknown connection.</summary>
    /// <param name="bytes">At least one byte.</param>
    /// <param name="byOpener">Whether the side that opened the connection sent them; null when the opening was not seen.</param>
    public abstract Recognition Recognize(ReadOnlySpan<byte> bytes, bool? byOpener);

    /// <summary>Begins to read a conversation; the bytes that were recognised are its first.</summary>
    public abstract IByteConversation Open(ConversationInfo conversation, int clientSide, IExchangeSink sink);
}

/// <summary>Connections whose protocol was never recognised, by server port.</summary>
internal sealed class UnknownAccount
{
    public long Connections { get; set; }

    public long Bytes { get; set; }

    public long Tls { get; set; }

    /// <summary>Servers that speak TLS, the first few of them.</summary>
    public SortedSet<string> TlsServers { get; } = new(StringComparer.Ordinal);

    public long Http2 { get; set; }
}

/// <summary>A connection until its protocol is known; then it hands over.</summary>
internal sealed class ProtocolRecognizer(IReadOnlyList<Protocol> protocols, UnknownAccount unknown, IExchangeSink sink, TcpConnection connection) : IByteConversation
{
    /// <summary>Segments that are looked at before a connection counts as unknown.</summary>
    private const int SegmentsMax = 64;
    private const int ServersNamedMax = 4;

    private IByteConversation? _conversation;
    private Endpoint? _namedClient;
    private Endpoint? _tlsServer;
    private int _looked;
    private long _bytes;
    private bool _isTls;
    private bool _isHttp2;

    public void Data(int side, ReadOnlySpan<byte> data, long timeNs)
    {
        if (_conversation is null)
        {
            var header = ProxyHeader.Read(data, out var client);
            _namedClient ??= client;
            data = data[header..];
            if (data.Length == 0)
            {
                return;
            }
        }

        if (_conversation is null && !TryRecognize(side, data))
        {
            _bytes += data.Length;
            return;
        }

        _conversation!.Data(side, data, timeNs);
    }

    public void Gap(int side, long bytes, long timeNs) => _conversation?.Gap(side, bytes, timeNs);

    public void Finished(int side, long timeNs) => _conversation?.Finished(side, timeNs);

    public void Closed(long timeNs)
    {
        if (_conversation is null)
        {
            unknown.Connections++;
            unknown.Tls += _isTls ? 1 : 0;
            if (_tlsServer is { } server && unknown.TlsServers.Count < ServersNamedMax)
            {
                unknown.TlsServers.Add(server.ToString());
            }

            unknown.Http2 += _isHttp2 ? 1 : 0;
        }

        unknown.Bytes += _bytes;
        _conversation?.Closed(timeNs);
    }

    private bool TryRecognize(int side, ReadOnlySpan<byte> data)
    {
        if (_looked >= SegmentsMax || _isTls || _isHttp2)
        {
            return false;
        }

        _looked++;
        _isTls = data is [0x16, 3, <= 4, _, _, 1 or 2, ..];
        _isHttp2 = data.StartsWith("PRI * HTTP/2.0"u8);
        if (_isTls || _isHttp2)
        {
            _tlsServer = _isTls ? connection.End(data[5] == 1 ? 1 - side : side) : null;
            return false;
        }

        bool? byOpener = connection.Initiator is { } opener ? opener == side : null;
        foreach (var protocol in protocols)
        {
            var seen = protocol.Recognize(data, byOpener);
            if (seen == Recognition.No || (byOpener is { } opened && opened != (seen == Recognition.FromClient)))
            {
                continue;
            }

            var clientSide = seen == Recognition.FromClient ? side : 1 - side;
            protocol.Account.Connections++;
            var conversation = new ConversationInfo(connection.Id, protocol.Name, connection.End(clientSide), connection.End(1 - clientSide)) { NamedClient = _namedClient };
            _conversation = protocol.Open(conversation, clientSide, sink);
            return true;
        }

        return false;
    }
}
