using System.Globalization;

namespace Pleiad.Distributions.Documents;

/// <summary>
/// Distributions as documents have them: a time alone is exponential with that mean, <c>{ lognormal: { mean: 5s, scv: 0.5 } }</c> any other. What is wrong is a problem of the document,
/// never an exception.
/// </summary>
public static class DistributionReader
{
    private const string Phases = "phaseType";
    private const double Huge = 1e12;

    private static readonly string[] Simple = ["deterministic", "exponential", "erlang", "hyperexponential", "gamma", "lognormal", "weibull", "pareto", "uniform", "empirical"];

    /// <summary>The names of all distributions.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Simple, Phases];

    /// <summary>Whether a key names a distribution.</summary>
    public static bool IsName(string key) => Names.Contains(key, StringComparer.OrdinalIgnoreCase);

    /// <summary>How a distribution is written, as a remedy.</summary>
    /// <param name="hasPhases">Whether phase-type distributions, which need lists of lists, can be read.</param>
    public static string Rule(bool hasPhases = true) => $"give a time (exponential with that mean), or one of {{ {string.Join(" | ", hasPhases ? Names : Simple)}: … }}";

    /// <summary>Reads one, or adds what is wrong to the document and returns null.</summary>
    /// <param name="node">Where it stands.</param>
    /// <param name="hasPhases">Whether phase-type distributions, which need lists of lists, can be read.</param>
    public static Distribution? Read(IDistributionNode node, bool hasPhases = true)
    {
        if (node.Scalar is not null)
        {
            return Seconds(node) is { } mean ? mean > Huge ? TooLong(node) : mean == 0 ? new Deterministic(0) : new Exponential(mean) : null;
        }

        if (node.Keys is not [var key] || !IsName(key) || (!hasPhases && string.Equals(key, Phases, StringComparison.OrdinalIgnoreCase)))
        {
            node.Problem("is no distribution", Rule(hasPhases));
            return null;
        }

        if (Required(node, key, Rule(hasPhases)) is not { } value)
        {
            return null;
        }

        try
        {
            var found = OfName(Names.First(each => string.Equals(each, key, StringComparison.OrdinalIgnoreCase)), value);
            if (found is null || found.Mean <= Huge)
            {
                return found;
            }

            return TooLong(value);
        }
        catch (ArgumentException error)
        {
            value.Problem("is not possible", error.Message.Split(" (Parameter")[0].ReplaceLineEndings(" "));
            return null;
        }
    }

    /// <summary>The numbers of a list within bounds, or null with what is wrong added to the document.</summary>
    /// <param name="node">The list; null gives null.</param>
    /// <param name="min">Least.</param>
    /// <param name="max">Most.</param>
    public static IReadOnlyList<double>? Numbers(IDistributionNode? node, double min, double max) => All(node, item => Number(item, min, max));

    /// <summary>The rows of a matrix, or null with what is wrong added to the document.</summary>
    /// <param name="node">A list of lists of numbers; null gives null.</param>
    public static IReadOnlyList<IReadOnlyList<double>>? Matrix(IDistributionNode? node)
    {
        var rows = node?.Items("give a list of rows of numbers").Select(row => Numbers(row, -Huge, Huge)).ToList();
        return rows is null || rows.Any(row => row is null) ? null : [.. rows.Select(row => row!)];
    }

    /// <summary>The times of a list in seconds, or null with what is wrong added to the document.</summary>
    /// <param name="node">The list; null gives null.</param>
    public static IReadOnlyList<double>? Times(IDistributionNode? node) => All(node, item => Seconds(item));

    private static Distribution? TooLong(IDistributionNode node)
    {
        node.Problem("is beyond all measure", string.Create(CultureInfo.InvariantCulture, $"give a time of at most {Huge} s"));
        return null;
    }

    private static Distribution? OfName(string name, IDistributionNode value) => name switch
    {
        "deterministic" => (value.Scalar is null ? Required(value, "mean", value.TimeRule) : value) is { } constant && Seconds(constant) is { } time ? new Deterministic(time) : null,
        "exponential" => Mean(value) is { } mean ? new Exponential(mean) : null,
        "erlang" => Mean(value) is { } mean && Whole(Required(value, "phases", "give a whole number from 1 to 10000"), 1, 10_000) is { } phases ? new Erlang(mean, phases) : null,
        "hyperexponential" when Has(value, "probabilities") =>
            Numbers(value.Child("probabilities"), 0, 1) is { } p && Times(Required(value, "means", "give a list of times")) is { } means ? new HyperExponential(p, means) : null,
        "hyperexponential" => Mean(value) is { } mean && Variation(value, 1) is { } scv ? HyperExponential.FromMoments(mean, scv) : null,
        "gamma" when Has(value, "shape") => Positive(value, "shape") is { } shape && Time(value, "scale") is { } scale ? new Gamma(shape, scale) : null,
        "gamma" => Mean(value) is { } mean && Variation(value, 1e-6) is { } scv ? new Gamma(1 / scv, mean * scv) : null,
        "lognormal" when Has(value, "mu") => Number(value.Child("mu"), -1e3, 1e3) is { } mu && Positive(value, "sigma") is { } sigma ? new LogNormal(mu, sigma) : null,
        "lognormal" when Has(value, "median") => Time(value, "median") is { } median && Positive(value, "sigma") is { } sigma ? new LogNormal(Math.Log(median), sigma) : null,
        "lognormal" => Mean(value) is { } mean && Variation(value, 1e-9) is { } scv ? LogNormal.FromMoments(mean, scv) : null,
        "weibull" when Has(value, "scale") => Positive(value, "shape") is { } shape && Time(value, "scale") is { } scale ? new Weibull(shape, scale) : null,
        "weibull" => Mean(value) is { } mean && Positive(value, "shape") is { } shape ? new Weibull(shape, mean / new Weibull(shape, 1).Mean) : null,
        "pareto" when Has(value, "minimum") => Tail(value) is { } shape && Time(value, "minimum") is { } minimum ? new Pareto(shape, minimum) : null,
        "pareto" => Mean(value) is { } mean && Tail(value) is { } shape ? new Pareto(shape, mean * (shape - 1) / shape) : null,
        "uniform" => Range(value),
        "empirical" => Empirical(value),
        _ => Numbers(Required(value, "initial", "give a list of probabilities"), 0, 1) is { } initial && Matrix(Required(value, "rates", "give a list of rows of rates per second")) is { } rates ? new PhaseType(initial, rates) : null,
    };

    private static Uniform? Range(IDistributionNode value)
    {
        if (!value.IsList)
        {
            return Required(value, "min", value.TimeRule) is { } min && Seconds(min) is { } least && Required(value, "max", value.TimeRule) is { } max && Seconds(max) is { } most ? new Uniform(least, most) : null;
        }

        switch (Times(value))
        {
            case [var low, var high]:
                return new Uniform(low, high);
            case null:
                return null;
            default:
                value.Problem("is no pair of times", "give [min, max]");
                return null;
        }
    }

    private static Empirical? Empirical(IDistributionNode value)
    {
        if (value.IsList)
        {
            return Times(value) is { } all ? Distributions.Empirical.FromSamples(all) : null;
        }

        if (value.Child("quantiles") is { } quantiles)
        {
            return Points(quantiles) is { } points ? Distributions.Empirical.FromQuantiles(points) : null;
        }

        var interpolates = value.Child("interpolate");
        if (interpolates is { Scalar: not ("true" or "false") })
        {
            interpolates.Problem("is not known", "give one of true, false");
        }

        return Times(Required(value, "values", "give a list of times")) is { } values ? Distributions.Empirical.FromSamples(values, interpolates?.Scalar != "false") : null;
    }

    /// <summary><c>[[0, 1s], [0.5, 3s], [1, 20s]]</c>, or <c>{ "0": 1s, "0.5": 3s, "1": 20s }</c>.</summary>
    private static List<(double Probability, double Value)>? Points(IDistributionNode quantiles)
    {
        const string remedy = "give a list of [probability, time], or { \"0\": 1s, \"1\": 9s } with the points between";
        var points = new List<(double, double)>();
        if (!quantiles.IsList && quantiles.Keys.Count > 0)
        {
            foreach (var key in quantiles.Keys)
            {
                if (!double.TryParse(key, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var p) || p is < 0 or > 1)
                {
                    quantiles.Problem($"has '{key}', which is no probability", remedy);
                    return null;
                }

                if (Required(quantiles, key, remedy) is not { } given || Seconds(given) is not { } time)
                {
                    return null;
                }

                points.Add((p, time));
            }

            return points;
        }

        foreach (var item in quantiles.Items(remedy))
        {
            if (item.Items("give [probability, time]") is not [var p, var x] || Number(p, 0, 1) is not { } probability || Seconds(x) is not { } time)
            {
                return null;
            }

            points.Add((probability, time));
        }

        return points.Count > 0 ? points : null;
    }

    /// <summary>A network's means exist only when those of its times do.</summary>
    private static double? Tail(IDistributionNode value)
    {
        var shape = Positive(value, "shape");
        if (shape is not <= 1)
        {
            return shape;
        }

        value.Child("shape")!.Problem("gives a time without a mean", "give a shape above 1");
        return null;
    }

    private static bool Has(IDistributionNode value, string key) => value.Keys.Contains(key);

    private static IDistributionNode? Required(IDistributionNode value, string key, string remedy)
    {
        var child = value.Child(key);
        if (child is null)
        {
            value.Missing(key, remedy);
        }

        return child;
    }

    private static double? Mean(IDistributionNode value) => (value.Scalar is null ? Required(value, "mean", value.TimeRule) : value) is { } given ? Seconds(given, zero: false) : null;

    private static double? Time(IDistributionNode value, string key) => Required(value, key, value.TimeRule) is { } given ? Seconds(given, zero: false) : null;

    private static double? Variation(IDistributionNode value, double min) => Number(Required(value, "scv", "give the variance over the squared mean"), min, 1e6);

    private static double? Positive(IDistributionNode value, string key) => Number(Required(value, key, "give a number above 0"), 1e-9, 1e9);

    private static double? Seconds(IDistributionNode node, bool zero = true)
    {
        if (!node.TrySeconds(out var seconds))
        {
            node.Problem("is no length of time", node.TimeRule);
            return null;
        }

        if (seconds < 0 || (seconds == 0 && !zero))
        {
            node.Problem(seconds < 0 ? "is negative" : "is zero", zero ? "give a time of 0 or more" : "give a time above 0");
            return null;
        }

        return seconds;
    }

    private static double? Number(IDistributionNode? node, double min, double max)
    {
        if (node is null)
        {
            return null;
        }

        var remedy = string.Create(CultureInfo.InvariantCulture, $"give a number from {min} to {max}");
        if (!double.TryParse(node.Scalar, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) || !double.IsFinite(value))
        {
            node.Problem("is no number", remedy);
            return null;
        }

        if (value < min || value > max)
        {
            node.Problem(value < 0 && min >= 0 ? "is negative" : "is out of range", remedy);
            return null;
        }

        return value;
    }

    private static int? Whole(IDistributionNode? node, int min, int max)
    {
        var value = Number(node, min, max);
        if (value is { } number && number != Math.Floor(number))
        {
            node!.Problem("is no whole number", string.Create(CultureInfo.InvariantCulture, $"give a whole number from {min} to {max}"));
            return null;
        }

        return (int?)value;
    }

    private static List<double>? All(IDistributionNode? node, Func<IDistributionNode, double?> read)
    {
        if (node is null)
        {
            return null;
        }

        var items = node.Items("give a list [ … ]");
        if (items.Count == 0 && node.IsList)
        {
            node.Problem("is empty", "give at least one value");
        }

        var values = items.Select(read).ToList();
        return values.Count == 0 || values.Any(value => value is null) ? null : [.. values.Select(value => value!.Value)];
    }
}
