using System.Globalization;
using System.Text.Json;
using Pleiad.Bench;
using Pleiad.Bench.Density;
using Pleiad.Core.Services;
using Pleiad.Machines.Images;
using Pleiad.Machines.Images.Linux;
using Pleiad.Server.Hosting;
using Pleiad.TestKit;
using Spectre.Console;

// Memory and CPU of idle machines, cold against cloned: 1, 10, 100 and 200 unikernel machines, 1, 10 and 50 Linux machines (the C# service on Debian's kernel).
// Usage: dotnet run -c Release --project bench/density -- [--short] [--unikernel] [--linux] [--json]
return await Interruption.RunAsync(RunAsync);

async Task<int> RunAsync(CancellationToken ended)
{
    var json = args.Contains("--json");
    var both = !args.Contains("--unikernel") && !args.Contains("--linux");
    var images = new ImageStore(DataDirectory.ImagesOf(DataDirectory.Default));
    var cache = DataDirectory.CacheOf(DataDirectory.Default);
    var progress = new Progress<string>(Console.Error.WriteLine);
    var unikernel = await new UnikernelBuilder(images, new UnikernelBuilderOptions { CacheDirectory = cache }).EnsureShippedAsync(ShippedImages.Primes.Name, progress, ended);
    var rows = new List<FleetCost>();
    if (both || args.Contains("--unikernel"))
    {
        await MeasureAsync(unikernel, args.Contains("--short") ? [1, 10] : [1, 10, 100, 200]);
    }

    if (both || args.Contains("--linux"))
    {
        var order = new LinuxBuildOrder { Name = "bench-linux", Source = await LinuxPrimesProgram.PathAsync() };
        var linux = (await new LinuxBuilder(images, new LinuxBuilderOptions { CacheDirectory = cache }).BuildAsync(order, progress, ended)).Image;
        await MeasureAsync(linux, args.Contains("--short") ? [1, 3] : [1, 10, 50]);
    }

    if (json)
    {
        Console.WriteLine(JsonSerializer.Serialize(new
        {
            benchmark = "density",
            accelerator = "tcg",
            cores = Environment.ProcessorCount,
            results = rows.Select(row => new
            {
                image = row.Image,
                way = ServiceDocument.WordOf(row.Way),
                machines = row.Machines,
                startedMs = Math.Round(row.StartedMs),
                proportionalBytes = row.ProportionalBytes,
                privateBytes = row.PrivateBytes,
                cpuMsPerSecond = Math.Round(row.CpuMsPerSecond, 1),
                ownCpuMsPerSecond = Math.Round(row.OwnCpuMsPerSecond, 1),
                traces = row.Traces,
            }),
        }));
    }
    else
    {
        var table = new Table().AddColumns("image", "way", "machines", "all up after", "PSS each", "private each", "CPU of all, ms/s", "CPU of Pleiad, ms/s", "left after");
        foreach (var row in rows)
        {
            table.AddRow(
                row.Image, ServiceDocument.WordOf(row.Way), $"{row.Machines}", FormattableString.Invariant($"{row.StartedMs / 1000:0.0} s"), Mebibytes(row.ProportionalBytes), Mebibytes(row.PrivateBytes),
                row.CpuMsPerSecond.ToString("0", CultureInfo.InvariantCulture), row.OwnCpuMsPerSecond.ToString("0", CultureInfo.InvariantCulture), row.Traces == 0 ? "nothing" : $"{row.Traces} things");
        }

        AnsiConsole.Write(table);
        Console.WriteLine($"accelerator tcg, {Environment.ProcessorCount} cores; private: pages that no other process has");
    }

    return rows.Any(row => row.Traces > 0) ? 1 : 0;

    async Task MeasureAsync(StoredImage image, int[] counts)
    {
        foreach (var count in counts)
        {
            foreach (var start in new[] { StartMode.Cold, StartMode.Clone })
            {
                Console.Error.WriteLine($"{count} machines of {image.Manifest.Name}, {ServiceDocument.WordOf(start)} …");
                var row = await Fleet.MeasureAsync(image, unikernel.Manifest.Kernel, start, count, ended);
                rows.Add(row);
                Console.Error.WriteLine($"  {Mebibytes(row.PrivateBytes)} private, {Mebibytes(row.ProportionalBytes)} PSS each");
            }
        }
    }
}

static string Mebibytes(long bytes) => FormattableString.Invariant($"{bytes / 1048576.0:0.0} MiB");
