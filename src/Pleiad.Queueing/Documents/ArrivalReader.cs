using Pleiad.Distributions.Arrivals;
using Pleiad.Distributions.Documents;

namespace Pleiad.Queueing.Documents;

/// <summary>Arrival processes as a model file has them.</summary>
internal static class ArrivalReader
{
    public static ArrivalProcess? Read(DocumentNode node)
    {
        const string rule = "give one of { poisson: RATE }, { renewal: DISTRIBUTION }, { mmpp: { rates, switching } }, { map: { d0, d1 } }, { trace: { times, period } }, { timeVarying: [{ length, rate }] }";
        if (!node.IsMap || node.Keys is not [var name] || node.Child(name) is not { } value)
        {
            node.Problem("is no arrival process", rule);
            return null;
        }

        switch (name)
        {
            case "poisson":
                return Rate(value) is { } rate ? new PoissonArrivals(rate) : null;
            case "renewal":
                return DistributionReader.Read(value) is { } interval ? Guarded(value, () => new RenewalArrivals(interval)) : null;
            case "mmpp":
                var (rates, switching) = (Rates(value.Required("rates", Quantity.RateRule)), DistributionReader.Matrix(value.Required("switching", "give a list of rows of rates")));
                return rates is not null && switching is not null ? Guarded(value, () => MarkovianArrivals.Modulated(rates, switching)) : null;
            case "map":
                var (silent, arriving) = (DistributionReader.Matrix(value.Required("d0", "give a list of rows of rates")), DistributionReader.Matrix(value.Required("d1", "give a list of rows of rates")));
                return silent is not null && arriving is not null ? Guarded(value, () => new MarkovianArrivals(silent, arriving)) : null;
            case "trace":
                return DistributionReader.Times(value.Required("times", "give a list of moments")) is { } times && value.Required("period", Quantity.DurationRule)?.Seconds(zero: false) is { } period
                    ? Guarded(value, () => new TraceArrivals(times, period))
                    : null;
            case "timeVarying":
                var steps = Some(value, "give a list of { length, rate }").Select(step => (Length: step.Required("length", Quantity.DurationRule)?.Seconds(zero: false), Rate: AnyRate(step.Required("rate", Quantity.RateRule)))).ToList();
                return steps.Count > 0 && steps.All(step => step is { Length: not null, Rate: not null }) ? Guarded(value, () => new TimeVaryingArrivals([.. steps.Select(step => (step.Length!.Value, step.Rate!.Value))])) : null;
            default:
                node.Problem(name, "is no arrival process", rule);
                return null;
        }
    }

    /// <summary>A rate above 0.</summary>
    public static double? Rate(DocumentNode node)
    {
        if (AnyRate(node) is not { } rate)
        {
            return null;
        }

        if (rate > 0)
        {
            return rate;
        }

        node.Problem("is zero", "give a rate above 0");
        return null;
    }

    private static double? AnyRate(DocumentNode? node)
    {
        if (node is null)
        {
            return null;
        }

        if (!Quantity.TryRate(node.Scalar, out var rate))
        {
            node.Problem("is no rate", Quantity.RateRule);
            return null;
        }

        if (rate < 0)
        {
            node.Problem("is negative", "give a rate of 0 or more");
            return null;
        }

        return rate;
    }

    private static List<double>? Rates(DocumentNode? node)
    {
        var rates = node is null ? null : Some(node, "give a list [ … ]").Select(AnyRate).ToList();
        return rates is not { Count: > 0 } || rates.Any(rate => rate is null) ? null : [.. rates.Select(rate => rate!.Value)];
    }

    private static IReadOnlyList<DocumentNode> Some(DocumentNode node, string remedy)
    {
        var items = node.Items(remedy);
        if (node.IsList && items.Count == 0)
        {
            node.Problem("is empty", remedy);
        }

        return items;
    }

    /// <summary>What a constructor refuses is a problem of the document.</summary>
    private static ArrivalProcess? Guarded(DocumentNode node, Func<ArrivalProcess> make)
    {
        try
        {
            return make();
        }
        catch (ArgumentException error)
        {
            node.Problem("is not possible", error.Message.Split(" (Parameter")[0].ReplaceLineEndings(" "));
            return null;
        }
    }
}
