using System.Text;
using Pleiad.Wire.Protocols.Http;
using Pleiad.Wire.Tests.Fixtures;
using Shouldly;
using Xunit;

namespace Pleiad.Wire.Tests.Protocols;

public sealed class ForwardedForTests
{
    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1:0")]
    [InlineData("203.0.113.9, 192.0.2.1", "192.0.2.1:0")]
    [InlineData("192.0.2.1:50123", "192.0.2.1:50123")]
    [InlineData("2001:db8::7", "[2001:db8::7]:0")]
    [InlineData("203.0.113.9, [2001:db8::7]:443", "[2001:db8::7]:443")]
    [InlineData("192.0.2.1, unknown", null)]
    [InlineData("192.0.2.1:70000", "192.0.2.1:0")]
    [InlineData("", null)]
    [InlineData(",,", null)]
    public void The_last_of_a_list_is_the_proxy_s_client(string value, string? client) => ForwardedFor.OfList(Encoding.Latin1.GetBytes(value)).ToString().ShouldBe(client ?? "");

    [Theory]
    [InlineData("for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60:0")]
    [InlineData("For=\"[2001:db8:cafe::17]:4711\"", "[2001:db8:cafe::17]:4711")]
    [InlineData("for=192.0.2.43, proto=https; for=\"198.51.100.17:8080\"", "198.51.100.17:8080")]
    [InlineData("for=192.0.2.43, for=_hidden", null)]
    [InlineData("for=192.0.2.43, proto=http", null)]
    [InlineData("for=\"192.0.2.43:_port\"", "192.0.2.43:0")]
    [InlineData("by=\"a,b;for=192.0.2.1\";for=192.0.2.2", "192.0.2.2:0")]
    [InlineData("for=\"[2001:db8::1", null)]
    [InlineData("for=", null)]
    public void The_last_element_of_Forwarded_names_the_proxy_s_client(string value, string? client) => ForwardedFor.OfForwarded(Encoding.Latin1.GetBytes(value)).ToString().ShouldBe(client ?? "");

    [Fact]
    public void A_request_says_whom_a_proxy_asks_for()
    {
        var writer = new FrameWriter().Open();
        foreach (var header in new[] { "X-Forwarded-For: 192.0.2.1\r\nForwarded: for=\"192.0.2.1:50123\"", "x-forwarded-for: 203.0.113.9\r\nX-Forwarded-For: 192.0.2.2", "Accept: */*" })
        {
            writer.Client($"GET / HTTP/1.1\r\n{header}\r\n\r\n").Server("HTTP/1.1 204 No Content\r\n\r\n");
        }

        ExchangeLog.Read(writer.ToCapture()).Log.Completed.Select(exchange => exchange.FrontClient?.ToString()).ShouldBe(["192.0.2.1:50123", "192.0.2.2:0", null]);
    }
}
