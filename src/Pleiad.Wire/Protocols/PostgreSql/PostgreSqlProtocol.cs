using System.Buffers.Binary;
using Pleiad.Wire.Tcp;

namespace Pleiad.Wire.Protocols.PostgreSql;

/// <summary>PostgreSQL's protocol, version 3 (PostgreSQL documentation, chapter "Frontend/Backend Protocol").</summary>
internal sealed class PostgreSqlProtocol(StatementTable statements) : Protocol
{
    private const int MessageBytesMax = 1 << 28;

    // Messages that a side can begin to speak with in the middle of a session.
    private static ReadOnlySpan<byte> FrontendTypes => "QPBDESCFHXdcfp"u8;

    private static ReadOnlySpan<byte> BackendTypes => "123ACDEGHIKNRSTVWZcdnstv"u8;

    public override string Name => "postgresql";

    public override Recognition Recognize(ReadOnlySpan<byte> bytes, bool? byOpener)
    {
        if (IsStartup(bytes))
        {
            return Recognition.FromClient;
        }

        var frontend = byOpener != false && IsChain(bytes, Role.Client);
        var backend = byOpener != true && IsChain(bytes, Role.Server);
        return frontend == backend ? Recognition.No : frontend ? Recognition.FromClient : Recognition.FromServer;
    }

    public override IByteConversation Open(ConversationInfo conversation, int clientSide, IExchangeSink sink) =>
        new PostgreSqlConversation(conversation, clientSide, Account, statements, sink);

    /// <summary>The first packet of a session, which has no type: its length and a known code.</summary>
    public static bool IsStartup(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= 8 && BinaryPrimitives.ReadInt32BigEndian(bytes) is >= 8 and <= 10_000
        && BinaryPrimitives.ReadInt32BigEndian(bytes[4..]) is PostgreSqlConversation.Version3 or PostgreSqlConversation.CancelRequest
            or PostgreSqlConversation.SslRequest or PostgreSqlConversation.GssRequest;

    /// <summary>Whether the bytes are messages of a side one after the other, the last perhaps not whole.</summary>
    public static bool IsChain(ReadOnlySpan<byte> bytes, Role role)
    {
        var types = role == Role.Client ? FrontendTypes : BackendTypes;
        var whole = 0;
        while (bytes.Length >= 5 && whole < 16)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(bytes[1..]);
            if (!types.Contains(bytes[0]) || length < 4 || length > MessageBytesMax || !IsOfLength(bytes[0], length, role))
            {
                return false;
            }

            if (length + 1 > bytes.Length)
            {
                // One long message alone proves little; a length beyond any statement's proves nothing.
                return whole > 0 || length < 1 << 20;
            }

            whole++;
            bytes = bytes[(length + 1)..];
        }

        return whole > 0;
    }

    // Messages of one length only are what tells the two sides, and other protocols, apart.
    private static bool IsOfLength(byte type, int length, Role role) => ((char)type, role) switch
    {
        ('S' or 'H' or 'X' or 'c', Role.Client) => length == 4,
        ('1' or '2' or '3' or 'I' or 'n' or 's' or 'c', Role.Server) => length == 4,
        ('Z', Role.Server) => length == 5,
        ('K', Role.Server) => length is 12 or > 12 and <= 264,
        ('R', Role.Server) => length >= 8,
        ('P', Role.Client) => length >= 8,
        ('B', Role.Client) => length >= 10,
        ('E', Role.Client) => length >= 9,
        ('D' or 'C', Role.Client) => length >= 6,
        ('D' or 'T' or 't', Role.Server) => length >= 6,
        _ => true,
    };
}
