using System.Globalization;
using Pleiad.Wire.Protocols;
using Pleiad.Wire.Tests.Fixtures;
using Shouldly;
using Xunit;

namespace Pleiad.Wire.Tests.Protocols;

/// <summary>
/// The parsers against tshark 4.0.17, message by message, on every stored capture of edge cases and public test suites. Where tshark is wrong stands in docs/wire.md, and here as
/// the exact frames.
/// </summary>
public sealed class TsharkTests
{
    private const string EdgeCases = "edge-cases.pcapng.xz";
    private const string Ajp = "public/ndpi-ajp.pcap";
    private const int AjpPort = 8009;

    public static readonly TheoryData<string> Captures =
    [
        EdgeCases, Ajp, "public/ndpi-oracle12.pcapng", "public/ndpi-pgsql.pcap", "public/zeek-http-pipelined-requests.pcap", "public/zeek-pg-greenhouse-app.pcap",
        "public/zeek-pg-psql-select-now.pcap",
    ];

    // After a body that an early answer cut off, tshark takes the next request on the connection for another body; and it misreads a request that crosses two segments.
    private static readonly Dictionary<string, int[]> RequestsThatTsharkMisses = new() { [EdgeCases] = [118, 136], [Ajp] = [13] };

    [Theory]
    [MemberData(nameof(Captures))]
    public void Http_requests_and_answers_are_tshark_s(string capture)
    {
        var own = new OwnReading(capture);
        var tshark = TsharkRow.Of(capture);

        var requests = tshark.Where(row => row.HttpMethod.Length > 0).Select(row => $"{row.SourcePort} {row.HttpMethod} {row.HttpUri}").Order(StringComparer.Ordinal);
        var exchanges = own.Log.Completed.Where(exchange => exchange.Conversation.Protocol == "http").ToList();
        exchanges.Select(each => $"{each.Conversation.Client.Port} {each.Method} {each.Uri}").Order(StringComparer.Ordinal).ShouldBe(requests);

        // Answers with the frame of their last byte and its time; 100 Continue is a message, but ends nothing.
        var answers = tshark.Where(row => row.HttpStatus.Length > 0 && row.HttpStatus != "100").Select(row => $"{row.Frame} {row.TimeNs} {row.TargetPort} {row.HttpStatus}");
        exchanges.OrderBy(each => each.EndNs).Select(each => $"{own.FrameAt(each.EndNs)} {each.EndNs} {each.Conversation.Client.Port} {each.Status}").ShouldBe(answers);
        own.Of("http").Count(message => message.Code == 100).ShouldBe(tshark.Count(row => row.HttpStatus == "100"));

        // tshark puts a request where its body ends, after an early answer too; here it begins with its first byte.
        foreach (var places in tshark.Where(row => row.HttpMethod.Length > 0).GroupBy(row => (row.SourcePort, row.HttpUri)))
        {
            var same = exchanges.Where(each => (each.Conversation.Client.Port, each.Uri) == places.Key).OrderBy(each => each.StartNs).ToList();
            var shown = places.Select(row => row.TimeNs).Order().ToList();
            for (var index = 0; index < same.Count; index++)
            {
                var until = index + 1 < same.Count ? same[index + 1].StartNs : long.MaxValue;
                shown[index].ShouldBeInRange(same[index].StartNs, same[index].Method == "POST" ? until - 1 : same[index].StartNs);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void Ajp_messages_are_tshark_s(string capture)
    {
        var own = new OwnReading(capture);
        var tshark = TsharkRow.Of(capture);
        var messages = own.Of("ajp").Where(message => message.Conversation.Server.Port == AjpPort).ToList();

        var answers = tshark.Where(row => row.SourcePort == AjpPort && row.AjpCode.Length > 0).SelectMany(row => row.AjpCode.Split(';').Select(code => $"{row.Frame} {row.TargetPort} {code}"));
        messages.Where(message => message.Role == Role.Server).Select(message => $"{message.Frame} {message.Conversation.Client.Port} {message.Code}").ShouldBe(answers);
        var statuses = tshark.Where(row => row.AjpStatus.Length > 0).Select(row => $"{row.SourcePort} {row.TargetPort} {row.AjpStatus} {row.TimeNs}").Order(StringComparer.Ordinal);
        own.Log.Completed.Where(each => each.Conversation.Protocol == "ajp" && each.Conversation.Server.Port == AjpPort && each.Kind == ExchangeKind.Request)
            .Select(each => $"{each.Conversation.Server.Port} {each.Conversation.Client.Port} {each.Status} {each.AnswerStartNs}").Order(StringComparer.Ordinal).ShouldBe(statuses);

        var seen = tshark.Where(row => row.TargetPort == AjpPort && row.AjpCode == "2" && row.AjpUri.Length > 0).ToDictionary(row => row.Frame);
        var missed = new List<int>();
        foreach (var exchange in own.Log.Completed.Where(each => each.Conversation.Protocol == "ajp" && each.Conversation.Server.Port == AjpPort && each.Kind == ExchangeKind.Request))
        {
            var frame = own.FrameAt(exchange.StartNs);
            if (seen.Remove(frame, out var row))
            {
                $"{AjpMethod(row.AjpMethod)} {row.AjpUri} {row.TimeNs}".ShouldBe($"{exchange.Method} {exchange.Uri.Split('?')[0]} {exchange.StartNs}");
            }
            else
            {
                missed.Add(frame);
            }
        }

        missed.ShouldBe(RequestsThatTsharkMisses.GetValueOrDefault(capture, []));
        seen.ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void Postgresql_messages_are_tshark_s_in_kind_and_order(string capture)
    {
        var own = new OwnReading(capture);

        var expected = TsharkRow.Of(capture).Where(row => row.PgTypes.Length > 0)
            .SelectMany(row => row.PgFrontend.Split(';').Zip(row.PgTypes.Split(';'), (frontend, type) => $"{row.Frame} {(frontend == "1" ? row.SourcePort : row.TargetPort)} {(frontend == "1" ? "client" : "server")} {(type.StartsWith("SASL", StringComparison.Ordinal) ? "Password message" : type)}"));
        // The single byte that answers a request for TLS or GSS is no message to tshark.
        own.Of("postgresql").Where(message => message.Code != 0)
            .Select(message => $"{message.Frame} {message.Conversation.Client.Port} {(message.Role == Role.Client ? "client" : "server")} {PostgreSqlName(message)}").ShouldBe(expected);
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void Tns_packets_are_tshark_s(string capture)
    {
        var own = new OwnReading(capture);

        var expected = TsharkRow.Of(capture).Where(row => row.TnsType.Length > 0).SelectMany(row => row.TnsType.Split(';').Select(type => $"{row.Frame} {row.SourcePort} {type}"));
        own.Of("tns").Select(message => string.Create(CultureInfo.InvariantCulture, $"{message.Frame} {(message.Role == Role.Client ? message.Conversation.Client.Port : message.Conversation.Server.Port)} {message.Code}"))
            .ShouldBe(expected);
    }

    private static string AjpMethod(string number) => number switch { "2" => "GET", "4" => "POST", _ => number };

    private static string PostgreSqlName(OwnMessage message) => (message.Role, message.Code) switch
    {
        (_, 196_608) => "Startup message",
        (_, 80_877_102) => "Cancel request",
        (_, 80_877_103) => "SSL request",
        (_, 80_877_104) => "GSS encrypt request",
        (Role.Client, 'B') => "Bind",
        (Role.Client, 'C') => "Close",
        (Role.Client, 'D') => "Describe",
        (Role.Client, 'E') => "Execute",
        (Role.Client, 'P') => "Parse",
        (Role.Client, 'Q') => "Simple query",
        (Role.Client, 'S') => "Sync",
        (Role.Client, 'X') => "Termination",
        (Role.Server, '1') => "Parse completion",
        (Role.Server, '2') => "Bind completion",
        (Role.Server, '3') => "Close completion",
        (Role.Server, 'C') => "Command completion",
        (Role.Server, 'D') => "Data row",
        (Role.Server, 'E') => "Error",
        (Role.Server, 'I') => "Empty query",
        (Role.Server, 'K') => "Backend key data",
        (Role.Server, 'N') => "Notice",
        (Role.Server, 'R') => "Authentication request",
        (Role.Server, 'S') => "Parameter status",
        (Role.Server, 'T') => "Row description",
        (Role.Server, 'Z') => "Ready for query",
        (Role.Server, 'n') => "No data",
        (Role.Client, 'p') => "Password message",
        _ => $"{message.Role} {message.Code}",
    };
}
