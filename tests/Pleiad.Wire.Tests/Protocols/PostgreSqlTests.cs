using System.Buffers.Binary;
using System.Text;
using Pleiad.Wire.Protocols;
using Pleiad.Wire.Tests.Fixtures;
using Shouldly;
using Xunit;

namespace Pleiad.Wire.Tests.Protocols;

public sealed class PostgreSqlTests
{
    private static readonly byte[] Ready = Message('Z', (byte)'I');
    private static readonly byte[] InTransaction = Message('Z', (byte)'T');

    [Fact]
    public void Simple_queries_have_patterns_without_comments_and_literals()
    {
        var (log, traffic, _) = Read(writer => writer.Data(true, Query("/* id=77 */ SELECT a FROM t WHERE b = 'it''s' AND c=42 -- end")).Data(false, [.. Complete("SELECT 1"), .. Ready]));

        var exchange = log.Completed.ShouldHaveSingleItem();
        traffic.Statements.Text(exchange.Statement).ShouldBe("SELECT a FROM t WHERE b = ? AND c=?");
        exchange.Values.Select(value => value.Hash).ShouldBe([ValueHash.OfText("it''s"u8), ValueHash.OfNumber(42)]);
    }

    [Fact]
    public void Prepared_statements_are_known_by_name_and_pipelined_ones_end_in_order()
    {
        var bind = Bind("", "s1", 7);
        var (log, traffic, _) = Read(writer => writer
            .Data(true, [.. Parse("s1", "SELECT x FROM y WHERE z = $1"), .. bind, .. Execute(""), .. Sync, .. bind, .. Execute(""), .. Sync])
            .Data(false, [.. Complete("SELECT 1"), .. Ready]).Data(false, [.. Complete("SELECT 1"), .. Ready]));

        log.Completed.Count.ShouldBe(2);
        log.Completed.ShouldAllBe(exchange => traffic.Statements.Text(exchange.Statement) == "SELECT x FROM y WHERE z = $1" && exchange.Values.Single().Hash == ValueHash.OfNumber(7));
        (log.Completed[1].EndNs - log.Completed[0].EndNs).ShouldBe(FrameWriter.StepNs);
    }

    [Fact]
    public void A_statement_prepared_before_the_capture_is_told_by_what_its_executions_show()
    {
        byte[] one = Message('D', 0, 1, 0, 0, 0, 1, (byte)'1');
        byte[] other = Message('D', 0, 1, 0, 0, 0, 1, (byte)'2');
        byte[] ask = [.. Message('B', "\0S_1\0\0\0\0\0\0\0"u8.ToArray()), .. Execute(""), .. Sync];
        byte[] find = [.. Bind("", "S_2", 7), .. Execute(""), .. Sync];
        var (log, traffic, _) = Read(writer => writer
            .Data(true, ask).Data(false, [.. one, .. Complete("SELECT 1"), .. Ready])
            .Data(true, find).Data(false, [.. one, .. Complete("SELECT 1"), .. Ready])
            .Data(true, find).Data(false, [.. Complete("SELECT 0"), .. Ready])
            .Data(true, ask).Data(false, [.. other, .. Complete("SELECT 1"), .. Ready])
            .Data(true, ask).Data(false, [.. one, .. Complete("SELECT 1"), .. Ready]));

        // A pool's question is always answered with 1; what was once answered otherwise asks for something.
        log.Completed.Select(exchange => exchange.Kind).ShouldBe([ExchangeKind.Validation, ExchangeKind.Request, ExchangeKind.Request, ExchangeKind.Request, ExchangeKind.Request]);
        log.Completed.Select(exchange => traffic.Statements.Text(exchange.Statement)).Distinct().ShouldBe(
            ["(SELECT prepared before the capture as 'S_1': 0 parameters, 1 columns)", "(SELECT prepared before the capture as 'S_2': 1 parameters b, 1 columns)"]);
    }

    [Fact]
    public void Statements_prepared_before_the_capture_that_show_the_same_are_of_one_kind_whatever_their_names()
    {
        byte[] Ask(string name) => [.. Message('B', [0, .. Encoding.ASCII.GetBytes(name), 0, 0, 0, 0, 0, 0, 1, 0, 1]), .. Execute(""), .. Sync];
        byte[] Number(byte bytes) => [.. Message('D', [0, 1, 0, 0, 0, bytes, .. new byte[bytes]]), .. Complete("SELECT 1"), .. Ready];
        var (log, traffic, _) = Read(writer => writer
            .Data(true, Ask("S_1")).Data(false, Number(8))
            .Data(true, Ask("S_9")).Data(false, Number(8))
            .Data(true, Ask("S_3")).Data(false, Number(4)));

        log.Completed.Select(exchange => exchange.Statement).Distinct().Count().ShouldBe(3);
        log.Completed.ShouldAllBe(exchange => exchange.StatementKind == traffic.Statements.KindOf(exchange.Statement) && exchange.StatementKind > 0);
        log.Completed[1].StatementKind.ShouldBe(log.Completed[0].StatementKind);
        log.Completed[2].StatementKind.ShouldNotBe(log.Completed[0].StatementKind);
    }

    [Fact]
    public void An_empty_query_validates_and_a_transaction_holds_the_connection()
    {
        var (log, _, _) = Read(writer => writer.Data(true, Query("")).Data(false, [.. Message('I'), .. Ready]).Data(true, Query("BEGIN")).Data(false, [.. Complete("BEGIN"), .. InTransaction])
            .Data(true, Query("COMMIT")).Data(false, [.. Complete("COMMIT"), .. Ready]));

        log.Completed.Select(exchange => exchange.Kind).ShouldBe([ExchangeKind.Validation, ExchangeKind.Request, ExchangeKind.Request]);
        log.Completed.Select(exchange => (exchange.InTransaction, exchange.LeavesTransactionOpen)).ShouldBe([(false, false), (false, true), (true, false)]);
    }

    [Fact]
    public void An_error_has_its_state_and_notices_belong_to_nothing()
    {
        var (log, _, _) = Read(writer => writer.Data(false, Message('N', "SNOTICE\0C00000\0\0"u8.ToArray())).Data(true, Query("SELECT wrong"))
            .Data(false, [.. Message('E', "SERROR\0C42703\0Mno column\0\0"u8.ToArray()), .. Ready]));

        var exchange = log.Completed.ShouldHaveSingleItem();
        exchange.Error.ShouldBe("42703");
        exchange.AnswerStartNs.ShouldBe(exchange.EndNs);
    }

    [Fact]
    public void A_copy_from_the_client_is_one_exchange()
    {
        var (log, _, _) = Read(writer => writer.Data(true, Query("COPY t FROM STDIN")).Data(false, Message('G', 0, 0, 0)).Data(true, [.. Message('d', 1, 2, 3), .. Message('c')])
            .Data(false, [.. Complete("COPY 1"), .. Ready]).Data(true, Query("SELECT 1")).Data(false, [.. Complete("SELECT 1"), .. Ready]));

        log.Completed.Count.ShouldBe(2);
        log.Completed[0].DurationNs.ShouldBe(3 * FrameWriter.StepNs);
    }

    [Theory]
    [InlineData('S', 1, 0)]
    [InlineData('N', 0, 1)]
    public void Tls_is_recognised_and_a_refused_one_goes_on_in_the_clear(char answer, int opaque, int queries)
    {
        var (log, traffic, _) = Read(writer => writer.Data(true, Startup(80_877_103)).Data(false, [(byte)answer]).Data(true, Startup(196_608, "user\0me\0\0"))
            .Data(false, [.. Message('R', 0, 0, 0, 0), .. Ready]).Data(true, Query("SELECT 1 FROM t")).Data(false, [.. Complete("SELECT 1"), .. Ready]));

        traffic.Protocols.Single(protocol => protocol.Name == "postgresql").Account.Opaque.ShouldBe(opaque);
        log.Completed.Count(exchange => exchange.Kind == ExchangeKind.Request).ShouldBe(queries);
    }

    [Fact]
    public void Long_answers_are_passed_over_and_cut_anywhere_they_read_the_same()
    {
        byte[] answer = [.. Message('T', 0, 1), .. Enumerable.Range(0, 40).SelectMany(_ => Message('D', [0, 1, 0, 0, 0, 90, .. new byte[90]])), .. Complete("SELECT 40"), .. Ready];
        for (var cut = 1; cut < answer.Length; cut += 37)
        {
            var (log, _, _) = Read(writer => writer.Data(true, Query("SELECT b FROM t")).Data(false, answer[..cut]).Data(false, answer[cut..]));
            log.Completed.ShouldHaveSingleItem().DurationNs.ShouldBe(2 * FrameWriter.StepNs, $"cut at {cut}");
        }
    }

    private static byte[] Sync => Message('S');

    private static (ExchangeLog Log, Wire.Captures.TrafficReader Traffic, Wire.Captures.CaptureAccount Capture) Read(Func<FrameWriter, FrameWriter> write) =>
        ExchangeLog.Read(write(new FrameWriter { ServerPort = 6000 }.Open()).ToCapture());

    private static byte[] Message(char type, params byte[] body)
    {
        var message = new byte[5 + body.Length];
        message[0] = (byte)type;
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(1), 4 + body.Length);
        body.CopyTo(message, 5);
        return message;
    }

    private static byte[] Query(string sql) => Message('Q', Encoding.UTF8.GetBytes(sql + "\0"));

    private static byte[] Complete(string tag) => Message('C', Encoding.UTF8.GetBytes(tag + "\0"));

    private static byte[] Parse(string name, string sql) => Message('P', [.. Encoding.UTF8.GetBytes($"{name}\0{sql}\0"), 0, 0]);

    private static byte[] Bind(string portal, string name, int value) =>
        Message('B', [.. Encoding.UTF8.GetBytes($"{portal}\0{name}\0"), 0, 1, 0, 1, 0, 1, 0, 0, 0, 4, 0, 0, 0, (byte)value, 0, 0]);

    private static byte[] Execute(string portal) => Message('E', [.. Encoding.UTF8.GetBytes(portal + "\0"), 0, 0, 0, 0]);

    private static byte[] Startup(int code, string body = "")
    {
        var packet = new byte[8 + body.Length];
        BinaryPrimitives.WriteInt32BigEndian(packet, packet.Length);
        BinaryPrimitives.WriteInt32BigEndian(packet.AsSpan(4), code);
        Encoding.UTF8.GetBytes(body).CopyTo(packet, 8);
        return packet;
    }
}
