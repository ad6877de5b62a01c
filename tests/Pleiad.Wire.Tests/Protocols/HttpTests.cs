using Pleiad.Wire.Tests.Fixtures;
using Shouldly;
using Xunit;

namespace Pleiad.Wire.Tests.Protocols;

public sealed class HttpTests
{
    private const string Get = "GET /a?x=1 HTTP/1.1\r\nHost: x\r\n\r\n";

    [Fact]
    public void A_chunked_answer_ends_with_its_trailer()
    {
        var (log, traffic, _) = ExchangeLog.Read(new FrameWriter().Open().Client(Get)
            .Server("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel").Server("lo\r\n1").Server("0;x=y\r\n0123456789abcdef\r\n0\r\nA: b\r").Server("\n\r\n").ToCapture());

        log.Completed.ShouldHaveSingleItem().DurationNs.ShouldBe(4 * FrameWriter.StepNs);
        traffic.Protocols.Single(protocol => protocol.Name == "http").Account.BytesNotParsed.ShouldBe(0);
    }

    [Fact]
    public void Pipelined_requests_get_their_answers_in_order()
    {
        var (log, _, _) = ExchangeLog.Read(new FrameWriter().Open().Client("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\nHEAD /3 HTTP/1.1\r\n\r\n")
            .Server("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n").Server("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n").ToCapture());

        log.Completed.Select(exchange => (exchange.Uri, exchange.Status)).ShouldBe([("/1", 200), ("/2", 404), ("/3", 200)]);
        log.Completed[2].DurationNs.ShouldBe(2 * FrameWriter.StepNs);
    }

    [Fact]
    public void A_continue_is_no_answer_and_the_body_belongs_to_the_request()
    {
        var (log, _, _) = ExchangeLog.Read(new FrameWriter().Open().Client("POST /p HTTP/1.1\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
            .Server("HTTP/1.1 100 Continue\r\n\r\n").Client("body").Server("HTTP/1.1 201 Made\r\nContent-Length: 0\r\n\r\n").ToCapture());

        var exchange = log.Completed.ShouldHaveSingleItem();
        exchange.Status.ShouldBe(201);
        (exchange.RequestEndNs - exchange.StartNs).ShouldBe(2 * FrameWriter.StepNs);
        exchange.DurationNs.ShouldBe(3 * FrameWriter.StepNs);
    }

    [Fact]
    public void An_answer_may_come_before_the_request_has_ended()
    {
        var (log, _, _) = ExchangeLog.Read(new FrameWriter().Open().Client("POST /p HTTP/1.1\r\nContent-Length: 8\r\n\r\nhalf").Server("HTTP/1.1 405 No\r\nContent-Length: 0\r\n\r\n").Client("rest")
            .Client(Get).Server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").ToCapture());

        log.Completed.Select(exchange => exchange.Status).ShouldBe([405, 200]);
    }

    [Fact]
    public void A_body_has_as_many_bytes_in_chunks_as_with_its_length()
    {
        var (log, _, _) = ExchangeLog.Read(new FrameWriter().Open()
            .Client("POST /a HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc").Server("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nETag: x\r\nDate: now\r\nContent-Length: 9\r\n\r\n123456789")
            .Client("POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n")
            .Server("HTTP/1.1 200 OK\r\netag: x\r\ncontent-type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n1234\r\n5\r\n56789\r\n0\r\n\r\n")
            .Client(Get).Server("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nabc").Finish(false).ToCapture());

        log.Completed.Select(exchange => (exchange.RequestBytes, exchange.AnswerBytes)).ShouldBe([(3, 9), (3, 9), (0, -1)]);
        log.Completed[1].AnswerFields.ShouldBe(log.Completed[0].AnswerFields);
        log.Completed[2].AnswerFields.ShouldNotBe(log.Completed[0].AnswerFields);
    }

    [Fact]
    public void After_an_upgrade_nothing_more_is_read()
    {
        var (log, traffic, _) = ExchangeLog.Read(new FrameWriter().Open().Client("GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n")
            .Server("HTTP/1.1 101 Switching\r\n\r\n").Client("GET /no HTTP/1.1\r\n\r\n").ToCapture());

        log.Completed.ShouldHaveSingleItem().Status.ShouldBe(101);
        traffic.Protocols.Single(protocol => protocol.Name == "http").Account.Opaque.ShouldBe(1);
    }

    [Fact]
    public void Heads_may_be_cut_anywhere()
    {
        var text = Get + Get;
        var answer = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 204 None\r\n\r\n";
        for (var cut = 1; cut < text.Length - 1; cut++)
        {
            var (log, _, _) = ExchangeLog.Read(new FrameWriter().Open().Client(text[..cut]).Client(text[cut..]).Server(answer[..Math.Min(cut, answer.Length - 1)]).Server(answer[Math.Min(cut, answer.Length - 1)..]).ToCapture());
            // What begins a connection must show what it is.
            log.Completed.Count.ShouldBe(cut < 6 ? log.Completed.Count : 2, $"cut at {cut}");
        }
    }

    [Fact]
    public void Tls_is_said_and_not_read()
    {
        var writer = new FrameWriter().Open();
        writer.Data(true, [0x16, 3, 1, 0, 4, 1, 0, 0, 0]);

        var unknown = ExchangeLog.Read(writer.ToCapture()).Traffic.Unknown;
        unknown.Tls.ShouldBe(1);
        unknown.TlsServers.ShouldBe(["10.0.0.2:8080"]);
    }
}
