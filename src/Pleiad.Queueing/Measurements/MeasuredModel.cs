using System.Globalization;
using System.Text.Json;
using Pleiad.Distributions;
using Pleiad.Distributions.Arrivals;
using Pleiad.Queueing.Documents;
using Pleiad.Queueing.Model;
using Pleiad.Queueing.Solving;

namespace Pleiad.Queueing.Measurements;

/// <summary>A model and what was supposed in making it.</summary>
/// <param name="Model">The model.</param>
/// <param name="Remarks">What the reader should know.</param>
public sealed record FittedModel(QueueingModel Model, IReadOnlyList<string> Remarks);

/// <summary>
/// Makes a model of the JSON of <c>pleiad wire analyze --json</c>: a station for each tier, shared by its requests; a class for each frequent class of requests, arriving as Poisson;
/// demands as measured, with the standard error of their means as uncertainty. Demands are those of R = D(1 + A), which leave waiting out.
/// </summary>
public static class MeasuredModel
{
    /// <summary>Classes of their own; the rest is one class.</summary>
    private const int ClassesMax = 8;

    /// <summary>Requests that a class needs to be of its own.</summary>
    private const int RequestsMin = 30;

    private const double TwoSided95 = 1.959963984540054;

    /// <summary>Makes the model.</summary>
    /// <param name="json">The report.</param>
    /// <param name="subject">What to call it in errors.</param>
    /// <param name="threads">Threads of tiers, by name; tiers before and behind one with threads call each other.</param>
    /// <exception cref="DocumentException">It is no such report, or tiers are missing in it.</exception>
    public static FittedModel Read(string json, string subject, IReadOnlyDictionary<string, int> threads)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(json);
        }
        catch (JsonException error)
        {
            throw new DocumentException(subject, [new((int?)error.LineNumber + 1, "document", null, "is no JSON", "give the output of 'pleiad wire analyze --json'")], error);
        }

        using (document)
        {
            try
            {
                return Make(document.RootElement, subject, threads);
            }
            catch (Exception error) when (error is KeyNotFoundException or InvalidOperationException or FormatException)
            {
                throw new DocumentException(subject, [new(null, "document", null, "is no report of a measurement", "give the output of 'pleiad wire analyze --json'")], error);
            }
        }
    }

    private static FittedModel Make(JsonElement root, string subject, IReadOnlyDictionary<string, int> threads)
    {
        var tiers = root.GetProperty("tiers").EnumerateArray().OrderBy(tier => tier.GetProperty("depth").GetInt32()).ToArray();
        var names = tiers.Select(tier => tier.GetProperty("name").GetString()!).ToArray();
        var unknown = threads.Keys.Except(names).ToArray();
        if (tiers.Length == 0 || unknown.Length > 0)
        {
            throw new DocumentException(subject, [unknown.Length > 0
                ? new(null, "threads", unknown[0], "is no tier", $"tiers: {string.Join(", ", names)}")
                : new(null, "tiers", null, "is empty", "measure traffic of at least one tier")]);
        }

        var remarks = new List<string> { $"made from {subject}: {root.GetProperty("requests").GetInt64()} requests in {root.GetProperty("seconds").GetDouble().ToString("G4", CultureInfo.InvariantCulture)} s" };
        var classes = Classes(root, names, remarks);
        if (classes.Count == 0)
        {
            throw new DocumentException(subject, [new(null, "classes", null, "has no class with requests", "measure longer")]);
        }

        var calling = threads.Count > 0;
        var stations = tiers.Select((tier, k) =>
        {
            var measured = classes.Select(each => each.Tiers[k]).ToArray();
            return new Station
            {
                Name = names[k],
                Servers = Math.Max(1, tier.GetProperty("machines").GetInt32()),
                Discipline = Discipline.Ps,
                Threads = threads.TryGetValue(names[k], out var pool) ? pool : null,
                Visits = [.. measured.Select(each => calling && k > 0 ? 0 : each.Visits)],
                Service = [.. measured.Select(each => each.Service())],
                Uncertainty = [.. measured.Select(each => each.Visits > 0 ? each.StandardError : 0)],
                Calls = [.. classes.Select(each => (IReadOnlyList<Call>)(calling && k + 1 < tiers.Length && each.Tiers[k].Visits > 0 && each.Tiers[k + 1].Visits > 0 ? [CallOf(k + 1, each.Tiers[k + 1].Visits / each.Tiers[k].Visits)] : []))],
            };
        }).ToArray();
        remarks.Add("each machine of a tier is one server shared by its requests: give the number of cores as servers where the measured work is that of one core");
        remarks.Add(calling ? "threads are held while the next tier works" : "threads are taken to be plenty; give them with --threads to see what they hold back");
        AddDisagreements(tiers, names, remarks);
        var model = new QueueingModel
        {
            Name = Path.GetFileNameWithoutExtension(subject),
            Classes = [.. classes.Select(each => new CustomerClass { Name = each.Name, Arrivals = new PoissonArrivals(each.Rate) })],
            Stations = stations,
        };
        var demands = Demands.Of(model);
        for (var k = 0; k < stations.Length; k++)
        {
            if (demands.OpenLoad(k) >= stations[k].Servers)
            {
                remarks.Add(string.Create(CultureInfo.InvariantCulture, $"tier '{names[k]}' was measured full ({demands.OpenLoad(k) / stations[k].Servers:P0} by its demand): give it the servers that it has, or a lower rate"));
            }
        }

        return new FittedModel(model, remarks);
    }

    /// <summary>A number of calls that is nearly whole is the same for every request; any other changes from one to the next.</summary>
    private static Call CallOf(int tier, double mean) => Math.Abs(mean - Math.Round(mean)) < 0.05 && mean >= 1 ? new Call(tier, Math.Round(mean), false) : new Call(tier, mean, true);

    private static List<MeasuredClass> Classes(JsonElement root, string[] tiers, List<string> remarks)
    {
        var all = root.GetProperty("classes").EnumerateArray().Select(each => Class(each, tiers)).Where(each => each.Rate > 0 && each.Tiers.Any(tier => tier.DemandSeconds > 0)).OrderByDescending(each => each.Count).ToList();
        var own = all.Where((each, i) => i < ClassesMax && each.Count >= RequestsMin).ToList();
        var rest = all.Except(own).ToList();
        if (rest.Count > 0)
        {
            own.Add(MeasuredClass.Merge("other", rest));
            remarks.Add($"{rest.Count} rare classes of requests are the class 'other'");
        }

        return own;
    }

    private static MeasuredClass Class(JsonElement each, string[] tiers)
    {
        var parts = each.GetProperty("tiers").EnumerateArray().ToDictionary(tier => tier.GetProperty("tier").GetString()!);
        return new MeasuredClass(
            each.GetProperty("name").GetString()!,
            each.GetProperty("count").GetInt64(),
            each.GetProperty("throughputPerSecond").GetDouble(),
            [.. tiers.Select(name => parts.TryGetValue(name, out var part) ? Tier(part) : new MeasuredTier(0, 0, 0, 0))]);
    }

    private static MeasuredTier Tier(JsonElement part)
    {
        var own = part.GetProperty("ownMs");
        var (mean, deviation) = (own.GetProperty("mean").GetDouble(), own.GetProperty("standardDeviation").GetDouble());
        var (low, high) = (own.GetProperty("meanLow").GetDouble(), own.GetProperty("meanHigh").GetDouble());
        var demand = part.GetProperty("demandMs").GetDouble();

        // Where little was attributed there is no demand by class: the own time holds waiting too, which is still nearer than nothing.
        demand = demand > 0 ? demand : mean;
        var error = mean > 0 && high > low ? (high - low) / (2 * TwoSided95 * mean) : 0;
        return new MeasuredTier(demand > 0 ? part.GetProperty("visits").GetDouble() : 0, demand / 1000, mean > 0 ? deviation * deviation / (mean * mean) : 1, Math.Min(error, 2));
    }

    private static void AddDisagreements(JsonElement[] tiers, string[] names, List<string> remarks)
    {
        for (var k = 0; k < tiers.Length; k++)
        {
            if (tiers[k].TryGetProperty("utilizationMeasured", out var measured) && measured.ValueKind == JsonValueKind.Number && tiers[k].GetProperty("utilizationByDemand").GetDouble() is var demanded
                && Math.Abs(measured.GetDouble() - demanded) > 0.1 * Math.Max(0.1, measured.GetDouble()))
            {
                remarks.Add(string.Create(CultureInfo.InvariantCulture, $"tier '{names[k]}': its demand says {demanded:P0} of a machine, its CPU {measured.GetDouble():P0}; trust the CPU where they differ"));
            }
        }
    }

    private sealed record MeasuredClass(string Name, long Count, double Rate, IReadOnlyList<MeasuredTier> Tiers)
    {
        public static MeasuredClass Merge(string name, IReadOnlyList<MeasuredClass> classes)
        {
            var rate = classes.Sum(each => each.Rate);
            return new MeasuredClass(name, classes.Sum(each => each.Count), rate, [.. Enumerable.Range(0, classes[0].Tiers.Count).Select(k => new MeasuredTier(
                classes.Sum(each => each.Rate * each.Tiers[k].Visits) / rate,
                classes.Sum(each => each.Rate * each.Tiers[k].DemandSeconds) / rate,
                classes.Max(each => each.Tiers[k].Variation),
                Math.Sqrt(classes.Sum(each => Math.Pow(each.Rate * each.Tiers[k].DemandSeconds * each.Tiers[k].StandardError, 2))) / Math.Max(1e-12, classes.Sum(each => each.Rate * each.Tiers[k].DemandSeconds))))]);
        }
    }

    /// <param name="Visits">Visits per request.</param>
    /// <param name="DemandSeconds">Work per request.</param>
    /// <param name="Variation">c² of the own time.</param>
    /// <param name="StandardError">Relative standard error of the mean.</param>
    private sealed record MeasuredTier(double Visits, double DemandSeconds, double Variation, double StandardError)
    {
        /// <summary>Time of one visit; the shape is that of the own time.</summary>
        public Distribution? Service()
        {
            if (Visits <= 0)
            {
                return null;
            }

            var mean = DemandSeconds / Visits;
            return Variation switch
            {
                < 0.01 => new Deterministic(mean),
                < 0.7 => new Gamma(1 / Variation, mean * Variation),
                <= 1.4 => new Exponential(mean),
                _ => LogNormal.FromMoments(mean, Math.Min(Variation, 100)),
            };
        }
    }
}
