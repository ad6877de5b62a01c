using Pleiad.Wire.Tcp;

namespace Pleiad.Wire.Protocols.Http;

/// <summary>HTTP/1.0 and HTTP/1.1 (RFC 9112).</summary>
internal sealed class HttpProtocol : Protocol
{
    public override string Name => "http";

    public override Recognition Recognize(ReadOnlySpan<byte> bytes, bool? byOpener) =>
        HttpHead.IsAnswerLine(bytes) ? Recognition.FromServer : HttpHead.IsRequestLine(bytes) ? Recognition.FromClient : Recognition.No;

    public override IByteConversation Open(ConversationInfo conversation, int clientSide, IExchangeSink sink) => new HttpConversation(conversation, clientSide, Account, sink);
}
