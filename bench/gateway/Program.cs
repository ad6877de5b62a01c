using System.Text.Json;
using Pleiad.Bench;
using Pleiad.Bench.Gateway;

// Roles are what the bench starts itself as, so that each party's CPU time is its own.
switch (args)
{
    case ["--backend"]:
        await Backend.RunAsync();
        return 0;
    case ["--gateway", .. var ports]:
        await GatewayHost.RunAsync(ports.Select(int.Parse).ToArray());
        return 0;
    case ["--help" or "-h"]:
        Console.WriteLine("usage: Pleiad.Bench.Gateway [--short] [--json] [--dispatch | --proxy]");
        return 0;
    default:
        break;
}

return await Interruption.RunAsync(MeasureAsync);

async Task<int> MeasureAsync(CancellationToken ended)
{
    var quick = args.Contains("--short");
    var report = new Report();
    if (!args.Contains("--proxy"))
    {
        // It computes and leaves nothing: a signal need not wait for it.
        await Task.Run(() => DispatchBench.RunAsync(report, TimeSpan.FromMilliseconds(quick ? 300 : 1000)), ended).WaitAsync(ended);
    }

    if (!args.Contains("--dispatch"))
    {
        await ProxyBench.RunAsync(report, quick ? 2 : 4, ended);
    }

    Console.WriteLine(args.Contains("--json") ? JsonSerializer.Serialize(report.Rows, Report.Json) : report.ToTable());
    return 0;
}
