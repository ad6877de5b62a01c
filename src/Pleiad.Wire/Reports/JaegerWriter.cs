using System.Globalization;
using System.Text.Json;
using Pleiad.Wire.Association;
using Pleiad.Wire.Decomposition;
using Pleiad.Wire.Protocols;
using Pleiad.Wire.Schemes;

namespace Pleiad.Wire.Reports;

/// <summary>spans.jaeger.json: what Jaeger's page opens from a file. It loads all of it at once, so only the first requests are in it; spans.otlp.jsonl has all.</summary>
internal sealed class JaegerWriter(string file, StatementTable statements) : IRequestWriter
{
    private const int TracesMax = 500;

    private readonly FileStream _out = new(file, FileMode.Create, FileAccess.Write);
    private readonly SpanIds _ids = new();
    private Utf8JsonWriter? _writer;
    private TierMap? _map;
    private int _traces;
    private bool _ended;

    private Utf8JsonWriter Json => _writer ??= new Utf8JsonWriter(_out);

    public void Begin(TierMap map)
    {
        _map = map;
        Json.WriteStartObject();
        Json.WriteStartArray("data");
    }

    public void Write(RequestTimes times)
    {
        if (_traces >= TracesMax)
        {
            return;
        }

        _traces++;
        var trace = _ids.NextTrace();
        Json.WriteStartObject();
        Json.WriteString("traceID", trace);
        Json.WriteStartArray("spans");
        Span(times.Request, trace, null);
        Json.WriteEndArray();
        Json.WriteStartObject("processes");
        for (var tier = 0; tier < _map!.Count; tier++)
        {
            Json.WriteStartObject($"p{tier}");
            Json.WriteString("serviceName", _map.Scheme.Tiers[tier].Name);
            Json.WriteStartArray("tags");
            Json.WriteEndArray();
            Json.WriteEndObject();
        }

        Json.WriteEndObject();
        Json.WriteEndObject();
    }

    public void End()
    {
        if (!_ended)
        {
            _ended = true;
            if (_map is null)
            {
                Json.WriteStartObject();
                Json.WriteStartArray("data");
            }

            Json.WriteEndArray();
            Json.WriteEndObject();
            Json.Flush();
        }
    }

    public void Dispose()
    {
        End();
        _writer?.Dispose();
        _out.Dispose();
    }

    private void Span(Node node, string trace, string? parent)
    {
        const int NsPerMicrosecond = 1000;
        var exchange = node.Exchange;
        var id = _ids.NextSpan();
        Json.WriteStartObject();
        Json.WriteString("traceID", trace);
        Json.WriteString("spanID", id);
        Json.WriteString("operationName", SpanText.Of(exchange, statements));
        Json.WriteStartArray("references");
        if (parent is not null)
        {
            Json.WriteStartObject();
            Json.WriteString("refType", "CHILD_OF");
            Json.WriteString("traceID", trace);
            Json.WriteString("spanID", parent);
            Json.WriteEndObject();
        }

        Json.WriteEndArray();
        Json.WriteNumber("startTime", exchange.StartNs / NsPerMicrosecond);
        Json.WriteNumber("duration", Math.Max(1, exchange.DurationNs / NsPerMicrosecond));
        Json.WriteStartArray("tags");
        Tag("protocol", exchange.Conversation.Protocol);
        Tag("server", exchange.Conversation.Server.ToString());
        Tag("status", exchange.Status.ToString(CultureInfo.InvariantCulture));
        if (parent is not null)
        {
            Tag("posterior", node.ParentPosterior.ToString("0.####", CultureInfo.InvariantCulture));
        }

        Json.WriteEndArray();
        Json.WriteStartArray("logs");
        Json.WriteEndArray();
        Json.WriteString("processID", $"p{node.Tier}");
        Json.WriteEndObject();
        foreach (var call in node.Calls)
        {
            Span(call, trace, id);
        }
    }

    private void Tag(string key, string value)
    {
        Json.WriteStartObject();
        Json.WriteString("key", key);
        Json.WriteString("type", "string");
        Json.WriteString("value", value);
        Json.WriteEndObject();
    }
}
