using System.Globalization;
using System.Text.RegularExpressions;

namespace Pleiad.Load.Trust;

/// <summary>What a run has to keep: <c>p95&lt;500ms</c>, <c>login.p99&lt;1s</c>, <c>mean&lt;80ms</c>, <c>errors&lt;1%</c>, <c>requests&gt;100/s</c>.</summary>
/// <param name="Page">A page's name, or null for all.</param>
/// <param name="Metric"><c>mean</c>, <c>max</c>, <c>pNN</c>, <c>errors</c> or <c>requests</c>.</param>
/// <param name="IsBelow">Whether the figure has to be below the limit.</param>
/// <param name="Limit">Seconds, a share, or requests per second.</param>
/// <param name="Text">As it was written.</param>
internal sealed partial record Threshold(string? Page, string Metric, bool IsBelow, double Limit, string Text)
{
    public const string Rule = "give such as p95<500ms, login.p99<1s, mean<80ms, errors<1% or requests>100/s";

    /// <summary>The quantile of a metric such as p99.9, or null.</summary>
    public static double? QuantileOf(string metric) =>
        metric.StartsWith('p') && double.TryParse(metric.AsSpan(1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var percent) && percent is > 0 and < 100 ? percent / 100 : null;

    /// <summary>What is wrong with a text and what to do about it; null when it is a threshold for these pages.</summary>
    public static (string Reason, string Remedy)? ProblemOf(string text, IReadOnlyList<string> pages) =>
        !TryParse(text, out var threshold) ? ("is no threshold", Rule)
        : threshold.Page is not null && !pages.Contains(threshold.Page) ? ("names a page that is not there", $"give one of {string.Join(", ", pages)}")
        : null;

    public static bool TryParse(string text, out Threshold threshold)
    {
        threshold = new Threshold(null, "", true, 0, text);
        var match = Form().Match(text.Replace(" ", "", StringComparison.Ordinal));
        if (!match.Success)
        {
            return false;
        }

        var (page, metric, limit) = (match.Groups["page"].Value, match.Groups["metric"].Value, match.Groups["limit"].Value);
        var value = double.NaN;
        var read = metric switch
        {
            "errors" => limit.EndsWith('%') && double.TryParse(limit[..^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out value),
            "requests" => Scenarios.Times.TryRate(limit, out value),
            _ => Scenarios.Times.TrySeconds(limit, out value) && (metric is "mean" or "max" || QuantileOf(metric) is not null),
        };
        value = metric == "errors" ? value / 100 : value;
        threshold = new Threshold(page.Length == 0 ? null : page, metric, match.Groups["sign"].Value == "<", value, text);
        return read;
    }

    [GeneratedRegex(@"^(?:(?<page>.+)\.)?(?<metric>mean|max|errors|requests|p\d+(?:\.\d+)?)(?<sign>[<>])(?<limit>[0-9.]+(?:%|us|ms|s|m|h|/s|/min|/h)?)$", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
