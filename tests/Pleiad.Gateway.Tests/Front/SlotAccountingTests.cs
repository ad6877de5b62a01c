using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Pleiad.Gateway.Front;
using Shouldly;
using Xunit;

namespace Pleiad.Gateway.Tests.Front;

/// <summary>Slots and queue as clients and machines see them.</summary>
public sealed class SlotAccountingTests
{
    [Fact]
    public async Task Two_hundred_clients_never_have_more_requests_in_a_machine_than_it_has_slots()
    {
        await using var gateway = await GatewayFixture.StartAsync();
        var (now, most) = (new int[2], new int[2]);
        for (var index = 0; index < 2; index++)
        {
            var machine = index;
            await gateway.AddAsync(
                async context =>
                {
                    var busy = Interlocked.Increment(ref now[machine]);
                    lock (most)
                    {
                        most[machine] = Math.Max(most[machine], busy);
                    }

                    await Task.Yield();
                    await context.Response.WriteAsync("done");
                    Interlocked.Decrement(ref now[machine]);
                },
                slots: 5);
        }

        var answers = new ConcurrentBag<HttpStatusCode>();
        await Task.WhenAll(Enumerable.Range(0, 200).Select(async _ =>
        {
            for (var request = 0; request < 20; request++)
            {
                answers.Add((await gateway.Client.GetAsync(new Uri("x", UriKind.Relative))).StatusCode);
            }
        })).WaitAsync(TimeSpan.FromMinutes(2));

        answers.Count.ShouldBe(4000);
        answers.ShouldAllBe(status => status == HttpStatusCode.OK);
        most.ShouldAllBe(busy => busy > 0 && busy <= 5);
        most.ShouldContain(5);
        await gateway.IdleAsync();
        gateway.Dispatcher.Observe().Granted.ShouldBe(4000);
    }

    [Fact]
    public async Task A_request_waits_for_a_machine_and_the_wait_is_told()
    {
        await using var machine = RawMachine.Answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await using var gateway = await GatewayFixture.StartAsync();
        var asking = gateway.Client.GetAsync(new Uri("x", UriKind.Relative));
        await Waiting.UntilAsync(() => gateway.Dispatcher.Observe().Waiting == 1, () => "nobody waits");
        gateway.Add(machine);
        var timing = (await asking.Soon()).Headers.GetValues("Server-Timing").Single();
        timing.ShouldStartWith("queue;dur=");
        double.Parse(timing["queue;dur=".Length..]).ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task A_client_that_leaves_the_queue_frees_its_place()
    {
        await using var gateway = await GatewayFixture.StartAsync(queueLimit: 1);
        using (var client = await gateway.ConnectAsync())
        {
            await client.WriteAsync("GET /primes/x HTTP/1.1\r\nHost: h\r\n\r\n");
            await Waiting.UntilAsync(() => gateway.Dispatcher.Observe().Waiting == 1, () => "nobody waits");
        }

        await gateway.IdleAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_that_leaves_during_its_answer_frees_its_slot_and_the_machine_is_told(bool resets)
    {
        await using var machine = RawMachine.Start(async (peer, _) =>
        {
            await peer.ReadHeadAsync();
            await peer.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nbegin");
            await peer.ReadToEndAsync();
        });
        await using var gateway = await GatewayFixture.StartAsync();
        gateway.Add(machine, slots: 1);
        var client = await gateway.ConnectAsync();
        await client.WriteAsync("GET /primes/x HTTP/1.1\r\nHost: h\r\n\r\n");
        (await client.ReadUntilAsync("begin")).ShouldNotBeNull();
        gateway.Dispatcher.Observe().InFlight.ShouldBe(1);
        if (resets)
        {
            client.Reset();
        }

        client.Dispose();
        await gateway.IdleAsync();
        await Waiting.UntilAsync(() => machine.Peers is [{ SawEnd: true }, ..], () => "the machine's connection is still open");
    }

    [Fact]
    public async Task A_client_that_leaves_before_its_answer_frees_its_slot_for_the_next()
    {
        await using var machine = RawMachine.Start(async (peer, number) =>
        {
            await peer.ReadHeadAsync();
            if (number > 0)
            {
                await peer.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            }

            await peer.ReadToEndAsync();
        });
        await using var gateway = await GatewayFixture.StartAsync();
        gateway.Add(machine, slots: 1);
        var leaving = await gateway.ConnectAsync();
        await leaving.WriteAsync("GET /primes/slow HTTP/1.1\r\nHost: h\r\n\r\n");
        await Waiting.UntilAsync(() => machine.Received.Length > 0, () => "the machine got nothing");
        var next = gateway.Client.GetAsync(new Uri("next", UriKind.Relative));
        await Waiting.UntilAsync(() => gateway.Dispatcher.Observe().Waiting == 1, () => "nobody waits");

        leaving.Dispose();

        (await next.Soon()).StatusCode.ShouldBe(HttpStatusCode.OK);
        machine.Peers[0].SawEnd.ShouldBeTrue();
        await gateway.IdleAsync();
    }

    [Fact]
    public async Task A_client_that_closes_its_sending_side_counts_as_gone()
    {
        await using var machine = RawMachine.Start(async (peer, _) => await peer.ReadToEndAsync());
        await using var gateway = await GatewayFixture.StartAsync();
        gateway.Add(machine);
        using var client = await gateway.ConnectAsync();
        await client.WriteAsync("GET /primes/x HTTP/1.1\r\nHost: h\r\n\r\n");
        await Waiting.UntilAsync(() => machine.Received.Length > 0, () => "the machine got nothing");
        client.ShutdownSend();
        await gateway.IdleAsync();
    }

    [Fact]
    public async Task Many_leaving_clients_leave_no_slot_behind()
    {
        await using var gateway = await GatewayFixture.StartAsync();
        for (var index = 0; index < 2; index++)
        {
            await gateway.AddAsync(
                async context =>
                {
                    await context.Response.WriteAsync("begin");
                    await context.Response.Body.FlushAsync();
                    await Task.Delay(context.Request.Path == "/quick" ? 0 : 5, context.RequestAborted);
                    await context.Response.WriteAsync("end");
                },
                slots: 3);
        }

        var seed = Environment.TickCount;
        await Task.WhenAll(Enumerable.Range(0, 20).Select(async number =>
        {
            var random = new Random(seed + number);
            for (var request = 0; request < 20; request++)
            {
                var client = await gateway.ConnectAsync();
                await client.WriteAsync($"GET /primes/{(random.Next(2) == 0 ? "quick" : "slow")} HTTP/1.1\r\nHost: h\r\n\r\n");
                switch (random.Next(3))
                {
                    case 0:
                        await client.ReadUntilAsync("begin");
                        client.Reset();
                        break;
                    case 1:
                        await client.ReadUntilAsync("end");
                        break;
                    default:
                        break;
                }

                client.Dispose();
            }
        })).WaitAsync(TimeSpan.FromMinutes(2));

        await gateway.IdleAsync();
        gateway.Dispatcher.Observe().Machines.ShouldAllBe(machine => machine.InUse == 0);
    }

    [Fact]
    public async Task A_full_queue_refuses_with_its_figures()
    {
        await using var gateway = await GatewayFixture.StartAsync(queueLimit: 1);
        gateway.Why = "The last start failed: no free address.";
        var waiting = gateway.Client.GetAsync(new Uri("x", UriKind.Relative));
        await Waiting.UntilAsync(() => gateway.Dispatcher.Observe().Waiting == 1, () => "nobody waits");

        var refused = await gateway.Client.GetAsync(new Uri("x", UriKind.Relative)).Soon();

        refused.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        refused.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(1));
        var problem = JsonDocument.Parse(await refused.Content.ReadAsStringAsync()).RootElement;
        problem.GetProperty("reason").GetString().ShouldBe("queue-full");
        problem.GetProperty("queue.limit").GetInt32().ShouldBe(1);
        problem.GetProperty("service").GetString().ShouldBe("primes");
        problem.GetProperty("detail").GetString().ShouldNotBeNull().ShouldContain("no free address");
        gateway.Events.Single().Kind.ShouldBe(GatewayEventKind.QueueFull);
        gateway.Dispatcher.Close();
        (await waiting.Soon()).StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
    }

    [Fact]
    public async Task A_request_that_gets_no_slot_in_time_is_told_why()
    {
        await using var gateway = await GatewayFixture.StartAsync(deadline: TimeSpan.FromMilliseconds(30));
        gateway.Why = "The last start failed: the kernel is no ELF file.";
        var late = await gateway.Client.GetAsync(new Uri("x", UriKind.Relative)).Soon();
        late.StatusCode.ShouldBe(HttpStatusCode.GatewayTimeout);
        var problem = JsonDocument.Parse(await late.Content.ReadAsStringAsync()).RootElement;
        problem.GetProperty("reason").GetString().ShouldBe("deadline-passed");
        problem.GetProperty("queue.deadlineMs").GetInt64().ShouldBe(30);
        problem.GetProperty("waitedMs").GetInt64().ShouldBeGreaterThanOrEqualTo(30);
        problem.GetProperty("detail").GetString().ShouldNotBeNull().ShouldContain("no ELF file");
        gateway.Events.Single().Kind.ShouldBe(GatewayEventKind.DeadlinePassed);
    }

    [Fact]
    public async Task A_service_that_ends_says_so()
    {
        await using var gateway = await GatewayFixture.StartAsync();
        gateway.Dispatcher.Close();
        var answer = await gateway.Client.GetAsync(new Uri("x", UriKind.Relative)).Soon();
        answer.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await answer.Content.ReadAsStringAsync()).ShouldContain("\"reason\":\"closed\"");
    }
}
