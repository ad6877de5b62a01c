using System.Globalization;
using System.Text.RegularExpressions;
using Pleiad.Core.Documents;
using Pleiad.Load.Recording;

namespace Pleiad.Load.Trust;

/// <summary>Ends a run when a figure is known well enough: <c>p95±5%</c>, <c>login.mean±2%</c>; <c>+-</c> stands for <c>±</c>.</summary>
internal sealed partial class StopRule
{
    /// <summary>Requests beyond the quantile that each of the pieces needs on the average.</summary>
    private const double BeyondMin = 10;

    private readonly string _text;
    private readonly int? _page;
    private readonly string _metric;

    private StopRule(string text, int? page, string metric, double target) => (_text, _page, _metric, Target) = (text, page, metric, target);

    /// <summary>Half of the interval over the figure that is small enough.</summary>
    public double Target { get; }

    /// <exception cref="InvalidInputException">It is no rule, or names an unknown page.</exception>
    public static StopRule Parse(string text, IReadOnlyList<string> pages)
    {
        var match = Form().Match(text.Replace(" ", "", StringComparison.Ordinal));
        var percent = match.Success ? double.Parse(match.Groups["percent"].Value, CultureInfo.InvariantCulture) : 0;
        if (percent is <= 0 or >= 100)
        {
            throw new InvalidInputException("--until", new InputProblem("rule", text, "is no rule", "give such as 'p95±5%', 'mean+-2%' or 'login.p99±10%'"));
        }

        var page = match.Groups["page"].Value;
        var index = page.Length == 0 ? (int?)null : pages.ToList().IndexOf(page);
        if (index < 0)
        {
            throw new InvalidInputException("--until", new InputProblem("page", page, "is no page", $"give one of {string.Join(", ", pages)}"));
        }

        return new StopRule(text, index, match.Groups["metric"].Value, percent / 100);
    }

    /// <summary>The rule as it was given.</summary>
    public override string ToString() => _text;

    /// <summary>Half of the interval over the figure now, under a load that is the same all the time; null when it cannot be told yet.</summary>
    public double? HalfWidth(WindowSeries series)
    {
        if (series.Windows.Count <= Sections.Fewest)
        {
            return null;
        }

        var cut = WarmUp.Cut([.. series.Windows.Select(window => Metrics.Latency(window, null).Mean)]);
        var beyond = 1 - (Threshold.QuantileOf(_metric) ?? 0.5);
        return cut is { } from
            && Metrics.Latency(series.Total(from), _page).Count * beyond >= BeyondMin * Sections.Fewest
            && Sections.Of(series, from, window => Metrics.Of(window, _page, _metric)) is { } interval
                ? interval.RelativeHalfWidth
                : null;
    }

    [GeneratedRegex(@"^(?:(?<page>.+)\.)?(?<metric>mean|p\d+(?:\.\d+)?)(?:±|\+-|\+/-)(?<percent>\d+(?:\.\d+)?)%$", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}

/// <summary>Figures of windows by name.</summary>
internal static class Metrics
{
    /// <summary>Times from the intended start, of one page or of all.</summary>
    public static Histogram Latency(Window window, int? page)
    {
        if (page is { } one)
        {
            return window.Pages[one]?.FromIntended ?? new Histogram();
        }

        var all = new Histogram();
        foreach (var each in window.Pages)
        {
            if (each is not null)
            {
                all.Add(each.FromIntended);
            }
        }

        return all;
    }

    /// <summary>A time in nanoseconds; NaN when there is none.</summary>
    public static double Of(Window window, int? page, string metric)
    {
        var latency = Latency(window, page);
        return metric == "mean" ? latency.Mean : metric == "max" ? latency.Max : latency.Quantile(Threshold.QuantileOf(metric) ?? 0.5);
    }
}
