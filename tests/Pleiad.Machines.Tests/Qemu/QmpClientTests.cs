using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Pleiad.Machines.Qemu;
using Shouldly;
using Xunit;

namespace Pleiad.Machines.Tests.Qemu;

public sealed class QmpClientTests : IDisposable
{
    private const string Greeting = "{\"QMP\": {\"version\": {\"qemu\": {\"major\": 7}}, \"capabilities\": []}}\r\n";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(100);
    private readonly string _directory = Directory.CreateTempSubdirectory("plt-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task A_command_is_answered_though_lines_come_in_pieces_and_events_between_them()
    {
        await using var server = Serve(async peer =>
        {
            foreach (var c in Greeting)
            {
                await peer.SayAsync(c.ToString());
            }

            await peer.AnswerNextAsync("{}");
            var id = await peer.NextIdAsync();
            await peer.SayAsync("{\"event\": \"RESUME\", \"timestamp\": {}}\r\n{\"event\": \"SHUTDOWN\", \"data\": {\"reason\": \"guest-reset\"}}\r\n{\"return\": {\"stat");
            await peer.SayAsync($"us\": \"running\"}}, \"id\": \"{id}\"}}\r\n");
        });
        await using var client = await ConnectAsync(server);

        var answer = await client.ExecuteAsync("query-status", null, Patience, CancellationToken.None);

        answer.GetProperty("status").GetString().ShouldBe("running");
        (await client.Events.ReadAsync()).Name.ShouldBe("RESUME");
        (await client.Events.ReadAsync()).Data.GetProperty("reason").GetString().ShouldBe("guest-reset");
    }

    [Fact]
    public async Task Answers_are_matched_by_id_whatever_their_order()
    {
        await using var server = Serve(async peer =>
        {
            await peer.GreetAsync();
            var first = await peer.NextIdAsync();
            var second = await peer.NextIdAsync();
            await peer.SayAsync($"{{\"return\": 2, \"id\": \"{second}\"}}\r\n{{\"return\": 1, \"id\": \"{first}\"}}\r\n{{\"return\": 3, \"id\": \"77\"}}\r\n");
        });
        await using var client = await ConnectAsync(server);

        var one = client.ExecuteAsync("first", null, Patience, CancellationToken.None);
        var two = client.ExecuteAsync("second", json => json.WriteNumber("value", 5), Patience, CancellationToken.None);

        (await one).GetInt32().ShouldBe(1);
        (await two).GetInt32().ShouldBe(2);
    }

    [Fact]
    public async Task A_refusal_carries_QEMUs_words()
    {
        await using var server = Serve(async peer =>
        {
            await peer.GreetAsync();
            var id = await peer.NextIdAsync();
            await peer.SayAsync($"{{\"error\": {{\"class\": \"CommandNotFound\", \"desc\": \"The command x has not been found\"}}, \"id\": \"{id}\"}}\r\n");
        });
        await using var client = await ConnectAsync(server);

        var error = await Should.ThrowAsync<QmpException>(() => client.ExecuteAsync("x", null, Patience, CancellationToken.None));

        error.Fault.ShouldBe(QmpFault.Refused);
        error.Message.ShouldBe("The command x has not been found");
    }

    [Fact]
    public async Task A_command_that_is_never_answered_times_out_and_the_next_one_works()
    {
        await using var server = Serve(async peer =>
        {
            await peer.GreetAsync();
            var lost = await peer.NextIdAsync();
            await peer.AnswerNextAsync("true");
            await peer.SayAsync($"{{\"return\": {{}}, \"id\": \"{lost}\"}}\r\n");
        });
        await using var client = await ConnectAsync(server);

        (await Should.ThrowAsync<QmpException>(() => client.ExecuteAsync("stop", null, Short, CancellationToken.None))).Fault.ShouldBe(QmpFault.TimedOut);
        (await client.ExecuteAsync("cont", null, Patience, CancellationToken.None)).ValueKind.ShouldBe(JsonValueKind.True);
    }

    [Fact]
    public async Task A_server_that_never_greets_times_out()
    {
        var silent = new TaskCompletionSource();
        await using var server = Serve(_ => silent.Task);

        (await Should.ThrowAsync<QmpException>(() => QmpClient.ConnectAsync(server.Path, Short, TimeProvider.System, CancellationToken.None))).Fault.ShouldBe(QmpFault.TimedOut);
        silent.SetResult();
    }

    [Theory]
    [InlineData("hello\r\n", "Garbled")]
    [InlineData("[1, 2]\r\n", "Garbled")]
    [InlineData("{\"QMP\": \r\n", "Garbled")]
    [InlineData("", "Closed")]
    public async Task What_is_no_QMP_is_told_at_once(string said, string fault)
    {
        await using var server = Serve(peer => peer.SayAsync(said));

        (await Should.ThrowAsync<QmpException>(() => QmpClient.ConnectAsync(server.Path, Patience, TimeProvider.System, CancellationToken.None))).Fault.ToString().ShouldBe(fault);
    }

    [Fact]
    public async Task A_line_that_does_not_end_is_cut_off()
    {
        await using var server = Serve(async peer =>
        {
            await peer.GreetAsync();
            await peer.NextIdAsync();
            var part = new string('x', 64 * 1024);
            for (var i = 0; i < 64; i++)
            {
                await peer.SayAsync(part);
            }
        });
        await using var client = await ConnectAsync(server);

        var error = await Should.ThrowAsync<QmpException>(() => client.ExecuteAsync("x", null, Patience, CancellationToken.None));

        error.Fault.ShouldBe(QmpFault.Garbled);
        await client.Closed.WaitAsync(Patience);
    }

    [Fact]
    public async Task The_end_of_QEMU_fails_what_waits_and_what_comes_later()
    {
        await using var server = Serve(async peer =>
        {
            await peer.GreetAsync();
            await peer.NextIdAsync();
        });
        await using var client = await ConnectAsync(server);

        (await Should.ThrowAsync<QmpException>(() => client.ExecuteAsync("quit", null, Patience, CancellationToken.None))).Fault.ShouldBe(QmpFault.Closed);
        await client.Closed.WaitAsync(Patience);
        (await Should.ThrowAsync<QmpException>(() => client.ExecuteAsync("quit", null, Patience, CancellationToken.None))).Fault.ShouldBe(QmpFault.Closed);
        (await client.Events.WaitToReadAsync()).ShouldBeFalse();
    }

    [Fact]
    public async Task A_flood_of_events_nobody_reads_keeps_the_newest_and_holds_nothing_up()
    {
        await using var server = Serve(async peer =>
        {
            await peer.GreetAsync();
            var id = await peer.NextIdAsync();
            for (var i = 0; i < QmpClient.EventsMax * 3; i++)
            {
                await peer.SayAsync($"{{\"event\": \"E{i}\"}}\r\n");
            }

            await peer.SayAsync($"{{\"return\": {{}}, \"id\": \"{id}\"}}\r\n");
        });
        await using var client = await ConnectAsync(server);
        await client.ExecuteAsync("x", null, Patience, CancellationToken.None);

        client.Events.Count.ShouldBe(QmpClient.EventsMax);
        (await client.Events.ReadAsync()).Name.ShouldBe($"E{QmpClient.EventsMax * 2}");
    }

    [Fact]
    public async Task A_socket_whose_path_is_longer_than_an_address_holds_is_reached()
    {
        var deep = Path.Combine(_directory, new string('d', 120));
        Directory.CreateDirectory(deep);
        await using var server = Serve(peer => peer.GreetAsync(), Path.Combine(deep, "qmp"));
        await using var client = await ConnectAsync(server);

        client.ShouldNotBeNull();
    }

    [Fact]
    public async Task Nobody_at_the_path_is_told() =>
        (await Should.ThrowAsync<QmpException>(() => QmpClient.ConnectAsync(Path.Combine(_directory, "none"), Patience, TimeProvider.System, CancellationToken.None)))
            .Fault.ShouldBe(QmpFault.Closed);

    private static Task<QmpClient> ConnectAsync(FakeQmp server) => QmpClient.ConnectAsync(server.Path, Patience, TimeProvider.System, CancellationToken.None);

    private FakeQmp Serve(Func<FakeQmp.Peer, Task> script, string? path = null) => new(path ?? Path.Combine(_directory, "qmp"), script);

    /// <summary>A server on a real unix socket that follows a script for its first connection, then closes it.</summary>
    private sealed class FakeQmp : IAsyncDisposable
    {
        private readonly Socket _listener;
        private readonly Task _serving;

        public FakeQmp(string path, Func<Peer, Task> script)
        {
            Path = path;
            _listener = UnixSocket.Listen(path);
            _serving = ServeAsync(script);
        }

        public string Path { get; }

        public async ValueTask DisposeAsync()
        {
            _listener.Dispose();
            await _serving.WaitAsync(Patience);
        }

        private async Task ServeAsync(Func<Peer, Task> script)
        {
            try
            {
                using var socket = await _listener.AcceptAsync();
                await using var stream = new NetworkStream(socket);
                using var reader = new StreamReader(stream);
                await script(new Peer(stream, reader));
            }
            catch (Exception e) when (e is IOException or SocketException)
            {
                return; // The client went away, as some tests want.
            }
        }

        public sealed class Peer(Stream stream, StreamReader reader)
        {
            public async Task SayAsync(string text) => await stream.WriteAsync(Encoding.UTF8.GetBytes(text));

            public async Task<string> NextIdAsync()
            {
                using var message = JsonDocument.Parse(await reader.ReadLineAsync() ?? throw new IOException("the client is gone"));
                return message.RootElement.GetProperty("id").GetString()!;
            }

            public async Task AnswerNextAsync(string value)
            {
                var id = await NextIdAsync();
                await SayAsync($"{{\"return\": {value}, \"id\": \"{id}\"}}\r\n");
            }

            public async Task GreetAsync()
            {
                await SayAsync(Greeting);
                await AnswerNextAsync("{}");
            }
        }
    }
}
