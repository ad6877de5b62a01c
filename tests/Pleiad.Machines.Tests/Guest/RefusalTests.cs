using Shouldly;
using Xunit;

namespace Pleiad.Machines.Tests.Guest;

/// <summary>What the running guest refuses: too large, ambiguous, broken. Each refusal is the last answer on its connection.</summary>
[Trait("Group", "machines")]
public sealed class RefusalTests(EchoMachine guest) : IClassFixture<EchoMachine>
{
    private const int TargetBytesMax = 4096;
    private const int BodyBytesMax = 256 * 1024;

    [Theory]
    [InlineData(TargetBytesMax, 200)]
    [InlineData(TargetBytesMax + 1, 414)]
    [InlineData(3 * TargetBytesMax, 414)]
    public async Task A_target_is_at_most_4096_bytes(int bytes, int status)
    {
        await using var client = await guest.ConnectAsync();
        await client.SendAsync($"GET /{new string('a', bytes - 1)} HTTP/1.1\r\nHost: test\r\n\r\n");
        await AssertAsync(client, status);
    }

    [Theory]
    [InlineData(1, 7_000, 200)]
    [InlineData(1, 9_000, 431)]
    [InlineData(1, 40_000, 431)]
    [InlineData(63, 10, 200)]
    [InlineData(64, 10, 431)]
    public async Task A_head_is_at_most_8192_bytes_and_64_lines(int lines, int valueBytes, int status)
    {
        await using var client = await guest.ConnectAsync();
        await client.SendAsync($"GET / HTTP/1.1\r\nHost: test\r\n{string.Concat(Enumerable.Range(0, lines).Select(i => $"X-{i}: {new string('v', valueBytes)}\r\n"))}\r\n");
        await AssertAsync(client, status);
    }

    [Fact]
    public async Task A_body_is_at_most_what_the_service_takes()
    {
        await using var fitting = await guest.ConnectAsync();
        var sending = SendBodyAsync(fitting, BodyBytesMax, "");
        (await fitting.ReadAnswerAsync()).Body.Length.ShouldBe(BodyBytesMax);
        await sending;

        await using var announced = await guest.ConnectAsync();
        await announced.SendAsync($"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: {BodyBytesMax + 1}\r\n\r\n");
        await AssertAsync(announced, 413);

        await using var chunked = await guest.ConnectAsync();
        await chunked.SendAsync("POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n");
        var chunk = $"4000\r\n{new string('x', 0x4000)}\r\n";
        for (var sent = 0; sent < BodyBytesMax; sent += 0x4000)
        {
            await chunked.SendAsync(chunk);
        }

        await chunked.SendAsync("1\r\nx\r\n0\r\n\r\n");
        await AssertAsync(chunked, 413);
    }

    [Theory]
    [InlineData("Content-Length: 5\r\nTransfer-Encoding: chunked")]
    [InlineData("Transfer-Encoding: chunked\r\nContent-Length: 5")]
    [InlineData("Content-Length: 5\r\nContent-Length: 6")]
    [InlineData("Content-Length: 5, 6")]
    [InlineData("Content-Length: 5, 5")]
    [InlineData("Content-Length: +5")]
    [InlineData("Content-Length: -5")]
    [InlineData("Content-Length: 0x5")]
    [InlineData("Content-Length: 99999999999999999999")]
    [InlineData("Content-Length : 5")]
    [InlineData("Content-Length:\r\n 5")]
    [InlineData("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked")]
    [InlineData("X: y\nContent-Length: 5")]
    [InlineData("X: y\rContent-Length: 5")]
    [InlineData("X: \0")]
    [InlineData("Host: other")]
    [InlineData("no colon")]
    public async Task What_two_readers_could_understand_differently_is_refused_with_400_and_the_rest_is_not_read(string headers)
    {
        await using var client = await guest.ConnectAsync();
        await client.SendAsync($"POST / HTTP/1.1\r\nHost: test\r\n{headers}\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: test\r\n\r\n");
        await AssertAsync(client, 400);
    }

    [Theory]
    [InlineData("Transfer-Encoding: gzip, chunked", 501)]
    [InlineData("Transfer-Encoding: xchunked", 501)]
    public async Task A_transfer_coding_that_is_not_known_is_refused(string header, int status)
    {
        await using var client = await guest.ConnectAsync();
        await client.SendAsync($"POST / HTTP/1.1\r\nHost: test\r\n{header}\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: test\r\n\r\n");
        await AssertAsync(client, status);
    }

    [Theory]
    [InlineData("5\nhello\r\n0\r\n\r\n")]
    [InlineData("5\r\nhello0\r\n\r\n")]
    [InlineData("-1\r\nx\r\n0\r\n\r\n")]
    [InlineData("fffffffffffffffff\r\nx\r\n0\r\n\r\n")]
    [InlineData("\r\nx\r\n0\r\n\r\n")]
    [InlineData("0x1\r\nx\r\n0\r\n\r\n")]
    public async Task A_broken_chunk_is_refused_with_400_and_the_rest_is_not_read(string body)
    {
        await using var client = await guest.ConnectAsync();
        await client.SendAsync($"POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n{body}GET /smuggled HTTP/1.1\r\nHost: test\r\n\r\n");
        await AssertAsync(client, 400);
    }

    [Theory]
    [InlineData("GET / HTTP/2.0\r\nHost: test\r\n\r\n", 505)]
    [InlineData("GET / HTTP/1.1\r\n\r\n", 400)]
    [InlineData("GET  / HTTP/1.1\r\nHost: test\r\n\r\n", 400)]
    [InlineData("GET /a b HTTP/1.1\r\nHost: test\r\n\r\n", 400)]
    [InlineData("GET nowhere HTTP/1.1\r\nHost: test\r\n\r\n", 400)]
    [InlineData("G\u00c4T / HTTP/1.1\r\nHost: test\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: test\r\n\r\n\n", 200)]
    public async Task A_broken_request_line_is_refused(string request, int status)
    {
        await using var client = await guest.ConnectAsync();
        await client.SendAsync(request);
        await AssertAsync(client, status);
    }

    /// <summary>One answer; a refusal explains itself, closes, and nothing comes behind it.</summary>
    private static async Task AssertAsync(RawClient client, int status)
    {
        var answer = await client.ReadAnswerAsync();
        answer.Status.ShouldBe(status, answer.Text);
        if (status != 200)
        {
            answer.Headers["Content-Type"].ShouldBe("application/problem+json");
            answer.Text.ShouldContain($"\"status\":{status}");
            answer.Closes.ShouldBeTrue();
            (await client.ReadToEndAsync()).ShouldBeEmpty();
        }
    }

    private static async Task SendBodyAsync(RawClient client, int bytes, string headers)
    {
        await client.SendAsync($"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: {bytes}\r\n{headers}\r\n");
        await client.SendAsync(new byte[bytes]);
    }
}
