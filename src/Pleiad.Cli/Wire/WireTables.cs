using System.Globalization;
using Pleiad.Cli.Output;
using Pleiad.Wire.Reports;

namespace Pleiad.Cli.Wire;

/// <summary>Tables of what a capture says; times in milliseconds.</summary>
internal static class WireTables
{
    public static TextTable Tiers(WireReport report)
    {
        var table = new TextTable(
            new("Tier"), new("Requests", Right: true), new("Visits", Right: true, Spare: 2), new("T mean", Right: true, Spare: 1), new("Own mean", Right: true), new("±95%", Right: true, Spare: 3),
            new("Sd", Right: true, Spare: 4), new("p50", Right: true), new("p95", Right: true), new("p99", Right: true, Spare: 5), new("A", Right: true), new("D", Right: true), new("U", Right: true, Spare: 6))
        {
            Title = "Own time per request (ms)",
        };
        foreach (var tier in report.Tiers)
        {
            table.Add(
                tier.Name, tier.Count.ToString(CultureInfo.InvariantCulture), Number(tier.Visits), Number(tier.ResidenceMs.Mean), Number(tier.OwnMs.Mean), Number((tier.OwnMs.MeanHigh - tier.OwnMs.MeanLow) / 2),
                Number(tier.OwnMs.StandardDeviation), Number(tier.OwnMs.At(50)), Number(tier.OwnMs.At(95)), Number(tier.OwnMs.At(99)), Number(tier.ArrivalsSeen), Number(tier.DemandMs), Number(tier.UtilizationByDemand));
        }

        return table;
    }

    public static TextTable Classes(WireReport report)
    {
        const int ClassesShown = 25;
        var names = report.Classes.Count > 0 ? report.Classes[0].Tiers.Select(tier => tier.Tier).ToList() : [];
        var table = new TextTable([new("Class"), new("Requests", Right: true), new("Per s", Right: true, Spare: 1), new("T1 mean", Right: true), new("T1 p95", Right: true), .. names.Select(name => new Column($"{name} own", Right: true))])
        {
            Title = "Classes (ms)",
        };
        foreach (var each in report.Classes.Take(ClassesShown))
        {
            table.Add([each.Name, each.Count.ToString(CultureInfo.InvariantCulture), Number(each.ThroughputPerSecond), Number(each.ResidenceMs.Mean), Number(each.ResidenceMs.At(95)), .. each.Tiers.Select(tier => Number(tier.OwnMs.Mean))]);
        }

        return table;
    }

    private static string Number(double? value) => value is null ? "" : value.Value.ToString(Math.Abs(value.Value) < 100 ? "0.000" : "0.0", CultureInfo.InvariantCulture);
}
