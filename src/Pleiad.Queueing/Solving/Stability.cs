using System.Globalization;
using Pleiad.Queueing.Model;

namespace Pleiad.Queueing.Solving;

/// <summary>Refuses models in which a station gets more work than it can do.</summary>
internal static class Stability
{
    /// <summary>Servers that a remedy may name.</summary>
    private const int ServersMax = 1_000_000;

    /// <exception cref="ModelUnsolvableException">A station's offered load is 1 or more; names the worst.</exception>
    public static void Require(QueueingModel model)
    {
        if (!model.Classes.Any(each => each.IsOpen) || MaySettle(model))
        {
            return;
        }

        var demands = Demands.Of(model);
        var worst = Enumerable.Range(0, demands.Stations).Where(k => !model.Stations[k].IsDelay).Select(k => (Place: k, Load: demands.OpenLoad(k) / demands.SpeedLimit(k)))
            .DefaultIfEmpty((Place: 0, Load: 0)).MaxBy(each => each.Load);

        // Rounding of visits × time must not pass off a station at exactly its limit.
        if (worst.Load >= 1 - 1e-9)
        {
            throw Unstable(model, worst.Place, worst.Load);
        }
    }

    public static ModelUnsolvableException Unstable(QueueingModel model, int place, double? load)
    {
        var station = model.Stations[place];
        var servers = load is { } rho && rho * station.Servers < ServersMax ? (int)Math.Floor((rho * station.Servers) + 1e-9) + 1 : (int?)null;
        var most = load is { } r ? string.Create(CultureInfo.InvariantCulture, $", or lower the arrival rates by more than {1 - (1 / r):P0}") : ", or lower the arrival rates";
        var remedy = servers is { } n && station.Speed is null ? $"give it at least {n} servers{most}" : station.Threads is null ? $"give it more servers{most}" : $"give it more threads or servers{most}";
        var what = load is { } known ? string.Create(CultureInfo.InvariantCulture, $"its utilization would be {(known < 1e6 ? known.ToString("0.00", CultureInfo.InvariantCulture) : known.ToString("G3", CultureInfo.InvariantCulture))}") : "its queue grows without end";
        return new ModelUnsolvableException(UnsolvableReason.Unstable, station.Name, $"{(station.Line > 0 ? $"line {station.Line}: " : "")}station '{station.Name}' is unstable: {what}; {remedy}");
    }

    /// <summary>Whether losses somewhere may keep the load below what arrives.</summary>
    private static bool MaySettle(QueueingModel model) =>
        model.Stations.Any(station => station is { Capacity: not null, WhenFull: WhenFull.Lose }) || model.Classes.Any(each => each.Patience is { Drops: true });
}
