using System.Globalization;
using Pleiad.Core.Documents;
using Pleiad.Distributions;

namespace Pleiad.Load.Scenarios;

/// <summary>
/// Distributions of times in scenario files: <c>think: 5s</c> is exponential with that mean, <c>think: { lognormal: { mean: 5s, scv: 0.5 } }</c> any other; the names and parameters
/// are those of model files.
/// </summary>
internal static class DistributionDocument
{
    public const string Rule =
        "give a time (exponential with that mean) or one of { deterministic | exponential | erlang | hyperexponential | gamma | lognormal | weibull | pareto | uniform | empirical: … }";

    public static readonly string[] Names =
        ["deterministic", "exponential", "erlang", "hyperexponential", "gamma", "lognormal", "weibull", "pareto", "uniform", "empirical"];

    private static readonly TimeSpan TimeMax = TimeSpan.FromDays(365);

    /// <summary>The distribution at <paramref name="key"/>, or null when it is absent or wrong.</summary>
    public static Distribution? Read(DocumentMap map, string key)
    {
        if (!map.Has(key))
        {
            return null;
        }

        if (!map.IsMap(key))
        {
            return map.Text(key, required: true, rule: Rule) is { } text ? Time(map, key, text, zero: true) is { } mean ? mean == 0 ? new Deterministic(0) : new Exponential(mean) : null : null;
        }

        var inner = map.Map(key);
        var named = inner.Keys.Where(Names.Contains).ToList();
        if (named is not [var name])
        {
            map.Problem(key, null, named.Count == 0 ? "names no distribution" : "names several distributions", Rule);
            return null;
        }

        try
        {
            return OfName(inner, name);
        }
        catch (ArgumentException error)
        {
            map.Problem($"{key}.{name}", null, "is not possible", error.Message.Split(" (Parameter")[0].ReplaceLineEndings(" "));
            return null;
        }
    }

    private static Distribution? OfName(DocumentMap map, string name)
    {
        if (name is "deterministic" or "exponential" && !map.IsMap(name))
        {
            return map.Text(name, required: true, rule: Duration.Rule) is { } text && Time(map, name, text, zero: name == "deterministic") is { } value
                ? name == "deterministic" ? new Deterministic(value) : new Exponential(value)
                : null;
        }

        if (map.IsList(name))
        {
            var times = map.TextList(name).Select(text => Time(map, name, text, zero: true)).ToList();
            return times.Any(time => time is null) ? null
                : name == "uniform" && times is [{ } low, { } high] ? new Uniform(low, high)
                : name == "empirical" && times.Count > 0 ? Empirical.FromSamples(times.Select(time => time!.Value))
                : Refuse(map, name, "takes no such list", name == "uniform" ? "give [min, max]" : "give { mean: … }");
        }

        var p = map.Map(name);
        return name switch
        {
            "deterministic" => Time(p, "mean", zero: true) is { } constant ? new Deterministic(constant) : null,
            "exponential" => Time(p, "mean") is { } mean ? new Exponential(mean) : null,
            "erlang" => Time(p, "mean") is { } mean && p.WholeNumber("phases", 1, 10_000, required: true) is { } phases ? new Erlang(mean, (int)phases) : null,
            "hyperexponential" when p.Has("probabilities") => Branches(p),
            "hyperexponential" => Time(p, "mean") is { } mean && p.Number("scv", 1, 1e6, required: true) is { } scv ? HyperExponential.FromMoments(mean, scv) : null,
            "gamma" when p.Has("shape") => p.Number("shape", 1e-9, 1e9) is { } shape && Time(p, "scale") is { } scale ? new Gamma(shape, scale) : null,
            "gamma" => Time(p, "mean") is { } mean && p.Number("scv", 1e-6, 1e6, required: true) is { } scv ? new Gamma(1 / scv, mean * scv) : null,
            "lognormal" when p.Has("median") => Time(p, "median") is { } median && p.Number("sigma", 1e-9, 1e3, required: true) is { } sigma ? new LogNormal(Math.Log(median), sigma) : null,
            "lognormal" => Time(p, "mean") is { } mean && p.Number("scv", 1e-9, 1e6, required: true) is { } scv ? LogNormal.FromMoments(mean, scv) : null,
            "weibull" when p.Has("scale") => p.Number("shape", 1e-3, 1e3, required: true) is { } shape && Time(p, "scale") is { } scale ? new Weibull(shape, scale) : null,
            "weibull" => Time(p, "mean") is { } mean && p.Number("shape", 1e-2, 1e3, required: true) is { } shape ? new Weibull(shape, mean / new Weibull(shape, 1).Mean) : null,
            "pareto" when p.Has("minimum") => p.Number("shape", 1 + 1e-9, 1e6, required: true) is { } shape && Time(p, "minimum") is { } minimum ? new Pareto(shape, minimum) : null,
            "pareto" => Time(p, "mean") is { } mean && p.Number("shape", 1 + 1e-9, 1e6, required: true) is { } shape ? new Pareto(shape, mean * (shape - 1) / shape) : null,
            "uniform" => Time(p, "min", zero: true) is { } min && Time(p, "max") is { } max ? new Uniform(min, max) : null,
            _ => Quantiles(p),
        };
    }

    private static HyperExponential? Branches(DocumentMap p)
    {
        var probabilities = p.TextList("probabilities").Select(text => double.TryParse(text, CultureInfo.InvariantCulture, out var value) ? value : double.NaN).ToList();
        var means = p.TextList("means").Select(text => Time(p, "means", text, zero: false)).ToList();
        return means.Any(mean => mean is null) ? null : new HyperExponential(probabilities, [.. means.Select(mean => mean!.Value)]);
    }

    /// <summary><c>empirical: { quantiles: { "0": 1s, "0.5": 3s, "1": 20s } }</c>.</summary>
    private static Empirical? Quantiles(DocumentMap p)
    {
        var points = new List<(double, double)>();
        foreach (var (probability, time) in p.TextMap("quantiles"))
        {
            if (!double.TryParse(probability, CultureInfo.InvariantCulture, out var at) || at is < 0 or > 1)
            {
                p.Problem("quantiles", probability, "is no probability", "give numbers from 0 to 1, each with a time");
                return null;
            }

            if (Time(p, "quantiles", time, zero: true) is not { } value)
            {
                return null;
            }

            points.Add((at, value));
        }

        if (points.Count < 2)
        {
            p.Problem("quantiles", null, "has fewer than two points", "give { \"0\": 1s, \"1\": 9s } with the points between, or a list of times");
            return null;
        }

        return Empirical.FromQuantiles(points);
    }

    private static Empirical? Refuse(DocumentMap map, string key, string reason, string remedy)
    {
        map.Problem(key, null, reason, remedy);
        return null;
    }

    private static double? Time(DocumentMap map, string key, bool zero = false) =>
        map.Text(key, required: true, rule: Duration.Rule) is { } text ? Time(map, key, text, zero) : null;

    /// <summary>Seconds; finer than the millisecond, for think times of programs.</summary>
    private static double? Time(DocumentMap map, string key, string text, bool zero)
    {
        if (!Times.TrySeconds(text, out var seconds) || seconds > TimeMax.TotalSeconds)
        {
            map.Problem(key, text, "is no length of time", Times.Rule);
            return null;
        }

        if (seconds == 0 && !zero)
        {
            map.Problem(key, text, "is zero", "give a time above 0");
            return null;
        }

        return seconds;
    }
}
