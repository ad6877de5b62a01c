using System.Net;
using System.Text;
using Shouldly;
using Xunit;

namespace Pleiad.Machines.Tests.Guest;

/// <summary>Many clients, rude clients and clients that talk nonsense, to one guest with 4 MiB; it must be none the worse for them.</summary>
[Trait("Group", "machines")]
public sealed class RobustnessTests(EchoMachine guest, ITestOutputHelper output) : IClassFixture<EchoMachine>
{
    private const string Get = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";

    // Below 50 bytes for each of 200 rounds, so that nothing can be lost in each of them.
    private const int MemorySlackBytes = 8 * 1024;

    [Fact]
    public async Task A_hundred_connections_at_once_are_all_answered_and_stay_open()
    {
        (await guest.HealthAsync()).MemoryTotalBytes.ShouldBe(4 << 20);
        var clients = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => guest.ConnectAsync()));
        try
        {
            for (var round = 0; round < 3; round++)
            {
                await Task.WhenAll(clients.Select(client => client.SendAsync($"POST /{round} HTTP/1.1\r\nHost: test\r\nContent-Length: 2000\r\n\r\n{new string('x', 2000)}")));
                var answers = await Task.WhenAll(clients.Select(client => client.ReadAnswerAsync()));
                answers.ShouldAllBe(answer => answer.Status == 200 && answer.Body.Length == 2000);
            }

            (await guest.HealthAsync()).Connections.ShouldBeGreaterThanOrEqualTo(100);
        }
        finally
        {
            foreach (var client in clients)
            {
                await client.DisposeAsync();
            }
        }

        await QuietAsync();
    }

    [Theory]
    [InlineData(190)]
    [InlineData(300)]
    public async Task Connections_beyond_what_it_can_hold_are_refused_in_words_or_reset_and_it_serves_on(int count)
    {
        var clients = (await Task.WhenAll(Enumerable.Range(0, count).Select(_ => TryConnectAsync()))).OfType<RawClient>().ToList();
        var statuses = new List<int?>();
        foreach (var client in clients)
        {
            statuses.Add(await TryAskAsync(client));
        }

        statuses.ShouldAllBe(status => status == null || status == 200 || status == 503);
        statuses.Count(status => status == 200).ShouldBeGreaterThanOrEqualTo(100);
        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }

        await QuietAsync();
    }

    [Fact]
    public async Task Two_hundred_resets_in_the_middle_of_requests_leave_neither_connections_nor_requests_nor_memory()
    {
        await using var own = await StartOwnAsync();
        var before = await own.HealthAsync();
        string[] parts =
        [
            "",
            "GET / HTTP/1.1\r\nHo",
            "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 100000\r\n\r\n" + new string('x', 30_000),
            "POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n4000\r\n" + new string('x', 9_000),
            Get + Get + Get,
        ];
        for (var round = 0; round < 200; round++)
        {
            var client = await own.ConnectAsync();
            await client.SendAsync(parts[round % parts.Length]);
            await client.ResetAsync();
        }

        await own.UntilAsync(health => health.Connections <= before.Connections && health.Active == 0 && health.MemoryUsedBytes <= before.MemoryUsedBytes + MemorySlackBytes);
    }

    [Fact]
    public async Task Resets_with_answers_half_sent_leave_nothing()
    {
        await using var own = await StartOwnAsync();
        var before = await own.HealthAsync();
        var body = new string('x', 100_000);
        for (var round = 0; round < 20; round++)
        {
            var client = await own.ConnectAsync();
            await client.SendAsync($"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: {body.Length}\r\n\r\n{body}");
            await client.Socket.ReceiveAsync(new byte[100]).WaitAsync(GuestMachine.Limit);
            await client.ResetAsync();
        }

        await own.UntilAsync(health => health.Connections <= before.Connections && health.Active == 0 && health.MemoryUsedBytes <= before.MemoryUsedBytes + MemorySlackBytes);
    }

    [Fact]
    public async Task Garbage_is_refused_or_ignored_and_leaves_nothing()
    {
        const int seed = 20;
        output.WriteLine($"seed {seed}");
        await using var own = await StartOwnAsync();
        var before = await own.HealthAsync();
        var random = new Random(seed);
        for (var round = 0; round < 200; round++)
        {
            var garbage = Garbage(random);
            await using var client = await own.ConnectAsync();
            await TrySendAsync(client, garbage);
            var answers = await client.ReadToEndAsync();
            (answers.Length == 0 || answers.StartsWith("HTTP/1.1 ", StringComparison.Ordinal)).ShouldBeTrue($"round {round} of seed {seed}: {answers}");
        }

        await own.UntilAsync(health => health.Connections <= before.Connections && health.Active == 0 && health.MemoryUsedBytes <= before.MemoryUsedBytes + MemorySlackBytes);
    }

    [Fact]
    public async Task Slow_clients_hold_nobody_up_and_are_answered_in_the_end()
    {
        await using var slowHead = await guest.ConnectAsync();
        await slowHead.SendAsync("GET /slow HTTP/1.1\r\nHo");
        await using var slowBody = await guest.ConnectAsync();
        await slowBody.SendAsync("POST /slow HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nhe");
        await using var slowReader = await guest.ConnectAsync();
        var large = new string('x', 200_000);
        await slowReader.SendAsync($"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: {large.Length}\r\n\r\n{large}");

        await using var quick = await guest.ConnectAsync();
        for (var i = 0; i < 50; i++)
        {
            (await quick.AskAsync(Get)).Status.ShouldBe(200);
        }

        await slowHead.SendAsync("st: test\r\n\r\n");
        (await slowHead.ReadAnswerAsync()).Headers["Echo-Target"].ShouldBe("/slow");
        await slowBody.SendAsync("llo");
        (await slowBody.ReadAnswerAsync()).Text.ShouldBe("hello");
        (await slowReader.ReadAnswerAsync()).Text.ShouldBe(large);
    }

    [Fact]
    public async Task The_usual_client_of_NET_keeps_its_connections_over_many_parallel_requests()
    {
        var connects = 0;
        using var handler = new SocketsHttpHandler
        {
            MaxConnectionsPerServer = 20,
            ConnectCallback = async (_, cancellation) =>
            {
                Interlocked.Increment(ref connects);
                return await guest.ConnectStreamAsync(cancellation);
            },
        };
        using var http = new HttpClient(handler) { BaseAddress = new Uri("http://machine/"), Timeout = GuestMachine.Limit };
        for (var round = 0; round < 10; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, 20).Select(async i =>
            {
                var body = new byte[100 * i];
                new Random(i).NextBytes(body);
                using var answer = await http.PostAsync(new Uri($"/{round}/{i}", UriKind.Relative), new ByteArrayContent(body));
                answer.StatusCode.ShouldBe(HttpStatusCode.OK);
                answer.Headers.GetValues("Echo-Target").ShouldBe([$"/{round}/{i}"]);
                (await answer.Content.ReadAsByteArrayAsync()).AsSpan().SequenceEqual(body).ShouldBeTrue();
            }));
        }

        connects.ShouldBeLessThanOrEqualTo(20);
    }

    /// <summary>A machine of its own, so that what other tests leave for a while (connections in TIME-WAIT) does not hide a loss.</summary>
    private static async Task<EchoMachine> StartOwnAsync()
    {
        var own = new EchoMachine();
        await own.InitializeAsync();
        return own;
    }

    /// <summary>Waits until only the host's connection and the question's own are left.</summary>
    private Task QuietAsync() => guest.UntilAsync(health => health.Connections <= 2 && health.Active == 0);

    private async Task<RawClient?> TryConnectAsync()
    {
        try
        {
            return await guest.ConnectAsync();
        }
        catch (System.Net.Sockets.SocketException)
        {
            // Refused: that is one of the outcomes.
            return null;
        }
    }

    private static async Task<int?> TryAskAsync(RawClient client)
    {
        try
        {
            return (await client.AskAsync(Get)).Status;
        }
        catch (IOException)
        {
            // Reset or closed: that is one of the outcomes.
            return null;
        }
    }

    private static async Task TrySendAsync(RawClient client, byte[] bytes)
    {
        try
        {
            await client.SendAsync(bytes);
            client.CloseSending();
        }
        catch (Exception error) when (error is IOException or System.Net.Sockets.SocketException)
        {
            // Refused and closed before all of it was sent; what it answered is read all the same.
            return;
        }
    }

    /// <summary>Random bytes, a damaged request, or fragments of requests in any order.</summary>
    private static byte[] Garbage(Random random)
    {
        string[] fragments =
        [
            "GET ", "POST ", "/", "?", "%", " HTTP/1.1", " HTTP/1.0", "\r\n", "\r\n\r\n", "\n", "\r", ":", "Host: a\r\n", "Content-Length: 3\r\n", "Content-Length: ", "Transfer-Encoding: chunked\r\n",
            "0\r\n\r\n", "5\r\nhello\r\n", "ffffffffffffffff\r\n", "Connection: close\r\n", "Expect: 100-continue\r\n", "/health", "\0", new string('a', 1_000), " ", "\t",
        ];
        switch (random.Next(3))
        {
            case 0:
                var bytes = new byte[random.Next(1, 20_000)];
                random.NextBytes(bytes);
                return bytes;
            case 1:
                var request = Encoding.ASCII.GetBytes("POST /path?x=%20 HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n5\r\nhello\r\n0\r\n\r\n" + Get);
                for (var changes = random.Next(1, 6); changes > 0; changes--)
                {
                    request[random.Next(request.Length)] = (byte)random.Next(256);
                }

                return request;
            default:
                return Encoding.Latin1.GetBytes(string.Concat(Enumerable.Range(0, random.Next(1, 60)).Select(_ => fragments[random.Next(fragments.Length)])));
        }
    }
}
