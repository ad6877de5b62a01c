using Pleiad.Distributions;
using Pleiad.Distributions.Arrivals;

namespace Pleiad.Queueing.Documents;

/// <summary>Distributions and arrival processes as a model file has them; a time alone is exponential with that mean.</summary>
internal static class DistributionReader
{
    public static readonly string[] Names =
        ["deterministic", "exponential", "erlang", "hyperexponential", "gamma", "lognormal", "weibull", "pareto", "uniform", "empirical", "phaseType"];

    private const string Rule = "give a time, or one of { deterministic | exponential | erlang | hyperexponential | gamma | lognormal | weibull | pareto | uniform | empirical | phaseType: … }";

    public static bool IsName(string key) => Names.Contains(key, StringComparer.OrdinalIgnoreCase);

    public static Distribution? Read(DocumentNode node)
    {
        if (node.Scalar is not null)
        {
            return node.Seconds() is { } mean ? mean == 0 ? new Deterministic(0) : new Exponential(mean) : null;
        }

        if (!node.IsMap || node.Keys is not [var name] || !IsName(name))
        {
            node.Problem("is no distribution", Rule);
            return null;
        }

        var value = node.Child(name) ?? node.Required(name, Rule);
        return value is null ? null : Guarded(value, () => OfName(Names.First(each => string.Equals(each, name, StringComparison.OrdinalIgnoreCase)), value));
    }

    public static ArrivalProcess? ReadArrivals(DocumentNode node)
    {
        const string rule = "give one of { poisson: RATE }, { renewal: DISTRIBUTION }, { mmpp: { rates, switching } }, { map: { d0, d1 } }, { trace: { times, period } }, { timeVarying: [{ length, rate }] }";
        if (!node.IsMap || node.Keys is not [var name])
        {
            node.Problem("is no arrival process", rule);
            return null;
        }

        var value = node.Child(name);
        if (value is null)
        {
            node.Problem("is no arrival process", rule);
            return null;
        }

        switch (name)
        {
            case "poisson":
                return ReadRate(value) is { } rate ? new PoissonArrivals(rate) : null;
            case "renewal":
                return Read(value) is { } interval ? Guarded(value, () => new RenewalArrivals(interval)) : null;
            case "mmpp":
                return Rates(value.Required("rates", Quantity.RateRule)) is { } rates && Matrix(value.Required("switching", "give a list of rows of rates")) is { } switching
                    ? Guarded(value, () => MarkovianArrivals.Modulated(rates, switching))
                    : null;
            case "map":
                return Matrix(value.Required("d0", "give a list of rows of rates")) is { } d0 && Matrix(value.Required("d1", "give a list of rows of rates")) is { } d1
                    ? Guarded(value, () => new MarkovianArrivals(d0, d1))
                    : null;
            case "trace":
                return Times(value.Required("times", "give a list of moments")) is { } times && value.Required("period", Quantity.DurationRule)?.Seconds(zero: false) is { } period
                    ? Guarded(value, () => new TraceArrivals(times, period))
                    : null;
            case "timeVarying":
                var steps = value.Items("give a list of { length, rate }").Select(step => (Length: step.Required("length", Quantity.DurationRule)?.Seconds(zero: false), Rate: Rate(step.Required("rate", Quantity.RateRule)))).ToList();
                return steps.Count > 0 && steps.All(step => step is { Length: not null, Rate: not null }) ? Guarded(value, () => new TimeVaryingArrivals([.. steps.Select(step => (step.Length!.Value, step.Rate!.Value))])) : null;
            default:
                node.Problem(name, "is no arrival process", rule);
                return null;
        }
    }

    /// <summary>A rate above 0.</summary>
    public static double? ReadRate(DocumentNode node)
    {
        if (Rate(node) is not { } rate)
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

    private static Distribution? OfName(string name, DocumentNode value) => name switch
    {
        "deterministic" => value.Seconds() is { } constant ? new Deterministic(constant) : null,
        "exponential" => Mean(value) is { } mean ? new Exponential(mean) : null,
        "erlang" => Mean(value) is { } mean && value.Required("phases", "give a whole number from 1 to 10000")?.Whole(1, 10_000) is { } phases ? new Erlang(mean, phases) : null,
        "hyperexponential" when value.Has("probabilities") =>
            Numbers(value.Child("probabilities"), 0, 1) is { } p && Times(value.Required("means", "give a list of times")) is { } means ? new HyperExponential(p, means) : null,
        "hyperexponential" => Mean(value) is { } mean && Variation(value, 1) is { } scv ? HyperExponential.FromMoments(mean, scv) : null,
        "gamma" when value.Has("shape") => Positive(value, "shape") is { } shape && value.Required("scale", Quantity.DurationRule)?.Seconds(zero: false) is { } scale ? new Gamma(shape, scale) : null,
        "gamma" => Mean(value) is { } mean && Variation(value, 1e-6) is { } scv ? new Gamma(1 / scv, mean * scv) : null,
        "lognormal" when value.Has("mu") => value.Child("mu")?.Number(-1e3, 1e3) is { } mu && Positive(value, "sigma") is { } sigma ? new LogNormal(mu, sigma) : null,
        "lognormal" when value.Has("median") => value.Child("median")?.Seconds(zero: false) is { } median && Positive(value, "sigma") is { } sigma ? new LogNormal(Math.Log(median), sigma) : null,
        "lognormal" => Mean(value) is { } mean && Variation(value, 1e-9) is { } scv ? LogNormal.FromMoments(mean, scv) : null,
        "weibull" when value.Has("scale") => Positive(value, "shape") is { } shape && value.Child("scale")?.Seconds(zero: false) is { } scale ? new Weibull(shape, scale) : null,
        "weibull" => Mean(value) is { } mean && Positive(value, "shape") is { } shape ? new Weibull(shape, mean / new Weibull(shape, 1).Mean) : null,
        "pareto" when value.Has("minimum") => Tail(value) is { } shape && value.Child("minimum")?.Seconds(zero: false) is { } minimum ? new Pareto(shape, minimum) : null,
        "pareto" => Mean(value) is { } mean && Tail(value) is { } shape ? new Pareto(shape, mean * (shape - 1) / shape) : null,
        "uniform" => value.IsList
            ? Times(value) is [var low, var high] ? new Uniform(low, high) : Refused(value, "is no pair of times", "give [min, max]")
            : value.Required("min", Quantity.DurationRule)?.Seconds() is { } min && value.Required("max", Quantity.DurationRule)?.Seconds() is { } max ? new Uniform(min, max) : null,
        "empirical" => Empirical(value),
        _ => Numbers(value.Required("initial", "give a list of probabilities"), 0, 1) is { } initial && Matrix(value.Required("rates", "give a list of rows of rates per second")) is { } rates ? new PhaseType(initial, rates) : null,
    };

    private static Empirical? Empirical(DocumentNode value)
    {
        if (value.IsList)
        {
            return Times(value) is { } all ? Distributions.Empirical.FromSamples(all) : null;
        }

        if (value.Child("quantiles") is { } quantiles)
        {
            var points = quantiles.Items("give a list of [probability, time]").Select(item => item.Items("give [probability, time]") is [var p, var x] ? (P: p.Number(0, 1), X: x.Seconds()) : (P: (double?)null, X: (double?)null)).ToList();
            return points.All(point => point is { P: not null, X: not null }) ? Distributions.Empirical.FromQuantiles([.. points.Select(point => (point.P!.Value, point.X!.Value))]) : null;
        }

        var interpolates = value.Child("interpolate")?.Choice("true", "false") != "false";
        return Times(value.Required("values", "give a list of times")) is { } values ? Distributions.Empirical.FromSamples(values, interpolates) : null;
    }

    /// <summary>A network's means exist only when those of its times do.</summary>
    private static double? Tail(DocumentNode value)
    {
        var shape = Positive(value, "shape");
        if (shape is not <= 1)
        {
            return shape;
        }

        value.Child("shape")!.Problem("gives a time without a mean", "give a shape above 1");
        return null;
    }

    private static double? Mean(DocumentNode value) => (value.Scalar is null ? value.Required("mean", Quantity.DurationRule) : value)?.Seconds(zero: false);

    private static double? Variation(DocumentNode value, double min) => value.Required("scv", "give the variance over the squared mean")?.Number(min, 1e6);

    private static double? Positive(DocumentNode value, string key) => value.Required(key, "give a number above 0")?.Number(1e-9, 1e9);

    private static double? Rate(DocumentNode? node)
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

    private static List<double>? Times(DocumentNode? node) => All(node, item => item.Seconds());

    private static List<double>? Rates(DocumentNode? node) => All(node, Rate);

    public static List<double>? Numbers(DocumentNode? node, double min, double max) => All(node, item => item.Number(min, max));

    private static List<IReadOnlyList<double>>? Matrix(DocumentNode? node)
    {
        var rows = node?.Items("give a list of rows of numbers").Select(row => Numbers(row, -1e12, 1e12)).ToList();
        return rows is null || rows.Any(row => row is null) ? null : [.. rows.Select(row => (IReadOnlyList<double>)row!)];
    }

    private static List<double>? All(DocumentNode? node, Func<DocumentNode, double?> read)
    {
        var values = node?.Items("give a list [ … ]").Select(read).ToList();
        return values is null || values.Count == 0 || values.Any(value => value is null) ? null : [.. values.Select(value => value!.Value)];
    }

    private static Distribution? Refused(DocumentNode node, string reason, string remedy)
    {
        node.Problem(reason, remedy);
        return null;
    }

    /// <summary>What a constructor refuses is a problem of the document.</summary>
    private static T? Guarded<T>(DocumentNode node, Func<T?> make)
        where T : class
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
