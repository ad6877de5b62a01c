using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace Pleiad.Bench.Load;

/// <summary>Figures of one generator.</summary>
internal sealed record Measured(string Generator, string Load, double Requests, double Seconds, double CpuSeconds, double Failed = 0, double? LagP50Ms = null, double? LagP99Ms = null, double? P99Ms = null)
{
    public double PerCpuSecond => Requests / CpuSeconds;

    public double PerSecond => Requests / Seconds;
}

/// <summary>Other generators, as child processes; their CPU time is what the system counted for them.</summary>
internal static partial class Tools
{
    private const int Children = -1;

    public static async Task<Measured?> WrkAsync(string url, int clients, int seconds, CancellationToken cancellation) =>
        await RunAsync("wrk", ["-t1", $"-c{clients}", $"-d{seconds}s", url], cancellation) is var (text, cpu, wall) && Number(text, @"(\d+) requests in") is { } requests ? new Measured("wrk", $"{clients} clients", requests, wall, cpu) : null;

    public static async Task<Measured?> HeyAsync(string url, int clients, int seconds, CancellationToken cancellation) =>
        await RunAsync("hey", ["-c", $"{clients}", "-z", $"{seconds}s", url], cancellation) is var (text, cpu, wall) && Number(text, @"\[200\]\s+(\d+) responses") is { } requests ? new Measured("hey", $"{clients} clients", requests, wall, cpu) : null;

    public static async Task<Measured?> AbAsync(string url, int clients, int seconds, CancellationToken cancellation) =>
        await RunAsync("ab", ["-q", "-k", "-c", $"{clients}", "-t", $"{seconds}", "-n", "10000000", url], cancellation) is var (text, cpu, wall) && Number(text, @"Complete requests:\s+(\d+)") is { } requests ? new Measured("ab", $"{clients} clients", requests, wall, cpu) : null;

    public static async Task<Measured?> H2LoadAsync(string url, int clients, int seconds, CancellationToken cancellation) =>
        await RunAsync("h2load", ["--h1", "-t1", $"-c{clients}", "-D", $"{seconds}", url], cancellation) is var (text, cpu, wall) && Number(text, @"requests: \d+ total, \d+ started, (\d+) done") is { } requests ? new Measured("h2load", $"{clients} clients", requests, wall, cpu) : null;

    public static async Task<Measured?> OwnAsync(string name, string port, string scenario, string level, int seconds, string engine, string connections, CancellationToken cancellation)
    {
        var (text, _, _) = await RunAsync(Environment.ProcessPath!, ["generate", port, scenario, level, $"{seconds}", engine, connections], cancellation) ?? ("", 0, 0);
        var figures = text.Trim().Split(' ').Select(field => double.TryParse(field, CultureInfo.InvariantCulture, out var value) ? value : double.NaN).ToArray();
        return figures.Length < 8 ? null : new Measured(name, level, figures[0], figures[1], figures[2], figures[3], figures[4], figures[5], figures[7]);
    }

    private static double? Number(string text, string pattern) => Regex.Match(text, pattern) is { Success: true } match ? double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : null;

    /// <summary>Runs a program to its end; null when it is not installed.</summary>
    private static async Task<(string Text, double Cpu, double Wall)?> RunAsync(string program, string[] arguments, CancellationToken cancellation)
    {
        var before = ChildrenCpu();
        var watch = Stopwatch.StartNew();
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        try
        {
            using var process = Process.Start(start)!;
            try
            {
                var text = await process.StandardOutput.ReadToEndAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(120), cancellation);
                await process.WaitForExitAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(10), cancellation);
                return (text, ChildrenCpu() - before, watch.Elapsed.TotalSeconds);
            }
            finally
            {
                if (!process.HasExited)
                {
                    process.Kill();
                }
            }
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Console.Error.WriteLine($"{program} is not installed; its row is missing");
            return null;
        }
    }

    private static unsafe double ChildrenCpu()
    {
        var usage = stackalloc long[18];
        return getrusage(Children, usage) == 0 ? usage[0] + (usage[1] / 1e6) + usage[2] + (usage[3] / 1e6) : 0;
    }

    [LibraryImport("libc")]
    private static unsafe partial int getrusage(int who, long* usage);
}
