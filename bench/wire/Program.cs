using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Pleiad.Bench;
using Pleiad.Bench.Wire;
using Pleiad.Wire;

// Packets per CPU second and peak memory of the whole analysis, against tshark on the same file in the same run.
//   dotnet run -c Release --project bench/wire -- [CAPTURE] [--times N] [--json] [--no-tshark] [--stages] [--write FILE]
// --stages shows where the time goes instead; --write only makes the long capture.
const int RoundsForTshark = 8;
if (args is ["--analyze", var analysed])
{
    CaptureAnalysis.Run(analysed, new AnalysisOptions(), CancellationToken.None);
    return 0;
}

if (args is ["--stage", var stage, var staged])
{
    Stages.Run(stage, staged);
    return 0;
}

return await Interruption.RunAsync(MeasureAsync);

async Task<int> MeasureAsync(CancellationToken ended)
{
    string? After(string option) => args.SkipWhile(arg => arg != option).Skip(1).FirstOrDefault();
    var source = args.FirstOrDefault(arg => !arg.StartsWith('-') && File.Exists(arg) && arg != After("--write")) ?? RepeatedCapture.Stored("ajp-c4.pcapng.xz");
    var times = int.Parse(After("--times") ?? "120", CultureInfo.InvariantCulture);
    if (After("--write") is { } target)
    {
        Console.WriteLine($"{RepeatedCapture.Write(source, target, times, ended)} packets");
        return 0;
    }

    var directory = Directory.CreateTempSubdirectory("pleiad-bench-wire-");
    try
    {
        var file = Path.Combine(directory.FullName, "traffic.pcap");
        var frames = RepeatedCapture.Write(source, file, times, ended);
        if (args.Contains("--stages"))
        {
            Console.WriteLine($"{"up to",-12} {"user s",7} {"sys s",7} {"wall s",8} {"allocated MiB",14} {"gen0",5} {"gen1",5} {"gen2",5} {"pause s",8}");
            foreach (var each in Stages.Names)
            {
                using var process = Process.Start(Environment.ProcessPath!, ["--stage", each, file]);
                using var end = ended.Register(process.Kill);
                await process.WaitForExitAsync(CancellationToken.None);
                ended.ThrowIfCancellationRequested();
            }

            return 0;
        }

        var rows = new List<MeasuredRun> { MeasuredRun.Of("pleiad", frames, Environment.ProcessPath!, ["--analyze", file], ended) };
        if (!args.Contains("--no-tshark"))
        {
            // Of the same traffic fewer rounds: tshark keeps all it saw, and the whole file would take it minutes and gigabytes. Its pace falls with the length, so this favours it.
            var some = Path.Combine(directory.FullName, "some.pcap");
            var fewer = RepeatedCapture.Write(source, some, Math.Min(times, RoundsForTshark), ended);
            rows.Add(MeasuredRun.Of("tshark, http tree", fewer, "tshark", ["-r", some, "-q", "-z", "http,tree"], ended));
            // TRANSUM says nothing without a second pass (-2), and looks at the ports that it is told.
            rows.Add(MeasuredRun.Of("tshark, TRANSUM", fewer, "tshark", ["-2", "-r", some, "-o", "transum.tsumenabled:TRUE", "-o", "transum.tcp_port_ranges:80,8009,8080,5432", "-Y", "transum", "-T", "fields", "-e", "transum.art"], ended));
        }

        if (args.Contains("--json"))
        {
            Console.WriteLine(JsonSerializer.Serialize(rows));
        }
        else
        {
            Console.WriteLine($"{"what",-20} {"packets",12} {"CPU s",8} {"packets per CPU s",18} {"peak MiB",9} {"ratio",7}");
            foreach (var row in rows)
            {
                var ratio = rows[0].PacketsPerCpuSecond / row.PacketsPerCpuSecond;
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{row.What,-20} {row.Packets,12:N0} {row.CpuSeconds,8:F2} {row.PacketsPerCpuSecond,18:N0} {row.PeakBytes / 1048576.0,9:F0} {ratio,7:F1}"));
            }
        }
    }
    finally
    {
        directory.Delete(recursive: true);
    }

    return 0;
}
