using System.Net;
using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Http;
using Pleiad.Gateway.Tests.Transport;
using Shouldly;
using Xunit;

namespace Pleiad.Gateway.Tests.Front;

public sealed class ForwardingTests
{
    private const string Empty = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

    [Fact]
    public async Task Headers_pass_except_those_for_one_connection_and_the_proxys_own_are_set()
    {
        await using var machine = RawMachine.Answering(
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Answer: \u00E9\r\nServer-Timing: work;dur=5\r\nPleiad-Machine: forged\r\nConnection: X-Hop\r\nX-Hop: 1\r\n\r\n");
        await using var gateway = await GatewayFixture.StartAsync();
        gateway.Add(machine);
        using var client = await gateway.ConnectAsync();
        await client.WriteAsync(
            "GET /primes/x HTTP/1.1\r\nHost: some.where:81\r\nX-Own: \u00E9\r\nX-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\n"
            + "Connection: X-Secret, X-Forwarded-For\r\nKeep-Alive: timeout=5\r\nX-Secret: 1\r\nTE: gzip\r\nProxy-Authorization: x\r\nAccept: a/b\r\n\r\n");
        var answer = (await client.ReadHeadAsync()).ShouldNotBeNull();

        var lines = machine.Received.Split("\r\n");
        lines.ShouldContain("Host: some.where:81");
        lines.ShouldContain("X-Own: \u00E9");
        lines.ShouldContain("Accept: a/b");
        lines.ShouldContain("X-Forwarded-For: 1.2.3.4, 127.0.0.1");
        lines.ShouldContain("X-Forwarded-Proto: http");
        lines.ShouldContain("X-Forwarded-Host: some.where:81");
        lines.ShouldContain("X-Forwarded-Prefix: /primes");
        lines.Where(line => line.StartsWith("X-Forwarded-", StringComparison.Ordinal)).Count().ShouldBe(4);
        foreach (var gone in new[] { "Connection", "Keep-Alive", "X-Secret", "TE:", "Proxy-Authorization" })
        {
            lines.ShouldNotContain(line => line.StartsWith(gone, StringComparison.OrdinalIgnoreCase), machine.Received);
        }

        answer.ShouldContain("\r\nX-Answer: \u00E9\r\n");
        answer.ShouldContain($"\r\nPleiad-Machine: {machine.Id}\r\n");
        answer.ShouldContain("work;dur=5");
        answer.ShouldContain("queue;dur=0");
        answer.ShouldNotContain("forged");
        answer.ShouldNotContain("X-Hop");
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    [InlineData("PATCH")]
    [InlineData("OPTIONS")]
    [InlineData("PURGE")]
    public async Task Any_method_passes_with_its_body(string method)
    {
        await using var gateway = await GatewayFixture.StartAsync();
        await gateway.AddAsync(async context => await context.Response.WriteAsync(
            $"{context.Request.Method} {context.Request.Path} {await new StreamReader(context.Request.Body).ReadToEndAsync()}"));
        using var request = new HttpRequestMessage(new HttpMethod(method), "x") { Content = new StringContent("body") };
        var answer = await gateway.Client.SendAsync(request).Soon();
        (await answer.Content.ReadAsStringAsync()).ShouldBe($"{method} /x body");
    }

    [Theory]
    [InlineData("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", "200", "Content-Length: 5000")]
    [InlineData("GET", "HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n", "204", "X-A: b")]
    [InlineData("GET", "HTTP/1.1 304 Not Modified\r\nETag: \"v\"\r\n\r\n", "304", "ETag: \"v\"")]
    [InlineData("DELETE", "HTTP/1.1 200 Gone Now\r\nContent-Length: 0\r\n\r\n", "200 Gone Now", "Content-Length: 0")]
    public async Task Answers_without_a_body_end_at_once_and_the_connection_stays(string method, string text, string status, string header)
    {
        await using var machine = RawMachine.Answering(text);
        await using var gateway = await GatewayFixture.StartAsync();
        gateway.Add(machine);
        using var client = await gateway.ConnectAsync();
        for (var round = 0; round < 2; round++)
        {
            await client.WriteAsync($"{method} /primes/x HTTP/1.1\r\nHost: h\r\n\r\n");
            var answer = (await client.ReadHeadAsync()).ShouldNotBeNull();
            answer.ShouldStartWith($"HTTP/1.1 {status}");
            answer.ShouldContain(header);
            answer.ShouldNotContain("Transfer-Encoding");
        }

        await gateway.IdleAsync();
        machine.Peers.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Redirects_cookies_and_compressed_bodies_pass_untouched()
    {
        await using var machine = RawMachine.Answering(
            "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nxyz");
        await using var gateway = await GatewayFixture.StartAsync();
        gateway.Add(machine);
        var answer = await gateway.Client.GetAsync(new Uri("x", UriKind.Relative)).Soon();
        answer.StatusCode.ShouldBe(HttpStatusCode.Found);
        answer.Headers.GetValues("Location").ShouldBe(["/elsewhere"]);
        answer.Headers.GetValues("Set-Cookie").ShouldBe(["a=1", "b=2"]);
        (await answer.Content.ReadAsStringAsync()).ShouldBe("xyz");
        await gateway.Client.GetAsync(new Uri("x", UriKind.Relative)).Soon();
        machine.Received.ShouldNotContain("Cookie");
    }

    [Fact]
    public async Task The_answer_begins_to_arrive_before_the_request_ends()
    {
        await using var gateway = await GatewayFixture.StartAsync();
        await gateway.AddAsync(async context =>
        {
            await context.Response.StartAsync();
            await context.Request.Body.CopyToAsync(context.Response.Body);
        });
        using var client = await gateway.ConnectAsync();
        await client.WriteAsync("POST /primes/echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
        await client.WriteAsync("3\r\none\r\n");
        (await client.ReadHeadAsync()).ShouldNotBeNull().ShouldStartWith("HTTP/1.1 200");
        (await client.ReadUntilAsync("3\r\none\r\n")).ShouldBe("3\r\none\r\n");
        await client.WriteAsync("3\r\ntwo\r\n");
        (await client.ReadUntilAsync("3\r\ntwo\r\n")).ShouldBe("3\r\ntwo\r\n");
        gateway.Dispatcher.Observe().InFlight.ShouldBe(1);
        await client.WriteAsync("0\r\n\r\n");
        (await client.ReadUntilAsync("0\r\n\r\n")).ShouldBe("0\r\n\r\n");
        await gateway.IdleAsync();
    }

    [Theory]
    [InlineData("big")]
    [InlineData("")]
    public async Task A_refusal_of_an_upload_arrives_before_the_upload_ends(string text)
    {
        await using var machine = RawMachine.Start(async (peer, _) =>
        {
            await peer.ReadHeadAsync();
            await peer.WriteAsync($"HTTP/1.1 413 Too Large\r\nContent-Length: {text.Length}\r\n\r\n{text}");
            await peer.ReadToEndAsync();
        });
        await using var gateway = await GatewayFixture.StartAsync();
        gateway.Add(machine);
        using var client = await gateway.ConnectAsync();
        await client.WriteAsync("POST /primes/up HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\nbegin");
        var head = (await client.ReadHeadAsync()).ShouldNotBeNull();
        head.ShouldStartWith("HTTP/1.1 413");
        head.ShouldContain($"Pleiad-Machine: {machine.Id}");
        (await client.ReadUntilAsync(text)).ShouldBe(text);
        await gateway.IdleAsync();
    }

    [Fact]
    public async Task Expect_100_continue_is_asked_of_the_machine()
    {
        await using var gateway = await GatewayFixture.StartAsync();
        await gateway.AddAsync(async context =>
        {
            if (context.Request.Path == "/no")
            {
                context.Response.StatusCode = 417;
                return;
            }

            await context.Response.WriteAsync(await new StreamReader(context.Request.Body).ReadToEndAsync());
        });
        using var wanted = await gateway.ConnectAsync();
        await wanted.WriteAsync("POST /primes/yes HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
        (await wanted.ReadHeadAsync()).ShouldBe("HTTP/1.1 100 Continue\r\n\r\n");
        await wanted.WriteAsync("body");
        (await wanted.ReadHeadAsync()).ShouldNotBeNull().ShouldStartWith("HTTP/1.1 200");

        using var unwanted = await gateway.ConnectAsync();
        await unwanted.WriteAsync("POST /primes/no HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
        (await unwanted.ReadHeadAsync()).ShouldNotBeNull().ShouldStartWith("HTTP/1.1 417");
        await gateway.IdleAsync();
    }

    [Fact]
    public async Task Web_sockets_pass_and_hold_their_slot_until_they_end()
    {
        await using var gateway = await GatewayFixture.StartAsync();
        await gateway.AddAsync(async context =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            var buffer = new byte[1000];
            while (await socket.ReceiveAsync(buffer.AsMemory(), default) is { MessageType: not WebSocketMessageType.Close } message)
            {
                await socket.SendAsync(buffer.AsMemory(0, message.Count), message.MessageType, message.EndOfMessage, default);
            }

            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "bye", default);
        });
        using var client = new ClientWebSocket();
        await client.ConnectAsync(new Uri($"ws://127.0.0.1:{gateway.Port}/primes/chat"), default).Soon();
        var received = new byte[1000];
        foreach (var word in new[] { "one", "two" })
        {
            await client.SendAsync(Encoding.ASCII.GetBytes(word), WebSocketMessageType.Text, true, default).Soon();
            var message = await client.ReceiveAsync(received, default).Soon();
            Encoding.ASCII.GetString(received, 0, message.Count).ShouldBe(word);
        }

        gateway.Dispatcher.Observe().InFlight.ShouldBe(1);
        await client.CloseAsync(WebSocketCloseStatus.NormalClosure, "done", default).Soon();
        await gateway.IdleAsync();
    }

    /// <summary>Requests that two readers could understand differently: the machine must see one well-formed request or none.</summary>
    [Theory]
    [InlineData("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /primes/smuggled HTTP/1.1\r\nHost: h\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\nContent-Length: 60\r\n\r\n0\r\n\r\nGET /primes/smuggled HTTP/1.1\r\nHost: h\r\n\r\n")]
    [InlineData("Content-Length: 5\r\nContent-Length: 50\r\n\r\n12345GET /primes/smuggled HTTP/1.1\r\nHost: h\r\n\r\n")]
    [InlineData("Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\nGET /primes/smuggled HTTP/1.1\r\nHost: h\r\n\r\n")]
    [InlineData("Transfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\nGET /primes/smuggled HTTP/1.1\r\nHost: h\r\n\r\n")]
    [InlineData("Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\nGET /primes/smuggled HTTP/1.1\r\nHost: h\r\n\r\n")]
    [InlineData("X: a\r\n Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\nGET /primes/smuggled HTTP/1.1\r\nHost: h\r\n\r\n")]
    public async Task Ambiguous_framing_does_not_smuggle_a_request(string rest)
    {
        var heads = new List<string>();
        await using var machine = RawMachine.Start(async (peer, _) =>
        {
            // Reads as a strict server would: by the one framing header it was sent.
            while (await peer.ReadHeadAsync() is { } head)
            {
                lock (heads)
                {
                    heads.Add(head);
                }

                if (head.Contains("Transfer-Encoding", StringComparison.OrdinalIgnoreCase))
                {
                    await peer.ReadUntilAsync("0\r\n\r\n");
                }

                await peer.WriteAsync(Empty);
            }
        });
        await using var gateway = await GatewayFixture.StartAsync();
        gateway.Add(machine, slots: 1);
        using var client = await gateway.ConnectAsync();
        await client.WriteAsync("POST /primes/x HTTP/1.1\r\nHost: h\r\n" + rest);
        client.ShutdownSend();
        await client.ReadToEndAsync();
        await gateway.IdleAsync();

        foreach (var head in heads)
        {
            var framing = MachineTransportTests.Count(head, "\r\nContent-Length:") + MachineTransportTests.Count(head, "\r\nTransfer-Encoding:");
            framing.ShouldBeLessThanOrEqualTo(1);
            if (head.Contains("smuggled", StringComparison.Ordinal))
            {
                // Then it was the client's own second request: sent by the gateway, with the gateway's headers, not within the first one's body.
                head.ShouldContain("X-Forwarded-Prefix: /primes");
            }
        }
    }
}
