using System.Net;
using System.Net.Sockets;
using System.Text;
using Pleiad.Core.Identity;
using Pleiad.Gateway.Dispatch;
using Pleiad.Gateway.Transport;
using Shouldly;
using Xunit;

namespace Pleiad.Gateway.Tests.Transport;

public sealed class MachineTransportTests : IDisposable
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    private readonly MachineTransport _transport = new(new LoopbackConnector());

    public void Dispose() => _transport.Dispose();

    [Fact]
    public async Task A_post_on_a_kept_connection_that_ends_without_an_answer_is_sent_exactly_once()
    {
        await using var machine = RawMachine.Start(async (peer, number) =>
        {
            await peer.ReadHeadAsync();
            if (number == 0)
            {
                await peer.WriteAsync(Ok);
                await peer.ReadHeadAsync();
            }
        });
        using var lease = Lease(machine);
        (await GetAsync(lease)).ShouldBe("ok");

        var failure = await Should.ThrowAsync<MachineException>(SendAsync(lease, new HttpRequestMessage(HttpMethod.Post, "http://m/order")));

        failure.Fault.ShouldBe(MachineFault.Closed);
        _transport.WasSent(lease).ShouldBeTrue();
        _transport.WasAnswered(lease).ShouldBeFalse();
        Count(machine.Received, "POST /order").ShouldBe(1);
        machine.Peers.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Requests_of_a_slot_share_one_connection()
    {
        await using var machine = RawMachine.Answering(Ok);
        using var lease = Lease(machine);
        for (var request = 0; request < 5; request++)
        {
            (await GetAsync(lease)).ShouldBe("ok");
        }

        machine.Peers.Count.ShouldBe(1);
        using var other = Lease(machine, slot: 1);
        (await GetAsync(other)).ShouldBe("ok");
        machine.Peers.Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_machine_that_takes_no_connection_got_nothing()
    {
        using var lease = new TestLease(MachineId.New(), RawMachine.NobodyThere(), 0);
        var failure = await Should.ThrowAsync<MachineException>(GetAsync(lease));
        failure.Fault.ShouldBe(MachineFault.Unreachable);
        failure.Message.ShouldContain(lease.Address.ToString());
        _transport.WasSent(lease).ShouldBeFalse();
    }

    [Fact]
    public async Task A_connection_that_does_not_open_in_time_is_given_up()
    {
        var time = new FakeTime();
        using var transport = new MachineTransport(new DeafConnector(), new MachineTransportOptions { ConnectTimeout = TimeSpan.FromSeconds(2) }, time);
        using var lease = new TestLease(MachineId.New(), RawMachine.NobodyThere(), 0);
        var sending = transport.For(lease).SendAsync(new HttpRequestMessage(HttpMethod.Get, "http://m/"), default);

        time.Advance(TimeSpan.FromMilliseconds(1999));
        sending.IsCompleted.ShouldBeFalse();
        time.Advance(TimeSpan.FromMilliseconds(1));

        (await Should.ThrowAsync<MachineException>(sending.Soon())).Fault.ShouldBe(MachineFault.Unreachable);
        transport.WasSent(lease).ShouldBeFalse();
    }

    [Fact]
    public async Task An_idle_connection_that_the_machine_closed_is_replaced_before_anything_is_sent()
    {
        await using var machine = RawMachine.Start(async (peer, _) =>
        {
            await peer.ReadHeadAsync();
            await peer.WriteAsync(Ok);
        });
        using var lease = Lease(machine);
        for (var round = 0; round < 3; round++)
        {
            var sent = await SendAsync(lease, new HttpRequestMessage(HttpMethod.Post, "http://m/"));
            (await sent.Content.ReadAsStringAsync()).ShouldBe("ok");
            await Waiting.UntilAsync(() => !_transport.LinkOf(lease).IsWarm, () => "the closed connection still looks usable");
        }

        machine.Peers.Count.ShouldBe(3);
    }

    [Fact]
    public async Task What_a_machine_says_unasked_is_never_taken_for_an_answer()
    {
        await using var machine = RawMachine.Start(async (peer, number) =>
        {
            await peer.ReadHeadAsync();
            await peer.WriteAsync(number == 0 ? Ok + "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged" : Ok);
            await peer.ReadToEndAsync();
        });
        using var lease = Lease(machine);
        (await GetAsync(lease)).ShouldBe("ok");
        await Waiting.UntilAsync(() => !_transport.LinkOf(lease).IsWarm, () => "the connection with a forged answer still looks usable");

        (await GetAsync(lease)).ShouldBe("ok");
        machine.Peers.Count.ShouldBe(2);
    }

    [Fact]
    public async Task An_answer_given_up_closes_the_connection_so_that_the_machine_notices()
    {
        await using var machine = RawMachine.Start(async (peer, _) =>
        {
            await peer.ReadHeadAsync();
            await peer.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nbegin");
            await peer.ReadToEndAsync();
        });
        using var lease = Lease(machine);
        var answer = await SendAsync(lease, new HttpRequestMessage(HttpMethod.Get, "http://m/"));
        answer.Dispose();
        await Waiting.UntilAsync(() => machine.Peers is [{ SawEnd: true }, ..], () => "the connection is still open");
    }

    [Fact]
    public async Task A_cancelled_request_closes_the_connection_at_once()
    {
        await using var machine = RawMachine.Start(async (peer, _) =>
        {
            await peer.ReadHeadAsync();
            await peer.ReadToEndAsync();
        });
        using var lease = Lease(machine);
        using var cancellation = new CancellationTokenSource();
        var sending = _transport.For(lease).SendAsync(new HttpRequestMessage(HttpMethod.Get, "http://m/"), cancellation.Token);
        await Waiting.UntilAsync(() => machine.Received.Length > 0, () => "nothing received");

        await cancellation.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(sending.Soon());
        await Waiting.UntilAsync(() => machine.Peers is [{ SawEnd: true }, ..], () => "the connection is still open");
    }

    [Fact]
    public async Task Forgetting_a_machine_ends_its_requests_at_once_and_refuses_new_ones()
    {
        await using var machine = RawMachine.Start(async (peer, _) =>
        {
            await peer.ReadHeadAsync();
            await peer.ReadToEndAsync();
        });
        using var lease = Lease(machine);
        var sending = SendAsync(lease, new HttpRequestMessage(HttpMethod.Get, "http://m/"));
        await Waiting.UntilAsync(() => machine.Received.Length > 0, () => "nothing received");

        _transport.Forget(machine.Id);

        (await Should.ThrowAsync<MachineException>(sending.Soon())).Fault.ShouldBe(MachineFault.Closed);
        var failure = await Should.ThrowAsync<MachineException>(GetAsync(lease));
        failure.Fault.ShouldBe(MachineFault.Unreachable);
        _transport.WasSent(lease).ShouldBeFalse();
        machine.Peers.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Request_and_answer_stream_at_the_same_time()
    {
        await using var machine = RawMachine.Start(async (peer, _) =>
        {
            await peer.ReadHeadAsync();
            await peer.WriteAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            for (var chunk = 0; chunk < 3; chunk++)
            {
                var size = await peer.ReadUntilAsync("\r\n");
                var data = await peer.ReadUntilAsync("\r\n");
                await peer.WriteAsync(size + data);
            }

            (await peer.ReadUntilAsync("0\r\n\r\n")).ShouldBe("0\r\n\r\n");
            await peer.WriteAsync("0\r\n\r\n");
            await peer.ReadToEndAsync();
        });
        using var lease = Lease(machine);
        var body = new PushedContent();
        var answer = await SendAsync(lease, new HttpRequestMessage(HttpMethod.Post, "http://m/echo") { Content = body });
        var stream = await answer.Content.ReadAsStreamAsync();
        foreach (var word in new[] { "one", "two", "three" })
        {
            await body.PushAsync(word);
            (await ReadAsync(stream, word.Length)).ShouldBe(word);
        }

        body.Complete();
        (await stream.ReadAsync(new byte[10]).AsTask().Soon()).ShouldBe(0);
        _transport.LinkOf(lease).IsWarm.ShouldBeTrue();
    }

    [Fact]
    public async Task An_answer_before_the_end_of_the_request_stops_the_request_and_the_connection()
    {
        await using var machine = RawMachine.Start(async (peer, _) =>
        {
            await peer.ReadHeadAsync();
            await peer.WriteAsync("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig");
            await peer.ReadToEndAsync();
        });
        using var lease = Lease(machine);
        var body = new PushedContent();
        var answer = await SendAsync(lease, new HttpRequestMessage(HttpMethod.Post, "http://m/upload") { Content = body });

        answer.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        (await answer.Content.ReadAsStringAsync().Soon()).ShouldBe("big");
        await body.Ended.Soon();
        await Waiting.UntilAsync(() => machine.Peers is [{ SawEnd: true }, ..], () => "the connection is still open");
    }

    [Fact]
    public async Task A_body_is_sent_after_100_continue_and_not_before()
    {
        var begun = new TaskCompletionSource();
        await using var machine = RawMachine.Start(async (peer, _) =>
        {
            var head = await peer.ReadHeadAsync();
            head.ShouldNotBeNull().ShouldContain("Expect: 100-continue");
            begun.Task.IsCompleted.ShouldBeFalse();
            await peer.WriteAsync("HTTP/1.1 100 Continue\r\n\r\n");
            (await peer.ReadUntilAsync("body!")).ShouldBe("body!");
            await peer.WriteAsync(Ok);
            await peer.ReadToEndAsync();
        });
        var options = new MachineTransportOptions { ContinueTimeout = TimeSpan.FromMinutes(1) };
        using var transport = new MachineTransport(new LoopbackConnector(), options);
        using var lease = Lease(machine);
        var request = new HttpRequestMessage(HttpMethod.Post, "http://m/") { Content = new MarkedContent("body!", begun) };
        request.Headers.ExpectContinue = true;
        var answer = await transport.For(lease).SendAsync(request, default).Soon();
        (await answer.Content.ReadAsStringAsync()).ShouldBe("ok");
        begun.Task.IsCompleted.ShouldBeTrue();
    }

    [Fact]
    public async Task A_body_that_the_machine_does_not_want_is_not_sent()
    {
        var begun = new TaskCompletionSource();
        await using var machine = RawMachine.Start(async (peer, _) =>
        {
            await peer.ReadHeadAsync();
            await peer.WriteAsync("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n");
            await peer.ReadToEndAsync();
        });
        using var transport = new MachineTransport(new LoopbackConnector(), new MachineTransportOptions { ContinueTimeout = TimeSpan.FromMinutes(1) });
        using var lease = Lease(machine);
        var request = new HttpRequestMessage(HttpMethod.Post, "http://m/") { Content = new MarkedContent("body!", begun) };
        request.Headers.ExpectContinue = true;

        (await transport.For(lease).SendAsync(request, default).Soon()).StatusCode.ShouldBe(HttpStatusCode.ExpectationFailed);
        await Waiting.UntilAsync(() => machine.Peers is [{ SawEnd: true }, ..], () => "the connection is still open");
        begun.Task.IsCompleted.ShouldBeFalse();
        machine.Received.ShouldNotContain("body!");
    }

    [Fact]
    public async Task A_body_shorter_than_announced_ends_the_connection()
    {
        await using var machine = RawMachine.Start(async (peer, _) => await peer.ReadToEndAsync());
        using var lease = Lease(machine);
        var content = new PushedContent();
        content.Headers.ContentLength = 10;
        var sending = SendAsync(lease, new HttpRequestMessage(HttpMethod.Post, "http://m/") { Content = content });
        await content.PushAsync("short");
        content.Complete();

        (await Should.ThrowAsync<HttpRequestException>(sending)).Message.ShouldContain("5 of 10");
        await Waiting.UntilAsync(() => machine.Peers is [{ SawEnd: true }, ..], () => "the connection is still open");
    }

    [Fact]
    public async Task A_control_character_in_a_header_is_refused_before_anything_is_sent()
    {
        await using var machine = RawMachine.Answering(Ok);
        using var lease = Lease(machine);
        var request = new HttpRequestMessage(HttpMethod.Get, "http://m/");
        request.Headers.TryAddWithoutValidation("X-Evil", "a\0b");

        await Should.ThrowAsync<HttpRequestException>(SendAsync(lease, request));
        _transport.WasSent(lease).ShouldBeFalse();
        machine.Peers.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_slot_refuses_a_second_request_while_it_serves_one()
    {
        await using var machine = RawMachine.Start(async (peer, _) => await peer.ReadToEndAsync());
        using var lease = Lease(machine);
        var invoker = _transport.For(lease);
        var first = invoker.SendAsync(new HttpRequestMessage(HttpMethod.Get, "http://m/"), default);
        await Waiting.UntilAsync(() => machine.Received.Length > 0, () => "nothing received");

        await Should.ThrowAsync<InvalidOperationException>(invoker.SendAsync(new HttpRequestMessage(HttpMethod.Get, "http://m/"), default));
        first.IsCompleted.ShouldBeFalse();
        _transport.Forget(machine.Id);
        await Should.ThrowAsync<MachineException>(first.Soon());
    }

    [Fact]
    public async Task A_new_request_of_a_slot_ends_what_the_last_left_unread()
    {
        await using var machine = RawMachine.Start(async (peer, number) =>
        {
            await peer.ReadHeadAsync();
            await peer.WriteAsync(number == 0 ? "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nbegin" : Ok);
            await peer.ReadToEndAsync();
        });
        using var lease = Lease(machine);
        using var unread = await SendAsync(lease, new HttpRequestMessage(HttpMethod.Get, "http://m/"));
        (await GetAsync(lease)).ShouldBe("ok");
        machine.Peers.Count.ShouldBe(2);
    }

    internal static int Count(string text, string part) => text.Split(part).Length - 1;

    private static TestLease Lease(RawMachine machine, int slot = 0) => new(machine.Id, machine.Address, slot);

    private async Task<string> GetAsync(ISlotLease lease)
    {
        using var answer = await SendAsync(lease, new HttpRequestMessage(HttpMethod.Get, "http://m/"));
        return await answer.Content.ReadAsStringAsync().Soon();
    }

    private Task<HttpResponseMessage> SendAsync(ISlotLease lease, HttpRequestMessage request) => _transport.For(lease).SendAsync(request, default).Soon();

    private static async Task<string> ReadAsync(Stream stream, int count)
    {
        var bytes = new byte[count];
        await stream.ReadExactlyAsync(bytes).AsTask().Soon();
        return Encoding.ASCII.GetString(bytes);
    }

    private sealed class DeafConnector : IMachineConnector
    {
        public async ValueTask<Stream> ConnectAsync(MachineAddress address, CancellationToken cancellation)
        {
            await Task.Delay(Timeout.Infinite, cancellation);
            throw new SocketException();
        }
    }

    /// <summary>Says when it begins to be read.</summary>
    private sealed class MarkedContent(string text, TaskCompletionSource begun) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            begun.SetResult();
            await stream.WriteAsync(Encoding.ASCII.GetBytes(text));
        }

        protected override bool TryComputeLength(out long length)
        {
            length = text.Length;
            return true;
        }
    }
}
