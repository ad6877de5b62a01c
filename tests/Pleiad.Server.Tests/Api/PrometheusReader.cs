using System.Globalization;
using System.Text.RegularExpressions;
using Shouldly;

namespace Pleiad.Server.Tests.Api;

/// <summary>A sample of the text format.</summary>
internal sealed record PrometheusSample(string Name, IReadOnlyDictionary<string, string> Labels, double Value)
{
    /// <summary>Its labels but <c>le</c>, as one text: what tells series apart.</summary>
    public string Series => string.Join(",", Labels.Where(label => label.Key != "le").OrderBy(label => label.Key, StringComparer.Ordinal).Select(label => $"{label.Key}={label.Value}"));
}

/// <summary>A family of the text format.</summary>
internal sealed record PrometheusFamily(string Name, string Type, string Help, List<PrometheusSample> Samples);

/// <summary>
/// Reads Prometheus' text format 0.0.4 as its specification has it and refuses what is not of it: a family's lines stand together after its HELP and TYPE, no sample is there twice, and a
/// histogram's buckets grow to the one of all, which is its count.
/// </summary>
internal static partial class PrometheusReader
{
    public static IReadOnlyDictionary<string, PrometheusFamily> Read(string text)
    {
        text.ShouldEndWith("\n");
        var families = new Dictionary<string, PrometheusFamily>();
        var (help, family) = (default((string Name, string Text)?), default(PrometheusFamily));
        foreach (var line in text[..^1].Split('\n'))
        {
            if (HelpLine().Match(line) is { Success: true } helped)
            {
                help = (helped.Groups[1].Value, helped.Groups[2].Value);
            }
            else if (TypeLine().Match(line) is { Success: true } typed)
            {
                help.ShouldNotBeNull(line).Name.ShouldBe(typed.Groups[1].Value);
                family = new PrometheusFamily(typed.Groups[1].Value, typed.Groups[2].Value, help.Value.Text, []);
                families.TryAdd(family.Name, family).ShouldBeTrue($"{family.Name} is there twice");
            }
            else
            {
                family.ShouldNotBeNull(line).Samples.Add(Sample(line, family));
            }
        }

        foreach (var each in families.Values)
        {
            each.Samples.Select(sample => $"{sample.Name}{{{sample.Series},{sample.Labels.GetValueOrDefault("le")}}}").ShouldBeUnique();
            if (each.Type == "histogram")
            {
                Check(each);
            }
        }

        return families;
    }

    private static PrometheusSample Sample(string line, PrometheusFamily family)
    {
        var match = SampleLine().Match(line);
        match.Success.ShouldBeTrue($"no sample: {line}");
        var name = match.Groups["name"].Value;
        string[] allowed = family.Type == "histogram" ? [$"{family.Name}_bucket", $"{family.Name}_sum", $"{family.Name}_count"] : [family.Name];
        allowed.ShouldContain(name);
        var labels = match.Groups["label"].Captures.Zip(match.Groups["text"].Captures).ToDictionary(pair => pair.First.Value, pair => pair.Second.Value);
        return new PrometheusSample(name, labels, double.Parse(match.Groups["value"].Value, CultureInfo.InvariantCulture));
    }

    private static void Check(PrometheusFamily family)
    {
        foreach (var series in family.Samples.GroupBy(sample => sample.Series))
        {
            var buckets = series.Where(sample => sample.Name.EndsWith("_bucket", StringComparison.Ordinal)).ToList();
            var bounds = buckets.Select(bucket => bucket.Labels["le"] is var bound && bound == "+Inf" ? double.PositiveInfinity : double.Parse(bound, CultureInfo.InvariantCulture)).ToList();
            bounds.ShouldBe(bounds.Order());
            bounds[^1].ShouldBe(double.PositiveInfinity);
            buckets.Select(bucket => bucket.Value).ShouldBe(buckets.Select(bucket => bucket.Value).Order());
            var (count, sum) = (series.Single(sample => sample.Name == $"{family.Name}_count").Value, series.Single(sample => sample.Name == $"{family.Name}_sum").Value);
            count.ShouldBe(buckets[^1].Value);
            sum.ShouldBeGreaterThanOrEqualTo(0);
        }
    }

    [GeneratedRegex("^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$", RegexOptions.CultureInvariant)]
    private static partial Regex HelpLine();

    [GeneratedRegex("^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram)$", RegexOptions.CultureInvariant)]
    private static partial Regex TypeLine();

    [GeneratedRegex(@"^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(?:(?<label>[a-zA-Z_][a-zA-Z0-9_]*)=""(?<text>(?:[^""\\\n]|\\[\\""n])*)""(?:,(?!\})|(?=\})))*\})? (?<value>[0-9.eE+-]+|\+Inf|-Inf|NaN)$", RegexOptions.CultureInvariant)]
    private static partial Regex SampleLine();
}
