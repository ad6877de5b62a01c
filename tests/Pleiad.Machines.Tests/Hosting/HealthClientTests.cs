using System.Net;
using System.Net.Sockets;
using System.Text;
using Pleiad.Machines.Hosting;
using Shouldly;
using Xunit;

namespace Pleiad.Machines.Tests.Hosting;

public sealed class HealthClientTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello")]
    [InlineData("HTTP/1.1 200 OK\r\ncontent-length:5\r\nConnection: close\r\n\r\nhello", 200, "hello")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", 200, "hello")]
    [InlineData("HTTP/1.0 200 OK\r\n\r\nhello", 200, "hello")]
    [InlineData("HTTP/1.1 204 No Content\r\n\r\n", 204, "")]
    [InlineData("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", 503, "")]
    [InlineData("HTTP/1.1 200 OK\nContent-Length: 2\n\nok", 200, "ok")]
    public async Task Answers_of_every_usual_form_are_read(string answer, int status, string body)
    {
        using var server = new Server(_ => answer);
        using var client = server.NewClient();

        var read = await client.GetAsync(CancellationToken.None).WaitAsync(Patience);

        read.Status.ShouldBe(status);
        Encoding.ASCII.GetString(read.Body.Span).ShouldBe(body);
        read.IsGood.ShouldBe(status is 200 or 204);
    }

    [Theory]
    [InlineData("")]
    [InlineData("SSH-2.0-OpenSSH\r\n")]
    [InlineData("HTTP/1.1 abc\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: -4\r\n\r\n")]
    public async Task What_is_no_answer_is_an_error(string answer)
    {
        using var server = new Server(_ => answer);
        using var client = server.NewClient();

        await Should.ThrowAsync<IOException>(() => client.GetAsync(CancellationToken.None).WaitAsync(Patience));
    }

    [Fact]
    public async Task An_endless_head_is_an_error_and_an_endless_body_is_cut()
    {
        using var heads = new Server(_ => "HTTP/1.1 200 OK\r\n" + string.Concat(Enumerable.Repeat("X: " + new string('y', 1000) + "\r\n", 100)));
        using var first = heads.NewClient();
        await Should.ThrowAsync<IOException>(() => first.GetAsync(CancellationToken.None).WaitAsync(Patience));

        using var bodies = new Server(_ => $"HTTP/1.1 200 OK\r\nContent-Length: {HealthClient.BodyBytesMax * 2}\r\n\r\n" + new string('z', HealthClient.BodyBytesMax * 2));
        using var second = bodies.NewClient();
        (await second.GetAsync(CancellationToken.None).WaitAsync(Patience)).Body.Length.ShouldBe(HealthClient.BodyBytesMax);
    }

    [Fact]
    public async Task One_connection_is_kept_and_replaced_when_the_server_closed_it()
    {
        using var server = new Server(request => request % 3 == 0 ? "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx" : "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
        using var client = server.NewClient();
        for (var i = 1; i <= 6; i++)
        {
            (await client.GetAsync(CancellationToken.None).WaitAsync(Patience)).IsGood.ShouldBeTrue();
        }

        server.Connections.ShouldBe(2);
    }

    [Fact]
    public async Task A_connection_that_went_stale_unseen_is_replaced_once()
    {
        using var server = new Server(_ => "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", closeAfterEach: true);
        using var client = server.NewClient();

        for (var i = 0; i < 3; i++)
        {
            (await client.GetAsync(CancellationToken.None).WaitAsync(Patience)).IsGood.ShouldBeTrue();
        }

        server.Connections.ShouldBe(3);
    }

    [Fact]
    public async Task A_connection_that_was_broken_off_is_made_anew()
    {
        using var server = new Server(_ => "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
        using var client = server.NewClient();
        for (var i = 0; i < 2; i++)
        {
            client.Reset();
            (await client.GetAsync(CancellationToken.None).WaitAsync(Patience)).IsGood.ShouldBeTrue();
        }

        server.Connections.ShouldBe(2);
    }

    [Fact]
    public async Task A_server_that_does_not_answer_waits_no_longer_than_asked()
    {
        using var server = new Server(_ => null);
        using var client = server.NewClient();
        using var limit = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));

        await Should.ThrowAsync<OperationCanceledException>(() => client.GetAsync(limit.Token).WaitAsync(Patience));
    }

    /// <summary>A server on loopback that answers request number N (from 1) as told; null: never.</summary>
    private sealed class Server : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly Func<int, string?> _answer;
        private readonly bool _closeAfterEach;
        private int _requests;
        private int _connections;

        public Server(Func<int, string?> answer, bool closeAfterEach = false)
        {
            (_answer, _closeAfterEach) = (answer, closeAfterEach);
            _listener.Start();
            _ = AcceptAsync();
        }

        public int Connections => _connections;

        public HealthClient NewClient() => new(
            async cancellation =>
            {
                var tcp = new TcpClient();
                await tcp.ConnectAsync((IPEndPoint)_listener.LocalEndpoint, cancellation);
                return tcp.GetStream();
            },
            "test",
            "/health");

        public void Dispose() => _listener.Dispose();

        private async Task AcceptAsync()
        {
            try
            {
                while (true)
                {
                    var tcp = await _listener.AcceptTcpClientAsync();
                    Interlocked.Increment(ref _connections);
                    _ = ServeAsync(tcp);
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return; // The test is over.
            }
        }

        private async Task ServeAsync(TcpClient tcp)
        {
            using (tcp)
            {
                try
                {
                    using var reader = new StreamReader(tcp.GetStream(), leaveOpen: true);
                    while (await reader.ReadLineAsync() is { } line)
                    {
                        if (line.Length > 0)
                        {
                            continue;
                        }

                        if (_answer(Interlocked.Increment(ref _requests)) is not { } answer)
                        {
                            await reader.ReadToEndAsync();
                            return;
                        }

                        await tcp.GetStream().WriteAsync(Encoding.ASCII.GetBytes(answer));
                        if (_closeAfterEach || answer.Contains("close", StringComparison.Ordinal) || !answer.Contains("HTTP/1.1 2", StringComparison.Ordinal))
                        {
                            return;
                        }
                    }
                }
                catch (IOException)
                {
                    return; // The client hung up.
                }
            }
        }
    }
}
