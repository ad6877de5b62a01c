using System.Net;
using System.Net.Sockets;
using Pleiad.TestKit;
using Pleiad.Wire.Captures;
using Pleiad.Wire.Live;
using Pleiad.Wire.Protocols;
using Pleiad.Wire.Tests.Fixtures;
using Shouldly;
using Xunit;

namespace Pleiad.Wire.Tests.Live;

/// <summary>Real captures from the loopback interface. They need root; the program's own message is tested without.</summary>
public sealed class LiveCaptureTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Traffic_of_the_loopback_is_captured_and_read_back()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "capturing needs root");
        using var directory = new TempDirectory("live");
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var options = new LiveCaptureOptions { Interface = "lo", File = directory.File("lo.pcapng"), Filter = $"tcp port {port}", RotateBytes = 4096, FilesMax = 100 };
        using var ended = new CancellationTokenSource();
        var started = new TaskCompletionSource();
        var capture = Task.Run(() => LiveCapture.Run(options, TimeProvider.System, started.SetResult, ended.Token), CancellationToken.None);
        await Task.WhenAny(started.Task, capture).WaitAsync(Limit);

        for (var request = 0; request < 20; request++)
        {
            await ExchangeAsync(listener, port);
        }

        // The files are written when nothing comes for a moment.
        int Seen() => Directory.GetFiles(directory.Path).Sum(Exchanges);
        await Eventually.BecomesTrueAsync(() => Seen() >= 10, Limit, () => $"{Seen()} exchanges in the files");
        await ended.CancelAsync();
        var result = await capture.WaitAsync(Limit);

        result.Dropped.ShouldBe(0);
        result.Files.Count.ShouldBeGreaterThan(1);
        result.Frames.ShouldBeGreaterThan(20 * 4);
    }

    [Fact]
    public void An_interface_that_is_not_there_is_refused_with_a_reason()
    {
        var options = new LiveCaptureOptions { Interface = "nosuch0", File = "/nowhere/x.pcapng" };

        Should.Throw<CaptureException>(() => LiveCapture.Run(options, TimeProvider.System, null, CancellationToken.None)).Message.ShouldContain("nosuch0");
    }

    [Fact]
    public void A_file_that_cannot_be_written_is_refused_before_the_capture_begins()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "capturing needs root");
        var began = false;
        var options = new LiveCaptureOptions { Interface = "lo", File = "/nowhere/x.pcapng" };

        Should.Throw<CaptureException>(() => LiveCapture.Run(options, TimeProvider.System, () => began = true, CancellationToken.None)).Reason.ShouldBe(CaptureFault.CannotWrite);
        began.ShouldBeFalse();
    }

    private static async Task ExchangeAsync(TcpListener listener, int port)
    {
        using var client = new TcpClient();
        var accepting = listener.AcceptTcpClientAsync();
        await client.ConnectAsync(IPAddress.Loopback, port);
        using var server = await accepting.WaitAsync(Limit);
        var buffer = new byte[1024];
        await client.GetStream().WriteAsync("GET /live HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
        await server.GetStream().ReadAtLeastAsync(buffer, 10);
        await server.GetStream().WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"u8.ToArray());
        await client.GetStream().ReadAtLeastAsync(buffer, 10);
    }

    // A file is empty until its first bytes leave the buffer.
    private static int Exchanges(string file) => File.ReadAllBytes(file) is { Length: > 0 } bytes ? ExchangeLog.Read(bytes).Log.Completed.Count(exchange => exchange.Kind == ExchangeKind.Request) : 0;
}
