using System.Globalization;
using System.Text.Json;
using Pleiad.Bench.Wire;
using Pleiad.Wire;

// Packets per CPU second and peak memory of the whole analysis, against tshark on the same file in the same run.
//   dotnet run -c Release --project bench/wire -- [CAPTURE] [--times N] [--json] [--no-tshark]
if (args is ["--analyze", var analysed])
{
    CaptureAnalysis.Run(analysed, new AnalysisOptions(), CancellationToken.None);
    return 0;
}

var source = args.FirstOrDefault(arg => !arg.StartsWith('-') && File.Exists(arg)) ?? RepeatedCapture.Stored("ajp-c4.pcapng.xz");
var times = args.SkipWhile(arg => arg != "--times").Skip(1).Select(arg => int.Parse(arg, CultureInfo.InvariantCulture)).FirstOrDefault(40);
var directory = Directory.CreateTempSubdirectory("pleiad-bench-wire-");
try
{
    var file = Path.Combine(directory.FullName, "traffic.pcap");
    var frames = RepeatedCapture.Write(source, file, times);
    var rows = new List<MeasuredRun> { MeasuredRun.Of("pleiad", frames, Environment.ProcessPath!, ["--analyze", file]) };
    if (!args.Contains("--no-tshark"))
    {
        // TRANSUM takes too long for the whole file; its pace does not depend on the length.
        var some = Path.Combine(directory.FullName, "some.pcap");
        var fewer = RepeatedCapture.Write(source, some, 2);
        rows.Add(MeasuredRun.Of("tshark, http tree", fewer, "tshark", ["-r", some, "-q", "-z", "http,tree"]));
        rows.Add(MeasuredRun.Of("tshark, TRANSUM", fewer, "tshark", ["-r", some, "-o", "transum.tsumenabled:TRUE", "-Y", "transum", "-T", "fields", "-e", "transum.art"]));
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
