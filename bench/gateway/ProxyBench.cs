using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace Pleiad.Bench.Gateway;

/// <summary>
/// Requests per second through the gateway and through HAProxy, both holding two machines to so many requests at once, with the same clients and the same
/// backend, turn by turn in one run. On a small machine clients and backend take their share of the CPUs, so the proxies' own CPU time is told too.
/// </summary>
internal static partial class ProxyBench
{
    public const int Slots = 25;
    private const int Clients = 64;
    private const int Rounds = 2;

    public static async Task RunAsync(Report report, int seconds, CancellationToken cancellation)
    {
        var missing = new[] { "haproxy", "wrk" }.Where(tool => Find(tool) is null).ToList();
        if (missing.Count > 0)
        {
            var note = $"left out: {string.Join(" and ", missing)} not found; on Debian: apt-get install --no-install-recommends {string.Join(' ', missing)}";
            report.Add("gateway against HAProxy maxconn", "requests/s", null, null, "HAProxy", note);
            return;
        }

        await using var backend = await Child.StartAsync(Environment.ProcessPath!, ["--backend"]);
        var ports = (await backend.LineAsync(cancellation)).Split(' ');
        await using var gateway = await Child.StartAsync(Environment.ProcessPath!, ["--gateway", .. ports]);
        var gatewayUrl = $"http://127.0.0.1:{await gateway.LineAsync(cancellation)}/bench/hello";
        var configuration = Path.GetTempFileName();
        try
        {
            var port = FreePort();
            await File.WriteAllTextAsync(configuration, HaproxyConfiguration(port, ports), cancellation);
            await using var haproxy = await Child.StartAsync(Find("haproxy")!, ["-db", "-f", configuration]);
            var haproxyUrl = $"http://127.0.0.1:{port}/bench/hello";
            await AnswersAsync(haproxyUrl).WaitAsync(cancellation);

            await WrkAsync(gatewayUrl, gateway, Math.Max(2, seconds / 2), cancellation);
            await WrkAsync(haproxyUrl, haproxy, 1, cancellation);
            var (ours, peers) = (new List<Measured>(), new List<Measured>());
            for (var round = 0; round < Rounds; round++)
            {
                ours.Add(await WrkAsync(gatewayUrl, gateway, seconds, cancellation));
                peers.Add(await WrkAsync(haproxyUrl, haproxy, seconds, cancellation));
            }

            var note = $"{Clients} clients, 2 machines x {Slots} slots, {Environment.ProcessorCount} CPUs shared with clients and backend";
            Add("gateway, throughput", "requests/s", measured => measured.PerSecond, note);
            Add("gateway, 99th percentile", "ms", measured => measured.P99Milliseconds);
            Add("gateway, CPU of the proxy per request", "us", measured => measured.CpuMicroseconds);
            Add("gateway, errors", "requests", measured => measured.Errors);

            void Add(string what, string unit, Func<Measured, double> value, string? text = null) =>
                report.Add(what, unit, ours.Average(value), peers.Average(value), "HAProxy maxconn", text);
        }
        finally
        {
            File.Delete(configuration);
        }
    }

    private static async Task<Measured> WrkAsync(string url, Child proxy, int seconds, CancellationToken cancellation)
    {
        var cpu = proxy.CpuSeconds;
        await using var wrk = await Child.StartAsync(Find("wrk")!, ["-t", "2", "-c", $"{Clients}", "-d", $"{seconds}s", "--latency", url]);
        var text = await wrk.AllAsync(TimeSpan.FromSeconds(seconds + 20), cancellation);
        cpu = proxy.CpuSeconds - cpu;
        var requests = Number(RequestsPattern().Match(text).Groups[1].Value);
        var errors = ErrorsPattern().Matches(text).Sum(match => Number(match.Groups[1].Value));
        var p99 = P99Pattern().Match(text);
        var unit = p99.Groups[2].Value switch { "us" => 0.001, "ms" => 1, _ => 1000 };
        return new Measured(
            Number(RatePattern().Match(text).Groups[1].Value), Number(p99.Groups[1].Value) * unit, cpu * 1e6 / requests, errors);
    }

    private static string HaproxyConfiguration(int port, string[] ports) =>
        $"""
        global
            maxconn 4096
            nbthread {Environment.ProcessorCount}
        defaults
            mode http
            timeout connect 5s
            timeout client 60s
            timeout server 60s
            timeout queue 30s
            option http-keep-alive
            option forwardfor
            http-reuse always
        frontend front
            bind 127.0.0.1:{port}
            default_backend machines
        backend machines
            balance leastconn
        {string.Join('\n', ports.Select((target, index) => $"    server m{index} 127.0.0.1:{target} maxconn {Slots}"))}

        """;

    private static async Task AnswersAsync(string url)
    {
        using var client = new HttpClient();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        while (true)
        {
            try
            {
                (await client.GetAsync(new Uri(url), limit.Token)).EnsureSuccessStatusCode();
                return;
            }
            catch (HttpRequestException) when (!limit.IsCancellationRequested)
            {
                await Task.Delay(20, limit.Token);
            }
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string? Find(string tool) =>
        $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/sbin".Split(':').Select(folder => Path.Combine(folder, tool)).FirstOrDefault(File.Exists);

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"Requests/sec:\s+([\d.]+)")]
    private static partial Regex RatePattern();

    [GeneratedRegex(@"(\d+) requests in")]
    private static partial Regex RequestsPattern();

    [GeneratedRegex(@"99%\s+([\d.]+)(us|ms|s)")]
    private static partial Regex P99Pattern();

    [GeneratedRegex(@"(?:Non-2xx or 3xx responses: |connect |read |write |timeout )(\d+)")]
    private static partial Regex ErrorsPattern();

    private sealed record Measured(double PerSecond, double P99Milliseconds, double CpuMicroseconds, double Errors);
}
