using Pleiad.Wire.Association;
using Pleiad.Wire.Captures;
using Pleiad.Wire.Protocols;
using Pleiad.Wire.Schemes;
using Pleiad.Wire.Tests.Fixtures;

namespace Pleiad.Wire.Tests.Accuracy;

/// <summary>All that an analysis settles, kept for scoring. What calls carry can be taken from them first, to see what is left without it.</summary>
internal sealed class CollectedRequests : IRequestSink
{
    public List<Node> Requests { get; } = [];

    public List<Node> Exchanges { get; } = [];

    public RequestAssembler? Assembler { get; private set; }

    public static CollectedRequests Of(string capture, Action<Exchange>? change = null, int? batch = null)
    {
        using var file = File.OpenRead(TestCaptures.PathOf(capture + ".pcapng.xz"));
        return Of(file, change, batch);
    }

    public static CollectedRequests Of(Stream capture, Action<Exchange>? change = null, int? batch = null)
    {
        var collected = new CollectedRequests();
        collected.Assembler = new RequestAssembler(collected, batch is { } size ? new AssemblerOptions { FirstBatchExchanges = size, BatchExchanges = size } : new AssemblerOptions(), scheme: null);
        var traffic = new TrafficReader(new ChangedExchanges(collected.Assembler, change ?? (_ => { })));
        using var reader = CaptureReader.Open(capture);
        traffic.ReadAll(reader, CancellationToken.None);
        collected.Assembler.End();
        return collected;
    }

    void IRequestSink.Begin(TierMap map, RequestClasses classes)
    {
    }

    void IRequestSink.Exchange(Node node)
    {
        node.Keep();
        Exchanges.Add(node);
    }

    void IRequestSink.Request(Node request) => Requests.Add(request);

    void IRequestSink.Unattributed(Node call)
    {
    }

    private sealed class ChangedExchanges(IExchangeSink inner, Action<Exchange> change) : IExchangeSink
    {
        public Exchange New(ConversationInfo conversation, long startNs) => inner.New(conversation, startNs);

        public void Opened(Exchange exchange) => inner.Opened(exchange);

        public void Abandoned(Exchange exchange) => inner.Abandoned(exchange);

        public void Completed(Exchange exchange)
        {
            change(exchange);
            inner.Completed(exchange);
        }
    }
}
