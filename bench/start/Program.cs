using System.Globalization;
using System.Text.Json;
using Pleiad.Bench;
using Pleiad.Bench.Start;
using Pleiad.Core.Services;
using Spectre.Console;

// Order to first HTTP answer: a bare QEMU with the same image, machines ordered from Pleiad's host (cold, cloned, resumed; with --linux also of the C# service on
// Debian's kernel), and a request at the gateway of a service scaled to zero; then 50 orders at once. All take turns, so that noise of the machine meets all of them.
// Usage: dotnet run -c Release --project bench/start -- [--short] [--linux] [--json] [--only TEXT: ways whose name has it, and no bursts]   or   --launch (what shutting in costs)
if (args is [BareStarts.Child, var kernel])
{
    return await BareStarts.ServeAsync(kernel);
}

if (args.Contains(LaunchBench.Option))
{
    return await Interruption.RunAsync(ended => LaunchBench.RunAsync(args.Contains("--json"), ended));
}

return await Interruption.RunAsync(MeasureAsync);

async Task<int> MeasureAsync(CancellationToken ended)
{
    const int Bursts = 3;
    const int BurstSize = 50;
    var rounds = args.Contains("--short") ? 10 : 40;
    var json = args.Contains("--json");
    var only = args.SkipWhile(arg => arg != "--only").Skip(1).FirstOrDefault();
    await using var bench = await StartBench.PrepareAsync(args.Contains("--linux"), message => Console.Error.WriteLine(message), ended);
    var rows = new SortedDictionary<string, List<double>>(StringComparer.Ordinal);
    for (var round = -2; round < rounds; round++)
    {
        foreach (var (name, measure) in bench.Ways.Where(way => way.Name.Contains(only ?? "", StringComparison.OrdinalIgnoreCase)))
        {
            await bench.SettleAsync(ended);
            var milliseconds = await measure().WaitAsync(ended);
            if (round >= 0)
            {
                rows.TryAdd(name, []);
                rows[name].Add(milliseconds);
            }
        }
    }

    if (only is not null)
    {
        foreach (var (name, milliseconds) in rows)
        {
            Console.WriteLine(FormattableString.Invariant($"{name}: median {Statistics.Quantile(milliseconds, 0.5):0.0} ms, p90 {Statistics.Quantile(milliseconds, 0.9):0.0} ms, least {milliseconds.Min():0.0} ms, n = {rounds}"));
        }

        return 0;
    }

    var bursts = new List<(double AllMs, IReadOnlyList<double> EachMs, IReadOnlyDictionary<StartMode, int> Ways)>();
    for (var round = 0; round < Bursts; round++)
    {
        bursts.Add(await bench.Machines[0].BurstAsync(BurstSize, ended));
    }

    var burst = new
    {
        machines = BurstSize,
        bursts = Bursts,
        allMs = Math.Round(Statistics.Quantile(bursts.Select(one => one.AllMs), 0.5), 1),
        medianMs = Math.Round(Statistics.Quantile(bursts.SelectMany(one => one.EachMs), 0.5), 1),
        maxMs = Math.Round(bursts.Max(one => one.EachMs.Max()), 1),
        perSecond = Math.Round(BurstSize / Statistics.Quantile(bursts.Select(one => one.AllMs), 0.5) * 1000, 1),
        failed = 0,
        ways = string.Join(", ", bursts.SelectMany(one => one.Ways).GroupBy(way => way.Key).Select(way => $"{way.Sum(one => one.Value)} {way.Key}")),
    };
    var idle = await bench.IdleAsync(ended);
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
    double Median(MachineWays ways, StartMode start) => Statistics.Quantile(rows[ways.NameOf(start)], 0.5);
    var ratios = bench.Machines.Select(ways => new
    {
        image = ways.NameOf(StartMode.Cold).Split(',')[0],
        cloneQuicker = Math.Round(Median(ways, StartMode.Cold) / Median(ways, StartMode.Clone), 1),
        resumeQuicker = Math.Round(Median(ways, StartMode.Cold) / Median(ways, StartMode.Resume), 1),
    }).ToList();
    if (json)
    {
        Console.WriteLine(JsonSerializer.Serialize(new { benchmark = "start", accelerator = bench.Accelerator, cores = Environment.ProcessorCount, goal = StartBench.Goal, results, ratios, burst, idle = new { cpuMsPerSecond = Math.Round(idle.CpuMsPerSecond, 2), guestBytes = idle.GuestBytes, residentBytes = idle.ResidentBytes } }));
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
        foreach (var ratio in ratios)
        {
            Console.WriteLine(FormattableString.Invariant($"{ratio.image}: a clone answers {ratio.cloneQuicker} times, a resumed machine {ratio.resumeQuicker} times as quickly as a cold one"));
        }

        Console.WriteLine(FormattableString.Invariant($"{burst.machines} orders at once: all answered after {burst.allMs} ms ({burst.perSecond} a second; median {burst.medianMs} ms, longest {burst.maxMs} ms), none failed; {burst.ways}"));
        Console.WriteLine($"accelerator {bench.Accelerator}, {Environment.ProcessorCount} cores; goal: '{bench.Machines[0].NameOf(StartMode.Cold)}' at most {StartBench.Goal} times bare");
    }

    return 0;
}
