using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Pleiad.Bench;
using Pleiad.Bench.Load;

// dotnet run -c Release --project bench/load -- [--short] [--seconds N: of each measurement, 6 unless given] [--json]
switch (args)
{
    case ["site"]:
        await Site.RunAsync();
        return 0;
    case ["generate", .. var rest]:
        await Generate.RunAsync(rest);
        return 0;
}

return await Interruption.RunAsync(MeasureAsync);

async Task<int> MeasureAsync(CancellationToken ended)
{
    var seconds = args.SkipWhile(arg => arg != "--seconds").Skip(1).FirstOrDefault() is { } given ? int.Parse(given, CultureInfo.InvariantCulture) : args.Contains("--short") ? 2 : 6;
    var rounds = args.Contains("--short") ? 1 : 3;
    const int Clients = 64;
    const double PerCpuSecondMin = 30_000;
    const double LagP99MsMax = 1;
    const string Pages = "pleiad, six pages";
    const string PagesPerUser = "pleiad, six pages, a connection a user";
    const string PoissonPages = "pleiad, six pages, Poisson";

    // Sessions of six requests: 15,000 requests a second.
    const string HalfLoad = "2500/s";
    using var site = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, ["site"]) { RedirectStandardOutput = true })!;
    try
    {
        var port = (await site.StandardOutput.ReadLineAsync(ended))!;
        var url = $"http://127.0.0.1:{port}/";
        var rows = new List<Measured>();
        for (var round = 0; round < rounds; round++)
        {
            Measured?[] measured =
            [
                await Tools.WrkAsync(url, Clients, seconds, ended),
                await Tools.HeyAsync(url, Clients, seconds, ended),
                await Tools.AbAsync(url, Clients, seconds, ended),
                await Tools.H2LoadAsync(url, Clients, seconds, ended),
                await Tools.OwnAsync("pleiad, one URL", port, "plain", $"{Clients}", seconds, "auto", "shared", ended),
                await Tools.OwnAsync(Pages, port, "pages", $"{Clients}", seconds, "auto", "shared", ended),
                await Tools.OwnAsync(PagesPerUser, port, "pages", $"{Clients}", seconds, "auto", "perUser", ended),
                await Tools.OwnAsync("SocketsHttpHandler, six pages", port, "pages", $"{Clients}", seconds, "system", "shared", ended),
                await Tools.OwnAsync(PoissonPages, port, "pages", HalfLoad, seconds, "auto", "shared", ended),
                await Tools.OwnAsync(PoissonPages, port, "pages", "500/s", seconds, "auto", "shared", ended),
            ];
            rows.AddRange(measured.OfType<Measured>());
        }

        // The median round by requests per CPU second, so that one disturbed round decides nothing.
        var medians = rows.GroupBy(row => (row.Generator, row.Load)).Select(group => group.OrderBy(row => row.PerCpuSecond).ElementAt(group.Count() / 2)).ToList();
        if (args.Contains("--json"))
        {
            Console.WriteLine(JsonSerializer.Serialize(medians));
            return 0;
        }

        var hey = medians.FirstOrDefault(row => row.Generator == "hey");
        Console.WriteLine($"{"generator",-42} {"load",-12} {"req/CPU s",10} {"req/s",9} {"failed",7} {"lag p50 ms",11} {"lag p99 ms",11}  goal");
        foreach (var row in medians)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{row.Generator,-42} {row.Load,-12} {row.PerCpuSecond,10:0} {row.PerSecond,9:0} {row.Failed,7:0} {row.LagP50Ms,11:0.000} {row.LagP99Ms,11:0.000}  {GoalOf(row)}"));
        }

        string GoalOf(Measured row) => row switch
        {
            { Generator: Pages or PagesPerUser } => $"at least {PerCpuSecondMin} requests a CPU second{(hey is null ? "" : " and more than hey")}: {Said(row.PerCpuSecond >= PerCpuSecondMin && !(row.PerCpuSecond <= hey?.PerCpuSecond))}",
            { Generator: PoissonPages, Load: HalfLoad } => $"lag p99 below {LagP99MsMax:0} ms at about half of {PerCpuSecondMin} requests a second: {Said(row.LagP99Ms < LagP99MsMax)}",
            { Generator: "wrk" or "hey" or "ab" or "h2load" } => "to compare with, one URL",
            _ => "to compare with",
        };

        static string Said(bool reached) => reached ? "reached" : "MISSED";

        return 0;
    }
    finally
    {
        site.Kill();
        await site.WaitForExitAsync(CancellationToken.None);
    }
}
