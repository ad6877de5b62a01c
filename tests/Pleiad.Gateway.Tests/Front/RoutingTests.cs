using System.Net;
using System.Text.Json;
using Shouldly;
using Xunit;

namespace Pleiad.Gateway.Tests.Front;

public sealed class RoutingTests
{
    [Theory]
    [InlineData("/primes/count?n=5", "localhost", "/count?n=5")]
    [InlineData("/primes/", "127.0.0.1:7080", "/")]
    [InlineData("/primes", "127.0.0.1", "/")]
    [InlineData("/primes?n=5", "gateway", "/?n=5")]
    [InlineData("/primes/a%20b/%C3%A9?q=%26", "other.example.org", "/a%20b/%C3%A9?q=%26")]
    [InlineData("/count?n=5", "primes.example.org", "/count?n=5")]
    [InlineData("/count", "PRIMES.Example.org:7080", "/count")]
    [InlineData("/primes/count", "primes.example.org", "/primes/count")]
    [InlineData("/primes/../primes/x", "localhost", "/x")]
    public async Task A_service_is_named_by_the_host_or_by_the_path(string target, string host, string expected)
    {
        await using var machine = RawMachine.Answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await using var gateway = await GatewayFixture.StartAsync();
        gateway.Add(machine);

        using var client = await gateway.ConnectAsync();
        await client.WriteAsync($"GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n");

        (await client.ReadHeadAsync()).ShouldNotBeNull().ShouldStartWith("HTTP/1.1 200");
        machine.Received.ShouldStartWith($"GET {expected} HTTP/1.1\r\n");
    }

    [Theory]
    [InlineData("/nosuch/x", "localhost", "nosuch")]
    [InlineData("/nosuch", "primes", "nosuch")]
    [InlineData("/x", "127.0.0.1", "x")]
    [InlineData("/x", "[::1]:80", "x")]
    [InlineData("/PRIMES/x", "localhost", "PRIMES")]
    public async Task An_unknown_service_is_named_in_the_error(string target, string host, string name)
    {
        await using var gateway = await GatewayFixture.StartAsync();
        using var client = await gateway.ConnectAsync();
        await client.WriteAsync($"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");

        (await client.ReadHeadAsync()).ShouldNotBeNull().ShouldStartWith("HTTP/1.1 404");
        var text = await client.ReadToEndAsync();
        text.ShouldNotContain("\\u0027", customMessage: "people read it in terminals");
        var problem = JsonDocument.Parse(text).RootElement;
        problem.GetProperty("service").GetString().ShouldBe(name);
        problem.GetProperty("reason").GetString().ShouldBe("no-service");
        problem.GetProperty("detail").GetString().ShouldNotBeNull().ShouldContain($"'{name}'");
    }

    [Fact]
    public async Task A_request_that_names_no_service_is_told_how_to()
    {
        await using var gateway = await GatewayFixture.StartAsync();
        var answer = await gateway.Client.GetAsync(new Uri("/", UriKind.Relative));
        answer.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        (await answer.Content.ReadAsStringAsync()).ShouldContain("names no service");
    }

    [Fact]
    public async Task Tunnels_are_refused()
    {
        await using var gateway = await GatewayFixture.StartAsync();
        using var client = await gateway.ConnectAsync();
        await client.WriteAsync("CONNECT primes.example.org:80 HTTP/1.1\r\nHost: primes.example.org:80\r\n\r\n");
        (await client.ReadHeadAsync()).ShouldNotBeNull().ShouldStartWith("HTTP/1.1 405");
    }
}
