using System.Net;
using System.Text;
using System.Text.Json;
using Pleiad.Core.Identity;
using Pleiad.Gateway.Front;
using Shouldly;
using Xunit;

namespace Pleiad.Gateway.Tests.Front;

/// <summary>What becomes of requests whose machine fails: nothing is lost that can be saved, nothing is done twice.</summary>
public sealed class MachineFailureTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    [Theory]
    [InlineData("GET", null)]
    [InlineData("POST", null)]
    [InlineData("POST", "body")]
    public async Task A_request_of_which_nothing_was_sent_goes_to_another_machine(string method, string? body)
    {
        await using var alive = RawMachine.Answering(Ok);
        await using var gateway = await GatewayFixture.StartAsync();
        var dead = MachineId.New();
        gateway.Dispatcher.AddMachine(dead, RawMachine.NobodyThere(), 5);
        gateway.Add(alive);

        var answer = await SendAsync(gateway, method, body);

        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        answer.Headers.GetValues("Pleiad-Machine").ShouldBe([alive.Id.Value]);
        alive.Peers.Count.ShouldBe(1);
        var retried = gateway.Events.ShouldHaveSingleItem();
        retried.Kind.ShouldBe(GatewayEventKind.Retried);
        retried.Machine.ShouldBe(dead);
        retried.Reason.ShouldContain("Nothing of the request was sent");

        // The dead one looks unused, yet draws no more requests for now.
        (await SendAsync(gateway, method, body)).Headers.GetValues("Pleiad-Machine").ShouldBe([alive.Id.Value]);
        gateway.Events.Count.ShouldBe(1);
        await gateway.IdleAsync();
    }

    [Fact]
    public async Task A_request_waits_for_a_new_machine_when_its_own_died_before_it_was_sent()
    {
        await using var born = RawMachine.Answering(Ok);
        await using var gateway = await GatewayFixture.StartAsync(configure: options => options.Suspension = TimeSpan.FromMinutes(1));
        gateway.Dispatcher.AddMachine(MachineId.New(), RawMachine.NobodyThere(), 5);
        var asking = SendAsync(gateway, "POST", "body");
        await Waiting.UntilAsync(() => gateway.Dispatcher.Observe().Waiting == 1, () => gateway.Dispatcher.Observe().ToString());

        gateway.Add(born);

        (await asking.Soon()).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_retry_gets_no_slot_in_time()
    {
        await using var gateway = await GatewayFixture.StartAsync(
            deadline: TimeSpan.FromMilliseconds(50), configure: options => options.Suspension = TimeSpan.FromMinutes(1));
        gateway.Dispatcher.AddMachine(MachineId.New(), RawMachine.NobodyThere(), 5);
        (await SendAsync(gateway, "GET", null)).StatusCode.ShouldBe(HttpStatusCode.GatewayTimeout);
        gateway.Events.Select(told => told.Kind).ShouldBe([GatewayEventKind.Retried, GatewayEventKind.DeadlinePassed]);
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    [InlineData("OPTIONS")]
    public async Task An_idempotent_request_without_a_body_is_repeated_on_another_machine(string method)
    {
        await using var dying = RawMachine.Start(async (peer, _) => await peer.ReadHeadAsync());
        await using var alive = RawMachine.Answering(Ok);
        await using var gateway = await GatewayFixture.StartAsync();
        gateway.Add(dying);
        gateway.Add(alive);

        var answer = await SendAsync(gateway, method, null);

        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        answer.Headers.GetValues("Pleiad-Machine").ShouldBe([alive.Id.Value]);
        dying.Peers.Count.ShouldBe(1);
        alive.Peers.Count.ShouldBe(1);
        var retried = gateway.Events.ShouldHaveSingleItem();
        retried.Kind.ShouldBe(GatewayEventKind.Retried);
        retried.Reason.ShouldContain("idempotent");
        await gateway.IdleAsync();
    }

    [Theory]
    [InlineData("POST", null, "not idempotent")]
    [InlineData("PATCH", null, "not idempotent")]
    [InlineData("POST", "body", "on the way")]
    [InlineData("PUT", "body", "on the way")]
    public async Task A_request_that_may_have_been_carried_out_is_sent_once(string method, string? body, string why)
    {
        await using var dying = RawMachine.Start(async (peer, _) =>
        {
            await peer.ReadHeadAsync();
            if (body is not null)
            {
                await peer.ReadUntilAsync(body);
            }
        });
        await using var alive = RawMachine.Answering(Ok);
        await using var gateway = await GatewayFixture.StartAsync();
        gateway.Add(dying);
        gateway.Add(alive);

        var answer = await SendAsync(gateway, method, body);

        answer.StatusCode.ShouldBe(HttpStatusCode.BadGateway);
        var problem = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
        problem.GetProperty("reason").GetString().ShouldBe("machine-failed");
        problem.GetProperty("machine").GetString().ShouldBe(dying.Id.Value);
        problem.GetProperty("detail").GetString().ShouldNotBeNull().ShouldContain(why);
        dying.Peers.Count.ShouldBe(1);
        alive.Peers.ShouldBeEmpty();
        await gateway.IdleAsync();
    }

    [Fact]
    public async Task Attempts_are_bounded()
    {
        await using var dying = RawMachine.Start(async (peer, _) => await peer.ReadHeadAsync());
        await using var gateway = await GatewayFixture.StartAsync(configure: options => options.AttemptsMax = 2);
        gateway.Add(dying);
        var answer = await SendAsync(gateway, "GET", null);
        answer.StatusCode.ShouldBe(HttpStatusCode.BadGateway);
        (await answer.Content.ReadAsStringAsync()).ShouldContain("attempt 2 of 2");
        dying.Peers.Count.ShouldBe(2);
    }

    [Theory]
    [InlineData("garbage\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n")]
    public async Task An_answer_that_is_none_is_a_bad_gateway_and_is_not_asked_for_again(string text)
    {
        await using var machine = RawMachine.Answering(text);
        await using var gateway = await GatewayFixture.StartAsync();
        gateway.Add(machine);
        var answer = await SendAsync(gateway, "GET", null);
        answer.StatusCode.ShouldBe(HttpStatusCode.BadGateway);
        (await answer.Content.ReadAsStringAsync()).ShouldContain("an answer had begun");
        machine.Peers.Count.ShouldBe(1);
        await gateway.IdleAsync();
    }

    [Theory]
    [InlineData("Content-Length: 1000\r\n\r\nbegin")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n5\r\nbegin\r\n")]
    public async Task An_answer_cut_short_is_not_passed_off_as_complete(string text)
    {
        await using var machine = RawMachine.Start(async (peer, _) =>
        {
            await peer.ReadHeadAsync();
            await peer.WriteAsync("HTTP/1.1 200 OK\r\n" + text);
        });
        await using var gateway = await GatewayFixture.StartAsync();
        gateway.Add(machine);
        using var client = await gateway.ConnectAsync();
        await client.WriteAsync("GET /primes/x HTTP/1.1\r\nHost: h\r\n\r\n");
        var head = await client.ReadHeadAsync();
        var body = await client.ReadToEndAsync();

        // How much arrives before the connection is torn down is open; that it looks unfinished is not.
        client.SawEnd.ShouldBeTrue();
        if (head?.StartsWith("HTTP/1.1 200", StringComparison.Ordinal) == true)
        {
            body.Length.ShouldBeLessThan(1000);
            body.ShouldNotEndWith("0\r\n\r\n");
        }
        else
        {
            (head is null || head.StartsWith("HTTP/1.1 502", StringComparison.Ordinal)).ShouldBeTrue(head);
        }

        await gateway.IdleAsync();
    }

    [Fact]
    public async Task A_machine_without_progress_times_out()
    {
        await using var machine = RawMachine.Start(async (peer, _) => await peer.ReadToEndAsync());
        await using var gateway = await GatewayFixture.StartAsync(configure: options => options.AnswerTimeout = TimeSpan.FromMilliseconds(100));
        gateway.Add(machine);
        var answer = await SendAsync(gateway, "GET", null);
        answer.StatusCode.ShouldBe(HttpStatusCode.GatewayTimeout);
        (await answer.Content.ReadAsStringAsync()).ShouldContain("answer-timeout");
        gateway.Events.ShouldHaveSingleItem().Kind.ShouldBe(GatewayEventKind.AnswerTimedOut);
        await Waiting.UntilAsync(() => machine.Peers is [{ SawEnd: true }, ..], () => "the machine's connection is still open");
    }

    [Fact]
    public async Task A_slow_machine_with_progress_does_not_time_out()
    {
        await using var machine = RawMachine.Start(async (peer, _) =>
        {
            await peer.ReadHeadAsync();
            await peer.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
            for (var written = 0; written < 10; written++)
            {
                // Ten of them take longer than the limit, each far less, also on a busy machine.
                await Task.Delay(350);
                await peer.WriteAsync("x");
            }

            await peer.ReadToEndAsync();
        });
        await using var gateway = await GatewayFixture.StartAsync(configure: options => options.AnswerTimeout = TimeSpan.FromSeconds(3));
        gateway.Add(machine);
        var answer = await SendAsync(gateway, "GET", null);
        (await answer.Content.ReadAsStringAsync().Soon()).ShouldBe("xxxxxxxxxx");
    }

    [Fact]
    public async Task A_machine_that_closes_its_sending_side_after_its_answer_has_answered()
    {
        await using var machine = RawMachine.Start(async (peer, _) =>
        {
            await peer.ReadHeadAsync();
            await peer.WriteAsync("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end");
            peer.ShutdownSend();
            await peer.ReadToEndAsync();
        });
        await using var gateway = await GatewayFixture.StartAsync();
        gateway.Add(machine);
        (await (await SendAsync(gateway, "GET", null)).Content.ReadAsStringAsync().Soon()).ShouldBe("until the end");
    }

    [Fact]
    public async Task Forgetting_a_dead_machine_frees_its_requests_at_once()
    {
        await using var dead = RawMachine.Start(async (peer, _) => await peer.ReadToEndAsync());
        await using var alive = RawMachine.Answering(Ok);
        await using var gateway = await GatewayFixture.StartAsync();
        gateway.Add(dead);
        var asking = SendAsync(gateway, "GET", null);
        await Waiting.UntilAsync(() => dead.Received.Length > 0, () => "the machine got nothing");

        gateway.Add(alive);
        gateway.Dispatcher.RemoveMachine(dead.Id);
        gateway.Transport.Forget(dead.Id);

        (await asking.Soon()).Headers.GetValues("Pleiad-Machine").ShouldBe([alive.Id.Value]);
    }

    [Fact]
    public async Task A_bad_chunk_from_the_client_is_the_clients_fault()
    {
        await using var machine = RawMachine.Start(async (peer, _) => await peer.ReadToEndAsync());
        await using var gateway = await GatewayFixture.StartAsync();
        gateway.Add(machine);
        using var client = await gateway.ConnectAsync();
        await client.WriteAsync("POST /primes/x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nxyz\r\n");
        (await client.ReadHeadAsync()).ShouldNotBeNull().ShouldStartWith("HTTP/1.1 400");
        await gateway.IdleAsync();
        gateway.Events.ShouldBeEmpty();
        await Waiting.UntilAsync(() => machine.Peers is [{ SawEnd: true }, ..], () => "the machine's connection is still open");
    }

    private static async Task<HttpResponseMessage> SendAsync(GatewayFixture gateway, string method, string? body)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), "x");
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.ASCII.GetBytes(body));
        }

        return await gateway.Client.SendAsync(request).Soon();
    }
}
