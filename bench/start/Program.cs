using System.Globalization;
using System.Text.Json;
using Pleiad.Bench.Start;
using Spectre.Console;

// Spawn to first HTTP answer: a bare QEMU with the same image, a machine ordered from Pleiad's host, and a request at the gateway of a service scaled to zero.
// The three take turns, so that noise of the machine meets all of them. Usage: dotnet run -c Release --project bench/start -- [--short] [--json]
if (args is [BareStarts.Child, var kernel])
{
    return await BareStarts.ServeAsync(kernel);
}

if (args.Contains(LaunchBench.Option))
{
    return await LaunchBench.RunAsync(args.Contains("--json"));
}

var rounds = args.Contains("--short") ? 10 : 40;
var json = args.Contains("--json");
await using var bench = await StartBench.PrepareAsync(message => Console.Error.WriteLine(message));
var rows = new SortedDictionary<string, List<double>>(StringComparer.Ordinal);
for (var round = -2; round < rounds; round++)
{
    foreach (var (name, measure) in bench.Ways)
    {
        var milliseconds = await measure();
        if (round >= 0)
        {
            rows.TryAdd(name, []);
            rows[name].Add(milliseconds);
        }
    }
}

var idle = await bench.IdleAsync();
var bare = Statistics.Quantile(rows[StartBench.Bare], 0.5);
var results = bench.Ways.Select(way => new
{
    name = way.Name,
    n = rounds,
    medianMs = Math.Round(Statistics.Quantile(rows[way.Name], 0.5), 1),
    p90Ms = Math.Round(Statistics.Quantile(rows[way.Name], 0.9), 1),
    minMs = Math.Round(rows[way.Name].Min(), 1),
    ratioToBare = Math.Round(Statistics.Quantile(rows[way.Name], 0.5) / bare, 2),
}).ToList();
if (json)
{
    Console.WriteLine(JsonSerializer.Serialize(new { benchmark = "start", accelerator = bench.Accelerator, cores = Environment.ProcessorCount, goal = StartBench.Goal, results, idle = new { cpuMsPerSecond = Math.Round(idle.CpuMsPerSecond, 2), guestBytes = idle.GuestBytes, residentBytes = idle.ResidentBytes } }));
}
else
{
    var table = new Table().AddColumns("start → first answer", "n", "median ms", "p90 ms", "min ms", "ratio to bare");
    foreach (var row in results)
    {
        table.AddRow(row.name, $"{row.n}", $"{row.medianMs}", $"{row.p90Ms}", $"{row.minMs}", row.ratioToBare.ToString("0.00", CultureInfo.InvariantCulture));
    }

    AnsiConsole.Write(table);
    Console.WriteLine(FormattableString.Invariant($"an idle machine: {idle.CpuMsPerSecond:0.0} ms of CPU a second, {idle.GuestBytes / 1e6:0.00} MB in use in the guest, {idle.ResidentBytes / 1048576.0:0.0} MiB resident on the host"));
    Console.WriteLine($"accelerator {bench.Accelerator}, {Environment.ProcessorCount} cores; goal: '{StartBench.Host}' at most {StartBench.Goal} times bare");
}

return 0;
