using System.Diagnostics;
using Pleiad.Bench.Simulation;
using Pleiad.Queueing.Simulation;

for (var round = 0; round < 6; round++)
{
    var cpu = Cpu();
    BareLoop.Run(0.9, 1, 5_000_000, round);
    Console.WriteLine($"bare {5e6 / (Cpu() - cpu) / 1e6:0.0} M/s");
    foreach (var (name, model, end) in new[] { ("mm1", Models.SingleServer(), 3e6), ("tiers", Models.ThreeTiers(), 8e3), ("layered", Models.Layered(), 8e3) })
    {
        cpu = Cpu();
        var run = new Replication(new SimulationPlan(model), 1, round);
        run.RunUntil(end, end / 100);
        Console.WriteLine($"{name} {run.Events.Taken / (Cpu() - cpu) / 1e6:0.0} M/s {run.Events.Taken} events p50 {run.Histograms[0].Quantile(.5):0.0000} N {run.Batches.Average(b => b[0]) / end * 100:0.000}");
    }
}

static double Cpu() { using var p = Process.GetCurrentProcess(); return p.TotalProcessorTime.TotalSeconds; }
