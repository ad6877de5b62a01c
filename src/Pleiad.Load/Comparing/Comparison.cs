using System.Globalization;
using System.Text.Json;
using MathNet.Numerics.Distributions;
using Pleiad.Load.Results;
using Pleiad.Load.Trust;

namespace Pleiad.Load.Comparing;

/// <summary>What a difference is.</summary>
public enum DifferenceVerdict
{
    /// <summary>Smaller than chance explains.</summary>
    Noise,

    /// <summary>B is better than A.</summary>
    Better,

    /// <summary>B is worse than A.</summary>
    Worse,

    /// <summary>One of the runs is too short to tell.</summary>
    Unknown,
}

/// <summary>One figure in both runs.</summary>
/// <param name="Page">The page; <c>all</c> for the sum.</param>
/// <param name="Metric"><c>mean</c>, <c>p50</c>, <c>p95</c>, <c>p99</c>, <c>errors</c> or <c>requests</c>.</param>
/// <param name="A">Figure of the first run: milliseconds, a share, or requests per second.</param>
/// <param name="B">Figure of the second run.</param>
/// <param name="Low">Lower end of the 95 % interval of B − A.</param>
/// <param name="High">Upper end.</param>
/// <param name="PValue">Probability of a difference as large by chance alone.</param>
/// <param name="Verdict">After Holm's correction over all figures compared.</param>
public sealed record Difference(string Page, string Metric, double? A, double? B, double? Low, double? High, double? PValue, DifferenceVerdict Verdict);

/// <summary>Whether two runs differ, or it is noise.</summary>
/// <param name="Differences">Every figure.</param>
/// <param name="Findings">What stands against comparing them.</param>
public sealed record Comparison(IReadOnlyList<Difference> Differences, IReadOnlyList<string> Findings)
{
    private const double Significance = 0.05;

    /// <summary>Whether one of the runs was refused: a difference is then the generator's, and says nothing about the server.</summary>
    public bool IsRefused { get; init; }

    /// <summary>Whether any figure differs.</summary>
    public bool Differs => Differences.Any(each => each.Verdict is DifferenceVerdict.Better or DifferenceVerdict.Worse);

    /// <summary>Whether any figure of B is worse.</summary>
    public bool IsWorse => Differences.Any(each => each.Verdict == DifferenceVerdict.Worse);

    /// <summary>The comparison as JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, LoadJson.Readable.Comparison);

    /// <summary>Compares two runs: Welch's t on the pieces of each, Holm's correction over all figures.</summary>
    public static Comparison Of(RunResult a, RunResult b)
    {
        var raw = new List<Difference>();
        foreach (var (one, other) in Pairs(a, b))
        {
            raw.Add(Compare(one, other, "mean", piece => piece.Mean, one.FromIntended?.Mean, other.FromIntended?.Mean));
            raw.Add(Compare(one, other, "p50", piece => piece.P50, one.FromIntended?.P50, other.FromIntended?.P50));
            raw.Add(Compare(one, other, "p95", piece => piece.P95, one.FromIntended?.P95, other.FromIntended?.P95));
            raw.Add(Compare(one, other, "p99", piece => piece.P99, one.FromIntended?.P99, other.FromIntended?.P99));
            raw.Add(Compare(one, other, "errors", piece => piece.Requests == 0 ? null : (double)piece.Failed / piece.Requests, Share(one), Share(other)));
            raw.Add(Compare(one, other, "requests", piece => piece.RequestsPerSecond, one.RequestsPerSecond, other.RequestsPerSecond));
        }

        return new Comparison(Correct(raw), Against(a, b)) { IsRefused = a.Trust == Trustworthiness.Refused || b.Trust == Trustworthiness.Refused };
    }

    private static double? Share(PageFigures page) => page.Requests == 0 ? null : (double)page.Failed / page.Requests;

    private static IEnumerable<(PageFigures, PageFigures)> Pairs(RunResult a, RunResult b) =>
        a.Pages.Join(b.Pages, page => page.Page, page => page.Page, (one, other) => (one, other)).Where(_ => a.Pages.Count > 1).Prepend((a.Total, b.Total));

    private static Difference Compare(PageFigures a, PageFigures b, string metric, Func<PieceFigures, double?> figure, double? wholeA, double? wholeB)
    {
        var (x, y) = (Values(a), Values(b));
        if (x is null || y is null)
        {
            return new Difference(a.Page, metric, wholeA, wholeB, null, null, null, DifferenceVerdict.Unknown);
        }

        // Welch: the variances of the two runs need not be equal.
        var (vx, vy) = (Variance(x) / x.Count, Variance(y) / y.Count);
        var difference = (wholeB ?? y.Average()) - (wholeA ?? x.Average());
        var error = Math.Sqrt(vx + vy);
        if (error == 0)
        {
            return new Difference(a.Page, metric, wholeA, wholeB, difference, difference, difference == 0 ? 1 : 0, DifferenceVerdict.Noise);
        }

        var freedom = (vx + vy) * (vx + vy) / ((vx * vx / (x.Count - 1)) + (vy * vy / (y.Count - 1)));
        var half = StudentT.InvCDF(0, 1, freedom, 1 - (Significance / 2)) * error;
        var p = 2 * StudentT.CDF(0, 1, freedom, -Math.Abs(difference) / error);
        return new Difference(a.Page, metric, wholeA, wholeB, difference - half, difference + half, p, DifferenceVerdict.Noise);

        List<double>? Values(PageFigures page)
        {
            var values = page.Pieces.Select(figure).ToList();
            return values.Count < Sections.Fewest || values.Any(value => value is null) ? null : Thinned([.. values.Select(value => value!.Value)]);
        }
    }

    /// <summary>Pieces that are alike to their neighbours say less than their number: pairs are put together.</summary>
    private static List<double> Thinned(List<double> values)
    {
        while (values.Count >= 2 * Sections.Fewest && Sections.Likeness(values) > 0.3)
        {
            values = [.. values.Chunk(2).Select(pair => pair.Average())];
        }

        return values;
    }

    private static double Variance(List<double> values)
    {
        var mean = values.Average();
        return values.Sum(value => (value - mean) * (value - mean)) / (values.Count - 1);
    }

    private static List<Difference> Correct(List<Difference> raw)
    {
        var ordered = raw.Where(each => each.PValue is not null).OrderBy(each => each.PValue).ToList();
        var different = new HashSet<Difference>(ReferenceEqualityComparer.Instance as IEqualityComparer<Difference>);
        for (var i = 0; i < ordered.Count && ordered[i].PValue <= Significance / (ordered.Count - i); i++)
        {
            different.Add(ordered[i]);
        }

        return [.. raw.Select(each => different.Contains(each) ? each with { Verdict = (each.B > each.A) == (each.Metric == "requests") ? DifferenceVerdict.Better : DifferenceVerdict.Worse } : each)];
    }

    private static List<string> Against(RunResult a, RunResult b)
    {
        var findings = new List<string>();
        foreach (var (name, run) in new[] { ("A", a), ("B", b) })
        {
            if (run.Trust != Trustworthiness.Good)
            {
                findings.Add($"run {name} was {run.Trust.ToString().ToUpperInvariant()}: {string.Join("; ", run.Findings.Select(finding => finding.What))}");
            }
        }

        if (a.Scenario != b.Scenario || a.Kind != b.Kind)
        {
            findings.Add(string.Create(CultureInfo.InvariantCulture, $"the runs are of different kinds: {a.Scenario} ({a.Kind}) and {b.Scenario} ({b.Kind})"));
        }

        return findings;
    }
}
