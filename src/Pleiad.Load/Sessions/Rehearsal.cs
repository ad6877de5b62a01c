using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Pleiad.Load.Running;
using Pleiad.Load.Scenarios;

namespace Pleiad.Load.Sessions;

/// <summary>
/// A short run against a server in this process, before the first real one: the runtime compiles code when it first runs, which takes tens of milliseconds, and the first users would
/// wait for it. The target sees nothing of it.
/// </summary>
internal static class Rehearsal
{
    private static readonly TimeSpan Length = TimeSpan.FromMilliseconds(200);
    private static readonly Lazy<Task> Own = new(() => RunAsync(HttpEngine.Auto));
    private static readonly Lazy<Task> Runtimes = new(() => RunAsync(HttpEngine.System));

    /// <summary>Two pages with all that happens on the path of a request: values, cookies, checks, extraction, think times.</summary>
    private const string Pages =
        """
        name: rehearsal
        pages:
          a: { url: '/?a=${session}', checks: { contains: value }, extract: { x: { json: $.value }, y: { regex: '"value": "([^"]+)"' }, z: { header: X-Value } } }
          b: { url: '/?b=${x}${y}${z}', body: '${x}' }
        transitions: { a: { b: { probability: 0.9, think: 1ms } }, b: {} }
        load: { rate: 500, returns: 0.1, pause: 1ms, connections: perUser }
        """;

    private static readonly byte[] Answer = "HTTP/1.1 200 OK\r\nX-Value: 1\r\nSet-Cookie: a=b\r\nContent-Length: 16\r\n\r\n{\"value\": \"abc\"}"u8.ToArray();

    /// <summary>Done once in a process for each of the two clients.</summary>
    public static Task DoneAsync(bool withRuntimes) => withRuntimes ? Task.WhenAll(Own.Value, Runtimes.Value) : Own.Value;

    private static async Task RunAsync(HttpEngine engine)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = ServeAsync(listener);
        var scenario = ScenarioDocument.Read(Pages, "rehearsal", _ => "");
        var address = (IPEndPoint)listener.LocalEndpoint;
        var options = new LoadOptions { Target = new Uri($"http://{address}/"), Engine = engine, Grace = TimeSpan.FromMilliseconds(200), RequestIdHeader = "X-Id" };
        var worker = new Worker(new WorkerSettings
        {
            Scenario = scenario,
            Plan = scenario.Load with { Duration = Length },
            Options = options,
            Addresses = [address],
            Share = 0,
            Shares = 1,
            StartTimestamp = Stopwatch.GetTimestamp(),
            Host = WorkerSettings.HostOf(options.Target),
        });
        try
        {
            await Task.Factory.StartNew(worker.Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        finally
        {
            worker.Dispose();
            listener.Stop();
            await serving;
        }
    }

    private static async Task ServeAsync(TcpListener listener)
    {
        var connections = new List<(Socket Socket, Task Serving)>();
        try
        {
            while (true)
            {
                var socket = await listener.AcceptSocketAsync();
                connections.Add((socket, ServeAsync(socket)));
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The listener was stopped: the rehearsal is over.
            connections.ForEach(each => each.Socket.Dispose());
            await Task.WhenAll(connections.Select(each => each.Serving));
        }
    }

    private static async Task ServeAsync(Socket socket)
    {
        using (socket)
        {
            var buffer = new byte[4096];
            try
            {
                // Requests are far smaller than the buffer and come one at a time: each receive is one of them.
                while (await socket.ReceiveAsync(buffer) > 0)
                {
                    await socket.SendAsync(Answer);
                }
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                // A user who left closed the connection, or the rehearsal is over.
                return;
            }
        }
    }
}
