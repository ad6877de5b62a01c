using Pleiad.Wire.Packets;
using Pleiad.Wire.Tests.Fixtures;
using Shouldly;
using Xunit;

namespace Pleiad.Wire.Tests.Tcp;

public sealed class ReassemblyTests
{
    private const string Request = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
    private const string Answer = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Both_versions_of_ip_are_read(bool isIpv6)
    {
        var (log, traffic, _) = ExchangeLog.Read(new FrameWriter(isIpv6: isIpv6).Open().Client(Request).Server(Answer).ToCapture());

        log.Completed.ShouldHaveSingleItem().Status.ShouldBe(200);
        log.Completed[0].Conversation.Server.ToString().ShouldBe(isIpv6 ? "[fd00::2]:8080" : "10.0.0.2:8080");
        traffic.Tcp.Connections.ShouldBe(1);
    }

    [Fact]
    public void Segments_out_of_order_are_put_right_and_count_when_they_became_readable()
    {
        var writer = new FrameWriter().Open();
        var at = writer.ClientNext;
        writer.At(true, at + 10, Request[10..]).At(true, at, Request[..10]);
        writer.ClientNext = at + (uint)Request.Length;

        var (log, traffic, _) = ExchangeLog.Read(writer.Server(Answer).ToCapture());

        var exchange = log.Completed.ShouldHaveSingleItem();
        exchange.Uri.ShouldBe("/a");
        exchange.StartNs.ShouldBe(FrameWriter.FirstNs + (3 * FrameWriter.StepNs));
        traffic.Tcp.OutOfOrder.ShouldBe(1);
        traffic.Tcp.BytesUnseen.ShouldBe(0);
    }

    [Fact]
    public void Repeated_and_overlapping_segments_count_once()
    {
        var writer = new FrameWriter().Open();
        var at = writer.ClientNext;
        writer.Client(Request).Repeat().At(true, at, Request);
        var answerAt = writer.ServerNext;
        writer.At(false, answerAt, Answer[..30]).At(false, answerAt + 20, Answer[20..]);
        writer.ServerNext = answerAt + (uint)Answer.Length;
        writer.Client(Request).Server(Answer);

        var (log, traffic, _) = ExchangeLog.Read(writer.ToCapture());

        log.Completed.Count.ShouldBe(2);
        log.Completed.ShouldAllBe(exchange => exchange.Status == 200);
        traffic.Tcp.Duplicates.ShouldBe(1);
        traffic.Tcp.Retransmitted.ShouldBe(2);
        traffic.Tcp.BytesUnseen.ShouldBe(0);
    }

    [Fact]
    public void Keep_alives_are_no_data()
    {
        var writer = new FrameWriter().Open().Client(Request).Server(Answer);
        writer.At(true, writer.ClientNext - 1, "x").Client(Request).Server(Answer);

        var (log, traffic, _) = ExchangeLog.Read(writer.ToCapture());

        log.Completed.Count.ShouldBe(2);
        traffic.Tcp.KeepAlives.ShouldBe(1);
    }

    [Fact]
    public void A_connection_begun_before_the_capture_is_read_from_its_next_message()
    {
        var (log, traffic, _) = ExchangeLog.Read(new FrameWriter().Server("end of an earlier answer").Client(Request).Server(Answer).ToCapture());

        log.Completed.ShouldHaveSingleItem().Uri.ShouldBe("/a");
        traffic.Tcp.BegunBeforeCapture.ShouldBe(1);
    }

    [Fact]
    public void A_gap_is_counted_and_the_next_message_is_read()
    {
        var writer = new FrameWriter().Open().Client(Request).Lose(false, 25);
        writer.Server(Answer[25..]);
        for (var segment = 0; segment < 10; segment++)
        {
            writer.Acknowledge(true);
        }

        writer.Client(Request).Server(Answer);

        var (log, traffic, _) = ExchangeLog.Read(writer.ToCapture());

        log.Completed.ShouldHaveSingleItem();
        log.Abandoned.ShouldBe(1);
        traffic.Tcp.Gaps.ShouldBe(1);
        traffic.Tcp.BytesUnseen.ShouldBe(25);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void After_a_lost_message_requests_and_answers_still_belong_together(bool losesRequest)
    {
        const int Exchanges = 40;
        const int Lost = 10;
        var writer = new FrameWriter().Open();
        for (var number = 0; number < Exchanges; number++)
        {
            var request = $"GET /{number} HTTP/1.1\r\n\r\n";
            var answer = $"HTTP/1.1 {200 + number} OK\r\nContent-Length: 0\r\n\r\n";
            _ = number == Lost && losesRequest ? writer.Lose(true, request.Length) : writer.Client(request);
            _ = number == Lost && !losesRequest ? writer.Lose(false, answer.Length) : writer.Server(answer);
        }

        var log = ExchangeLog.Read(writer.ToCapture()).Log;

        // The answer that was lost takes the request after it along, as nobody can say which of the two it was for.
        log.Completed.Count.ShouldBe(Exchanges - (losesRequest ? 1 : 2));
        log.Completed.ShouldAllBe(exchange => exchange.Uri == $"/{exchange.Status - 200}" && exchange.EndNs - exchange.StartNs == FrameWriter.StepNs);
    }

    [Fact]
    public void A_gap_inside_a_body_of_known_length_loses_no_message()
    {
        var head = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n";
        var writer = new FrameWriter().Open().Client(Request).Server(head + new string('a', 200)).Lose(false, 300);
        writer.Server(new string('b', 500));
        for (var segment = 0; segment < 10; segment++)
        {
            writer.Acknowledge(true);
        }

        var (log, traffic, _) = ExchangeLog.Read(writer.Client(Request).Server(Answer).ToCapture());

        log.Completed.Count.ShouldBe(2);
        traffic.Tcp.BytesUnseen.ShouldBe(300);
    }

    [Fact]
    public void A_reset_ends_what_was_under_way()
    {
        var writer = new FrameWriter().Open().Client(Request);
        writer.At(false, writer.ServerNext, "", TcpFlags.Rst);

        var (log, traffic, _) = ExchangeLog.Read(writer.ToCapture());

        log.Completed.ShouldBeEmpty();
        log.Abandoned.ShouldBe(1);
        traffic.Tcp.Resets.ShouldBe(1);
    }

    [Fact]
    public void After_a_half_close_the_other_side_is_read_on_and_an_answer_without_length_ends_with_the_connection()
    {
        var (log, _, _) = ExchangeLog.Read(new FrameWriter().Open().Client(Request).Finish(true).Server("HTTP/1.0 200 OK\r\n\r\nsome").Server("more").Finish(false).ToCapture());

        log.Completed.ShouldHaveSingleItem().DurationNs.ShouldBe(3 * FrameWriter.StepNs);
    }

    [Fact]
    public void The_same_ports_again_are_another_connection()
    {
        var writer = new FrameWriter().Open().Client(Request).Server(Answer).Finish(true).Finish(false);
        writer.ClientNext = 900_000;
        writer.ServerNext = 800_000;

        var (log, traffic, _) = ExchangeLog.Read(writer.Open().Client(Request).Server(Answer).ToCapture());

        log.Completed.Count.ShouldBe(2);
        traffic.Tcp.Connections.ShouldBe(2);
    }

    [Fact]
    public void Sequence_numbers_may_wrap_around()
    {
        var writer = new FrameWriter { ClientNext = uint.MaxValue - 5, ServerNext = uint.MaxValue - 12 };

        ExchangeLog.Read(writer.Open().Client(Request).Server(Answer).Client(Request).Server(Answer).ToCapture()).Log.Completed.Count.ShouldBe(2);
    }
}
