using System.Diagnostics;
using System.Text.Json;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Isolation;
using Pleiad.Machines.Qemu;
using Spectre.Console;

namespace Pleiad.Bench.Start;

/// <summary>What it costs to shut a process in: the same program started with all protections and with none, in turn.</summary>
internal static class LaunchBench
{
    internal const string Option = "--launch";

    private const string Program = "/bin/true";
    private const int Rounds = 300;
    private const int Warmup = 20;

    internal static async Task<int> RunAsync(bool json, CancellationToken cancellation)
    {
        var shut = Directory.CreateTempSubdirectory("pleiad-bench-").FullName;
        var open = Directory.CreateTempSubdirectory("pleiad-bench-").FullName;
        using var watch = new ProcessWatch();
        using var plain = Launcher.Open(await LauncherParts.PlainAsync(open, Program), [], watch, TimeProvider.System);
        using var full = Launcher.Open(await LauncherParts.MakeAsync(shut, new MachineMark(shut).GroupName, Program, NetworkMode.Namespace), [], watch, TimeProvider.System);
        try
        {
            var plainMs = new List<double>();
            var fullMs = new List<double>();
            for (var round = -Warmup; round < Rounds; round++)
            {
                cancellation.ThrowIfCancellationRequested();
                var without = await StartAsync(plain, open);
                var with = await StartAsync(full, shut);
                if (round >= 0)
                {
                    plainMs.Add(without);
                    fullMs.Add(with);
                }
            }

            Report(plainMs, fullMs, full.Protections, json);
            return 0;
        }
        finally
        {
            await full.RemoveAsync();
            Directory.Delete(shut, recursive: true);
            Directory.Delete(open, recursive: true);
        }
    }

    /// <summary>From the order until the process is its program and all its limits hold, in ms.</summary>
    private static async Task<double> StartAsync(Launcher launcher, string directory)
    {
        using var log = SerialLog.Open(Path.Combine(directory, "log"));
        var began = Stopwatch.GetTimestamp();
        using var process = await launcher.StartAsync(new QemuLaunch([], log, [], 1 << 20, MachineLimits.Of(4 << 20, 1, "tcg")));
        var taken = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        await process.Exited;
        await process.Released;
        return taken;
    }

    private static void Report(List<double> plain, List<double> full, IReadOnlyList<Protection> protections, bool json)
    {
        var rows = ((string Name, List<double> Values)[])[("nothing", plain), ("all protections", full)];
        var difference = Statistics.Quantile(full, 0.5) - Statistics.Quantile(plain, 0.5);
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(new
            {
                benchmark = "launch",
                protections = protections.Where(protection => protection.Holds).Select(protection => protection.Name),
                results = rows.Select(row => new { name = row.Name, n = row.Values.Count, medianMs = Statistics.Quantile(row.Values, 0.5), p90Ms = Statistics.Quantile(row.Values, 0.9), minMs = row.Values.Min() }),
                differenceMs = difference,
            }));
            return;
        }

        var table = new Table().AddColumns("start of a process, shut in by", "n", "median ms", "p90 ms", "min ms");
        foreach (var (name, values) in rows)
        {
            table.AddRow(name, $"{values.Count}", $"{Statistics.Quantile(values, 0.5):0.00}", $"{Statistics.Quantile(values, 0.9):0.00}", $"{values.Min():0.00}");
        }

        AnsiConsole.Write(table);
        Console.WriteLine(FormattableString.Invariant($"difference of the medians: {difference:0.00} ms; protections: {string.Join(", ", protections.Where(protection => protection.Holds).Select(protection => protection.Name))}"));
    }
}
