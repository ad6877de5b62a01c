using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;
using Pleiad.Wire.Association;
using Pleiad.Wire.Decomposition;
using Pleiad.Wire.Protocols;
using Pleiad.Wire.Schemes;

namespace Pleiad.Wire.Reports;

/// <summary>spans.otlp.jsonl: one OTLP/JSON ExportTraceServiceRequest a line, as OpenTelemetry's file receiver reads it; one line for each front request.</summary>
internal sealed class OtlpWriter(string file, StatementTable statements) : IRequestWriter
{
    private readonly FileStream _out = new(file, FileMode.Create, FileAccess.Write, FileShare.Read, 1 << 16);
    private readonly SpanIds _ids = new();
    private Utf8JsonWriter? _json;
    private TierMap? _map;

    public void Begin(TierMap map) => _map = map;

    public void Write(RequestTimes times)
    {
        _json ??= new Utf8JsonWriter(_out);
        _json.Reset(_out);
        _json.WriteStartObject();
        _json.WriteStartArray("resourceSpans");
        var trace = _ids.NextTrace();
        var spans = new List<(Node Node, string Id, string? Parent)>();
        Gather(times.Request, null, spans);
        foreach (var service in spans.GroupBy(span => span.Node.Tier))
        {
            _json.WriteStartObject();
            _json.WriteStartObject("resource");
            _json.WriteStartArray("attributes");
            Attribute("service.name", _map!.Scheme.Tiers[service.Key].Name);
            _json.WriteEndArray();
            _json.WriteEndObject();
            _json.WriteStartArray("scopeSpans");
            _json.WriteStartObject();
            _json.WriteStartObject("scope");
            _json.WriteString("name", "pleiad.wire");
            _json.WriteEndObject();
            _json.WriteStartArray("spans");
            foreach (var (node, id, parent) in service)
            {
                Span(node, trace, id, parent);
            }

            _json.WriteEndArray();
            _json.WriteEndObject();
            _json.WriteEndArray();
            _json.WriteEndObject();
        }

        _json.WriteEndArray();
        _json.WriteEndObject();
        _json.Flush();
        _out.WriteByte((byte)'\n');
    }

    public void End() => _out.Flush();

    public void Dispose()
    {
        _json?.Dispose();
        _out.Dispose();
    }

    private void Gather(Node node, string? parent, List<(Node Node, string Id, string? Parent)> spans)
    {
        var id = _ids.NextSpan();
        spans.Add((node, id, parent));
        foreach (var call in node.Calls)
        {
            Gather(call, id, spans);
        }
    }

    private void Span(Node node, string trace, string id, string? parent)
    {
        const int Server = 2;
        const int Failed = 2;
        var exchange = node.Exchange;
        _json!.WriteStartObject();
        _json.WriteString("traceId", trace);
        _json.WriteString("spanId", id);
        if (parent is not null)
        {
            _json.WriteString("parentSpanId", parent);
        }

        _json.WriteString("name", SpanText.Of(exchange, statements));
        _json.WriteNumber("kind", Server);
        _json.WriteString("startTimeUnixNano", exchange.StartNs.ToString(CultureInfo.InvariantCulture));
        _json.WriteString("endTimeUnixNano", exchange.EndNs.ToString(CultureInfo.InvariantCulture));
        _json.WriteStartArray("attributes");
        Attribute("network.protocol.name", exchange.Conversation.Protocol);
        Attribute("client.address", exchange.Conversation.Client.ToString());
        Attribute("server.address", exchange.Conversation.Server.ToString());
        if (exchange.Conversation.Protocol is "http" or "ajp")
        {
            Attribute("http.response.status_code", exchange.Status.ToString(CultureInfo.InvariantCulture));
        }

        if (parent is not null)
        {
            Attribute("pleiad.posterior", node.ParentPosterior.ToString("0.####", CultureInfo.InvariantCulture));
        }

        _json.WriteEndArray();
        if (TierFigures.IsFailure(exchange))
        {
            _json.WriteStartObject("status");
            _json.WriteNumber("code", Failed);
            _json.WriteEndObject();
        }

        _json.WriteEndObject();
    }

    private void Attribute(string key, string value)
    {
        _json!.WriteStartObject();
        _json.WriteString("key", key);
        _json.WriteStartObject("value");
        _json.WriteString("stringValue", value);
        _json.WriteEndObject();
        _json.WriteEndObject();
    }
}

/// <summary>Ids for traces and spans; the same capture gives the same.</summary>
internal sealed class SpanIds
{
    private ulong _trace;
    private ulong _span;

    public string NextTrace()
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, 0x706c656961640000);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], ++_trace);
        return Convert.ToHexStringLower(bytes);
    }

    public string NextSpan() => (++_span).ToString("x16", CultureInfo.InvariantCulture);
}
