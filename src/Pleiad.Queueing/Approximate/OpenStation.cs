using Pleiad.Queueing.Exact;
using Pleiad.Queueing.Model;
using Pleiad.Queueing.Solving;

namespace Pleiad.Queueing.Approximate;

/// <summary>A station that open classes visit alone, as GI/G/c of all its visits together.</summary>
internal static class OpenStation
{
    /// <summary>Mean time of a visit by class, in seconds; 0 for classes that do not come here.</summary>
    /// <param name="demands">The model's demands.</param>
    /// <param name="k">The station.</param>
    /// <param name="arrivalVariation">c² of the times between visits.</param>
    public static double[] VisitTimes(Demands demands, int k, double arrivalVariation)
    {
        var station = demands.Model.Stations[k];
        var (rate, service, variation) = ServiceOf(demands, k);
        var load = demands.OpenLoad(k);
        var own = Enumerable.Range(0, demands.Classes).Select(c => Rate(demands, c, k) > 0 ? station.Service[c]!.Mean : 0).ToArray();
        if (station.IsDelay || load == 0)
        {
            return own;
        }

        if (station.Speed is { } speed)
        {
            // Shared by all there: customers in proportion to the work they bring, as many as with Poisson arrivals.
            var customers = Varying(load, speed).OpenGiven(0);
            return [.. own.Select(mean => customers * mean / load)];
        }

        var isShared = station.Discipline is Discipline.Ps or Discipline.LcfsPr;
        var wait = isShared ? Formulas.WaitMMc(rate, service, station.Servers) : Formulas.WaitGGc(rate, service, arrivalVariation, variation, station.Servers);
        return [.. own.Select((mean, c) => Rate(demands, c, k) == 0 ? 0 : mean + (isShared ? wait * mean / service : wait))];
    }

    /// <summary>Share of the time with somebody at a station whose speed depends on its customers; null for others.</summary>
    public static double? Busy(Demands demands, int k) => demands.Model.Stations[k].Speed is { } speed ? 1 - Varying(demands.OpenLoad(k), speed).NoneOpenGivenNoneClosed : null;

    /// <summary>Visits per second of all open classes, with the mean (in seconds) and c² of their service.</summary>
    public static (double Rate, double Mean, double Variation) ServiceOf(Demands demands, int k)
    {
        var station = demands.Model.Stations[k];
        var visiting = Enumerable.Range(0, demands.Classes).Where(c => Rate(demands, c, k) > 0).ToArray();
        var rate = visiting.Sum(c => Rate(demands, c, k));
        var mean = visiting.Sum(c => Rate(demands, c, k) * station.Service[c]!.Mean) / rate;
        var second = visiting.Sum(c => Rate(demands, c, k) * (station.Service[c]!.Variance + (station.Service[c]!.Mean * station.Service[c]!.Mean))) / rate;
        return (rate, mean, mean > 0 ? (second / (mean * mean)) - 1 : 0);
    }

    /// <summary>A station that serves in turn times of infinite variance, so that the rest of the one in service has no mean; null when there is none.</summary>
    public static Station? WithoutVariance(QueueingModel model)
    {
        var visits = model.TotalVisits();
        return model.Stations.Where((station, k) => station.Discipline is not (Discipline.Ps or Discipline.LcfsPr or Discipline.Delay)
            && Enumerable.Range(0, model.Classes.Count).Any(c => visits[c, k] > 0 && double.IsInfinity(station.Service[c]!.Variance))).FirstOrDefault();
    }

    private static EffectiveSpeed Varying(double load, IReadOnlyList<double> speed) => new(new ProductFormStation([], load, [.. speed]), 0);

    private static double Rate(Demands demands, int c, int k) => demands.Rate[c] * demands.Visits[c, k];
}
