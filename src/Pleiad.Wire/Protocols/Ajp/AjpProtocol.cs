using System.Buffers.Binary;
using Pleiad.Wire.Tcp;

namespace Pleiad.Wire.Protocols.Ajp;

/// <summary>AJP13, between a web server and an application server (tomcat.apache.org/connectors-doc/ajp/ajpv13a.html).</summary>
internal sealed class AjpProtocol : Protocol
{
    public override string Name => "ajp";

    public override Recognition Recognize(ReadOnlySpan<byte> bytes, bool? byOpener) =>
        IsPacket(Role.Client, bytes) ? Recognition.FromClient : IsPacket(Role.Server, bytes) ? Recognition.FromServer : Recognition.No;

    public override IByteConversation Open(ConversationInfo conversation, int clientSide, IExchangeSink sink) => new AjpConversation(conversation, clientSide, Account, sink);

    /// <summary>Whether bytes begin with a packet of the role whose length and code can be.</summary>
    public static bool IsPacket(Role role, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 5 || BinaryPrimitives.ReadUInt16BigEndian(bytes) != (role == Role.Client ? AjpConversation.ClientMagic : AjpConversation.ServerMagic))
        {
            return false;
        }

        var length = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
        return role == Role.Client ? length == 0 || bytes[4] is 2 or 7 or 8 or 10 || IsBody(bytes, length) : length > 0 && bytes[4] is >= 3 and <= 9;
    }

    private static bool IsBody(ReadOnlySpan<byte> bytes, int length) => length >= 2 && bytes.Length >= 6 && BinaryPrimitives.ReadUInt16BigEndian(bytes[4..]) == length - 2;
}
