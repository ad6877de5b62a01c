using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Shouldly;
using Xunit;

namespace Pleiad.Gateway.Tests.Front;

/// <summary>Large bodies. Alone in their process time, as what they measure (allocation of the whole process) is disturbed by other tests.</summary>
[Collection(nameof(StreamingMemoryTests))]
public sealed class StreamingMemoryTests
{
    [Fact]
    public async Task Large_bodies_stream_both_ways_in_bounded_memory()
    {
        const long Bytes = 64L << 20;
        await using var gateway = await GatewayFixture.StartAsync();
        await gateway.AddAsync(async context =>
        {
            var hash = await SHA256.HashDataAsync(context.Request.Body);
            context.Response.Headers["X-Hash"] = Convert.ToHexString(hash);
            context.Response.ContentLength = Bytes;
            await new NumbersStream(Bytes).CopyToAsync(context.Response.Body);
        });
        var expected = Convert.ToHexString(await SHA256.HashDataAsync(new NumbersStream(Bytes)));

        var before = GC.GetTotalAllocatedBytes(precise: true);
        using var request = new HttpRequestMessage(HttpMethod.Post, "x") { Content = new StreamContent(new NumbersStream(Bytes)) };
        using var answer = await gateway.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).WaitAsync(TimeSpan.FromMinutes(2));
        answer.Headers.GetValues("X-Hash").ShouldBe([expected]);
        using var body = await answer.Content.ReadAsStreamAsync();
        Convert.ToHexString(await SHA256.HashDataAsync(body)).ShouldBe(expected);

        // Client, gateway and machine run in this process: 128 MiB pass each of them.
        (GC.GetTotalAllocatedBytes(precise: true) - before).ShouldBeLessThan(32L << 20);
    }

    [Fact]
    public async Task A_machine_that_does_not_read_holds_the_client_back_instead_of_filling_memory()
    {
        var read = new TaskCompletionSource();
        await using var gateway = await GatewayFixture.StartAsync();
        await gateway.AddAsync(async context =>
        {
            await read.Task;
            await context.Response.WriteAsync((await CountAsync(context.Request.Body)).ToString());
        });
        var sent = new NumbersStream(256L << 20);
        using var request = new HttpRequestMessage(HttpMethod.Post, "x") { Content = new StreamContent(sent) };
        var sending = gateway.Client.SendAsync(request);

        var last = (Read: -1L, At: Environment.TickCount64);
        await Waiting.UntilAsync(
            () =>
            {
                last = sent.Position == last.Read ? last : (sent.Position, Environment.TickCount64);
                return last.Read > 0 && Environment.TickCount64 - last.At > 300;
            },
            () => $"{sent.Position} bytes sent and still more");
        sent.Position.ShouldBeLessThan(48L << 20);
        read.SetResult();
        (await (await sending.WaitAsync(TimeSpan.FromMinutes(2))).Content.ReadAsStringAsync()).ShouldBe($"{256L << 20}");
    }

    private static async Task<long> CountAsync(Stream stream)
    {
        var buffer = new byte[65536];
        long total = 0;
        while (await stream.ReadAsync(buffer) is > 0 and var count)
        {
            total += count;
        }

        return total;
    }
}

[CollectionDefinition(nameof(StreamingMemoryTests), DisableParallelization = true)]
public sealed class StreamingMemoryCollection;
