using Pleiad.Queueing.Exact;
using Pleiad.Queueing.Model;

namespace Pleiad.Queueing.Solving;

/// <summary>Asymptotic bounds, and balanced job bounds of one closed class (Zahorjan et al. 1982; Lazowska et al., Quantitative System Performance, 1984, chapter 5).</summary>
internal static class BoundsOf
{
    public static IReadOnlyList<Bounds> Model(Demands demands)
    {
        var model = demands.Model;
        if (model.HasLayers || model.Stations.Any(station => station.Capacity is not null) || model.Classes.Any(each => each.Patience is not null))
        {
            return [];
        }

        if (model.IsOpen)
        {
            // With all rates growing alike: the load that fills the first station.
            var rate = demands.Rate.Sum();
            var (load, place) = Enumerable.Range(0, demands.Stations).Select(k => (Load: demands.OpenLoad(k) / demands.SpeedLimit(k), Place: k)).MaxBy(each => each.Load);
            var response = Enumerable.Range(0, demands.Stations).Sum(k => demands.OpenLoad(k) * Quickest(model.Stations[k])) / rate;
            return load > 0 ? [new Bounds("asymptotic", rate / load, model.Stations[place].Name, null, null, response, null)] : [];
        }

        return model.IsClosed && demands.Classes == 1 && demands.Population[0] > 0 ? Closed(demands) : [];
    }

    private static IReadOnlyList<Bounds> Closed(Demands demands)
    {
        var model = demands.Model;
        var queues = Enumerable.Range(0, demands.Stations).Where(k => !model.Stations[k].IsDelay && demands.Demand[0, k] > 0).ToArray();
        if (queues.Length == 0)
        {
            return [];
        }

        var n = demands.Population[0];
        var z = demands.Think[0] + Enumerable.Range(0, demands.Stations).Where(k => model.Stations[k].IsDelay).Sum(k => demands.Demand[0, k]);
        var d = queues.Sum(k => demands.Demand[0, k] * Quickest(model.Stations[k]));
        var longest = queues.Sum(k => demands.Demand[0, k] / Math.Min(1, model.Stations[k].Speed?.Min() ?? 1));
        var (most, place) = queues.Select(k => (Demand: demands.Demand[0, k] / demands.SpeedMax(k), Place: k)).MaxBy(each => each.Demand);
        var delays = z - demands.Think[0];
        var high = Math.Min(1 / most, n / (d + z));
        var bounds = new List<Bounds>();
        var hasManyServers = queues.Any(k => model.Stations[k].Servers > 1 || model.Stations[k].Speed is not null);

        // Everyone before you at every queue: with many servers that is still not exceeded.
        var low = n / ((n * longest) + z);
        bounds.Add(new Bounds("asymptotic", 1 / most, model.Stations[place].Name, low, high, (n / high) - demands.Think[0], (n / low) - demands.Think[0]));
        if (!hasManyServers && n > 1 && ProductForm.Obstacle(model) is null)
        {
            // Regular times can keep several stations busy at once more often than these bounds allow.
            var average = d / queues.Length;
            var balancedHigh = Math.Min(1 / most, n / (d + z + (average * (n - 1) * d / (d + z))));
            var balancedLow = n / (d + z + (most * (n - 1) * n * d / ((n * d) + z)));
            bounds.Add(new Bounds("balanced", 1 / most, model.Stations[place].Name, balancedLow, balancedHigh, Math.Max(d + delays, (n / balancedHigh) - demands.Think[0]), (n / balancedLow) - demands.Think[0]));
        }

        return bounds;
    }

    /// <summary>The share of its work's time that a customer needs at least: less than 1 where several together are served more than in proportion.</summary>
    private static double Quickest(Station station) => station.Speed is { } speed ? speed.Select((each, at) => (at + 1) / each).Min() : 1;
}
