using System.Globalization;
using System.Text;
using Pleiad.Wire.Captures;
using Pleiad.Wire.Protocols;

namespace Pleiad.Wire.Tests.Fixtures;

/// <summary>Keeps what the parsers say.</summary>
internal sealed class ExchangeLog : IExchangeSink
{
    public int Opened { get; private set; }

    public int Abandoned { get; private set; }

    public List<Exchange> Completed { get; } = [];

    void IExchangeSink.Opened(Exchange exchange) => Opened++;

    void IExchangeSink.Completed(Exchange exchange) => Completed.Add(exchange);

    void IExchangeSink.Abandoned(Exchange exchange) => Abandoned++;

    public static (ExchangeLog Log, TrafficReader Traffic, CaptureAccount Capture) Read(byte[] capture)
    {
        var log = new ExchangeLog();
        var traffic = new TrafficReader(log);
        using var reader = CaptureReader.Open(new MemoryStream(capture));
        traffic.ReadAll(reader, CancellationToken.None);
        return (log, traffic, reader.Account);
    }

    /// <summary>One line for each exchange, by start; times in microseconds from the capture's first frame.</summary>
    public static string Describe(byte[] capture)
    {
        var (log, traffic, account) = Read(capture);
        var text = new StringBuilder();
        foreach (var exchange in log.Completed.OrderBy(each => each.StartNs).ThenBy(each => each.Conversation.Connection))
        {
            string At(long ns) => ns == 0 ? "-" : ((ns - account.FirstNs!.Value) / 1000).ToString(CultureInfo.InvariantCulture);
            var what = exchange.Statement > 0 ? traffic.Statements.Text(exchange.Statement) : exchange.Uri;
            text.Append(CultureInfo.InvariantCulture, $"{At(exchange.StartNs)} {At(exchange.RequestEndNs)} {At(exchange.AnswerStartNs)} {At(exchange.EndNs)} {exchange.Conversation.Protocol} ");
            var who = string.Create(CultureInfo.InvariantCulture, $"{exchange.Conversation.Client} {exchange.Conversation.Server} {exchange.Kind} {exchange.Method} {exchange.Status} {exchange.Error} {exchange.FrontClient} {what}");
            text.Append(who.TrimEnd()).Append('\n');
        }

        foreach (var protocol in traffic.Protocols.Where(each => each.Account.Connections > 0))
        {
            var seen = protocol.Account;
            text.Append(CultureInfo.InvariantCulture, $"{protocol.Name}: {seen.Connections} connections, {seen.Messages} messages, {seen.Exchanges} exchanges, {seen.Incomplete} incomplete, {seen.AnswersWithoutRequest} answers without request, {seen.BytesNotParsed} bytes not parsed, {seen.Opaque} opaque\n");
        }

        text.Append(CultureInfo.InvariantCulture, $"frames: {account.Frames}, not IP {traffic.Packets.NotIp}, not TCP {traffic.Packets.NotTcp}, malformed {traffic.Packets.Malformed}; unknown connections {traffic.Unknown.Connections}\n");
        return text.ToString();
    }
}
