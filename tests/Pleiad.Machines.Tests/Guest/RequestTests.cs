using System.Globalization;
using System.Text;
using Shouldly;
using Xunit;

namespace Pleiad.Machines.Tests.Guest;

/// <summary>Requests of every form that HTTP/1.1 allows, to the running guest.</summary>
[Trait("Group", "machines")]
public sealed class RequestTests(EchoMachine guest) : IClassFixture<EchoMachine>
{
    private const int BodyBytes = 200 * 1024;

    [Fact]
    public async Task Pipelined_requests_are_answered_in_their_order()
    {
        await using var client = await guest.ConnectAsync();
        await client.SendAsync(string.Concat(Enumerable.Range(0, 100).Select(i => $"POST /{i} HTTP/1.1\r\nHost: test\r\nContent-Length: {i}\r\n\r\n{new string('x', i)}")));
        for (var i = 0; i < 100; i++)
        {
            var answer = await client.ReadAnswerAsync();
            answer.Status.ShouldBe(200);
            answer.Headers["Echo-Target"].ShouldBe($"/{i}");
            answer.Body.Length.ShouldBe(i);
        }
    }

    [Fact]
    public async Task Pipelined_requests_with_large_answers_that_nobody_reads_yet_are_all_answered()
    {
        await using var client = await guest.ConnectAsync();
        var body = new string('x', 20_000);
        var sending = client.SendAsync(string.Concat(Enumerable.Range(0, 20).Select(i => $"POST /{i} HTTP/1.1\r\nHost: test\r\nContent-Length: {body.Length}\r\n\r\n{body}")));
        (await guest.HealthAsync()).Service.ShouldBe("echo");
        for (var i = 0; i < 20; i++)
        {
            var answer = await client.ReadAnswerAsync();
            answer.Headers["Echo-Target"].ShouldBe($"/{i}");
            answer.Text.ShouldBe(body);
        }

        await sending;
    }

    [Theory]
    [InlineData("POST /a?b=c HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nhello", "hello")]
    [InlineData("POST /a?b=c HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n2;x=\"y\"\r\nhe\r\n003\r\nllo\r\n0\r\nTrailer: z\r\n\r\n", "hello")]
    public async Task A_request_may_come_byte_by_byte(string request, string body)
    {
        await using var client = await guest.ConnectAsync();
        foreach (var character in request)
        {
            await client.SendAsync(new[] { (byte)character });
        }

        var answer = await client.ReadAnswerAsync();
        answer.Status.ShouldBe(200);
        answer.Headers["Echo-Method"].ShouldBe("POST");
        answer.Headers["Echo-Target"].ShouldBe("/a?b=c");
        answer.Text.ShouldBe(body);
    }

    [Fact]
    public async Task A_binary_body_with_a_length_comes_back_byte_for_byte()
    {
        await using var client = await guest.ConnectAsync();
        var body = Binary(seed: 1);
        var sending = SendAsync(client, $"PUT /length HTTP/1.1\r\nHost: test\r\nContent-Length: {body.Length}\r\n\r\n", body);
        var answer = await client.ReadAnswerAsync();
        await sending;

        answer.Status.ShouldBe(200);
        answer.Body.AsSpan().SequenceEqual(body).ShouldBeTrue();
    }

    [Fact]
    public async Task A_binary_body_in_chunks_of_any_size_comes_back_byte_for_byte()
    {
        await using var client = await guest.ConnectAsync();
        var body = Binary(seed: 2);
        var random = new Random(3);
        var chunked = new MemoryStream();
        for (var at = 0; at < body.Length;)
        {
            var piece = Math.Min(body.Length - at, random.Next(1, 5_000));
            chunked.Write(Encoding.ASCII.GetBytes(piece.ToString(random.Next(2) == 0 ? "x" : "X4", CultureInfo.InvariantCulture) + "\r\n"));
            chunked.Write(body, at, piece);
            chunked.Write("\r\n"u8);
            at += piece;
        }

        chunked.Write("0\r\n\r\n"u8);
        var sending = SendAsync(client, "PUT /chunks HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n", chunked.ToArray());
        var answer = await client.ReadAnswerAsync();
        await sending;

        answer.Status.ShouldBe(200);
        answer.Body.AsSpan().SequenceEqual(body).ShouldBeTrue();
        (await client.AskAsync("GET / HTTP/1.1\r\nHost: test\r\n\r\n")).Status.ShouldBe(200, "the connection stays in step");
    }

    [Fact]
    public async Task A_client_that_expects_100_gets_it_before_it_sends_the_body()
    {
        await using var client = await guest.ConnectAsync();
        await client.SendAsync("POST / HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
        (await client.ReadAnswerAsync()).Status.ShouldBe(100);
        await client.SendAsync("hello");
        (await client.ReadAnswerAsync()).Text.ShouldBe("hello");
    }

    [Theory]
    [InlineData("Expect: 100-continue\r\nContent-Length: 262145", 413)]
    [InlineData("Expect: a miracle\r\nContent-Length: 5", 417)]
    public async Task A_client_that_expects_what_cannot_be_is_told_before_it_sends_the_body(string headers, int status)
    {
        await using var client = await guest.ConnectAsync();
        await client.SendAsync($"POST / HTTP/1.1\r\nHost: test\r\n{headers}\r\n\r\n");
        var answer = await client.ReadAnswerAsync();
        answer.Status.ShouldBe(status);
        answer.Closes.ShouldBeTrue();
        (await client.ReadToEndAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task HEAD_has_the_length_of_GET_and_no_body()
    {
        await using var client = await guest.ConnectAsync();
        var get = await client.AskAsync("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
        var head = await client.AskAsync("HEAD / HTTP/1.1\r\nHost: test\r\n\r\n");
        head.Status.ShouldBe(200);
        head.Headers["Content-Length"].ShouldBe(get.Body.Length.ToString(CultureInfo.InvariantCulture));
        (await client.AskAsync("GET / HTTP/1.1\r\nHost: test\r\n\r\n")).Text.ShouldBe(get.Text, "no body of the HEAD stands between");
    }

    [Fact]
    public async Task HTTP_1_0_needs_no_Host_and_ends_the_connection_unless_asked_to_keep_it()
    {
        await using var closing = await guest.ConnectAsync();
        var answer = await closing.AskAsync("GET / HTTP/1.0\r\n\r\n");
        answer.Status.ShouldBe(200);
        answer.Closes.ShouldBeTrue();
        (await closing.ReadToEndAsync()).ShouldBeEmpty();

        await using var keeping = await guest.ConnectAsync();
        (await keeping.AskAsync("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")).Headers["Connection"].ShouldBe("keep-alive");
        (await keeping.AskAsync("GET / HTTP/1.0\r\n\r\n")).Status.ShouldBe(200);
        (await keeping.ReadToEndAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Connection_close_is_obeyed()
    {
        await using var client = await guest.ConnectAsync();
        (await client.AskAsync("GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")).Closes.ShouldBeTrue();
        (await client.ReadToEndAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_client_that_closes_its_side_behind_its_requests_gets_all_answers()
    {
        await using var client = await guest.ConnectAsync();
        await client.SendAsync(string.Concat(Enumerable.Range(0, 10).Select(i => $"POST /{i} HTTP/1.1\r\nHost: test\r\nContent-Length: 5000\r\n\r\n{new string('x', 5000)}")));
        client.CloseSending();
        for (var i = 0; i < 10; i++)
        {
            (await client.ReadAnswerAsync()).Headers["Echo-Target"].ShouldBe($"/{i}");
        }

        (await client.ReadToEndAsync()).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("")]
    [InlineData("GET / HT")]
    [InlineData("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nhel")]
    [InlineData("POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel")]
    public async Task A_client_that_closes_its_side_in_the_middle_of_a_request_gets_no_answer_and_the_connection_ends(string part)
    {
        await using var client = await guest.ConnectAsync();
        await client.SendAsync(part);
        client.CloseSending();
        (await client.ReadToEndAsync()).ShouldBeEmpty();
    }

    private static async Task SendAsync(RawClient client, string head, byte[] body)
    {
        await client.SendAsync(head);
        await client.SendAsync(body);
    }

    private static byte[] Binary(int seed)
    {
        var bytes = new byte[BodyBytes];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
