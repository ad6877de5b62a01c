using System.Text;
using Pleiad.Wire.Protocols;
using Pleiad.Wire.Tests.Fixtures;
using Shouldly;
using Xunit;

namespace Pleiad.Wire.Tests.Protocols;

/// <summary>What a proxy puts before all else on a connection.</summary>
public sealed class ProxyHeaderTests
{
    private const string Get = "GET /a HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 9.9.9.9\r\n\r\n";
    private const string Answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    private const string V2 = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\x0a\x4d\0\x01\x0a\x4d\0\x02\x12\x67\0\x50";

    [Theory]
    [InlineData("PROXY TCP4 10.77.0.1 10.77.0.2 4711 80\r\n", "10.77.0.1:4711")]
    [InlineData("PROXY TCP6 fd77::1 fd77::2 4711 80\r\n", "[fd77::1]:4711")]
    [InlineData(V2, "10.77.0.1:4711")]
    [InlineData("\r\n\r\n\0\r\nQUIT\n\x21\x21\0\x24\xfd\x77\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\xfd\x77\0\0\0\0\0\0\0\0\0\0\0\0\0\x02\x12\x67\0\x50", "[fd77::1]:4711")]
    public void Names_the_client_of_every_request_on_its_connection(string header, string client)
    {
        var (log, traffic, _) = ExchangeLog.Read(new FrameWriter().Open().Client(header + Get).Server(Answer).Client(Get).Server(Answer).ToCapture());

        log.Completed.Select(exchange => exchange.FrontClient?.ToString()).ShouldBe([client, client]);
        traffic.Protocols.Single(protocol => protocol.Name == "http").Account.BytesNotParsed.ShouldBe(0);
    }

    [Theory]
    [InlineData("PROXY UNKNOWN\r\n")]
    [InlineData("\r\n\r\n\0\r\nQUIT\n\x20\0\0\0")]
    public void Names_nobody_where_the_proxy_speaks_for_itself(string header)
    {
        var (log, _, _) = ExchangeLog.Read(new FrameWriter().Open().Client(header + Get).Server(Answer).ToCapture());

        log.Completed.ShouldHaveSingleItem().FrontClient?.ToString().ShouldBe("9.9.9.9:0");
    }

    [Fact]
    public void In_a_segment_of_its_own_it_is_no_part_of_the_request()
    {
        var (log, _, _) = ExchangeLog.Read(new FrameWriter().Open().Client(V2).Client(Get).Server(Answer).ToCapture());

        var exchange = log.Completed.ShouldHaveSingleItem();
        exchange.FrontClient?.Port.ShouldBe(4711);
        exchange.DurationNs.ShouldBe(FrameWriter.StepNs);
    }

    [Theory]
    [InlineData("PROXY ")]
    [InlineData("PROXY TCP4 10.77.0.1 10.77.0.2 4711")]
    [InlineData("PROXY TCP4 a b c d\r\n")]
    [InlineData("PROXY TCP4 1 2 3 4 5 6\r\n")]
    [InlineData("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\x0a")]
    [InlineData("\r\n\r\n\0\r\nQUIT\n\x11\x11\0\0")]
    public void What_is_no_whole_header_is_none(string bytes) => ProxyHeader.Read(Encoding.Latin1.GetBytes(bytes), out _).ShouldBe(0);
}
