using System.Globalization;
using System.Text.RegularExpressions;
using Pleiad.Queueing.Documents;
using Pleiad.Queueing.Model;
using Pleiad.Queueing.Solving;

namespace Pleiad.Queueing.Prediction;

/// <summary>What an objective bounds.</summary>
public enum ObjectiveKind
{
    /// <summary>A quantile of the response time.</summary>
    Quantile,

    /// <summary>The mean response time.</summary>
    Mean,

    /// <summary>The utilization of every station, or of one.</summary>
    Utilization,

    /// <summary>The share of interactions that fail.</summary>
    Failed,
}

/// <summary>A service level objective: an upper bound.</summary>
/// <param name="Kind">What it bounds.</param>
/// <param name="Probability">Of a quantile: 0.5, 0.9, 0.95 or 0.99.</param>
/// <param name="Of">The class, or the station of a utilization; null for all.</param>
/// <param name="Limit">The bound: seconds, or a share 0–1.</param>
public sealed partial record Objective(ObjectiveKind Kind, double Probability, string? Of, double Limit)
{
    /// <summary>How objectives are written.</summary>
    public const string Rule = "give p50, p90, p95, p99, mean, utilization or failed, a class or station in brackets if not all are meant, '<', and a time or share: 'p95<1s', 'p99(checkout)<2s', 'utilization(database)<0.7', 'failed<1%'";

    /// <summary>Reads one, for example <c>p95&lt;1s</c>.</summary>
    public static bool TryParse(string? text, out Objective objective)
    {
        objective = null!;
        var match = Form().Match(text ?? "");
        if (!match.Success)
        {
            return false;
        }

        var of = match.Groups["of"].Success ? match.Groups["of"].Value : null;
        var what = match.Groups["what"].Value.ToLowerInvariant();
        var limit = match.Groups["limit"].Value;
        switch (what)
        {
            case "utilization" or "failed":
                objective = new Objective(what == "failed" ? ObjectiveKind.Failed : ObjectiveKind.Utilization, 0, of, Quantity.TryShare(limit, out var share) ? share : double.NaN);
                return share is > 0 and <= 1;
            case "mean":
                objective = new Objective(ObjectiveKind.Mean, 0, of, Quantity.TrySeconds(limit, out var mean) ? mean : double.NaN);
                return mean > 0;
            default:
                objective = new Objective(ObjectiveKind.Quantile, double.Parse(what[1..], CultureInfo.InvariantCulture) / 100, of, Quantity.TrySeconds(limit, out var time) ? time : double.NaN);
                return time > 0;
        }
    }

    /// <summary>Whether the name in brackets is in the model.</summary>
    public bool Fits(QueueingModel model) =>
        Of is null || (Kind == ObjectiveKind.Utilization ? model.StationNamed(Of) >= 0 : model.Classes.Any(each => each.Name == Of));

    /// <summary>The figure that is bounded.</summary>
    public Estimate FigureOf(Solution solution)
    {
        if (Kind == ObjectiveKind.Utilization)
        {
            return solution.Stations.Where(station => Of is null ? station.Utilization.Value <= 1.5 : station.Name == Of).Select(station => station.Utilization).MaxBy(each => each.Value);
        }

        var system = Of is null ? solution.System : solution.System.Classes.First(each => each.Name == Of);
        return Kind switch
        {
            ObjectiveKind.Mean => system.ResponseTime,
            ObjectiveKind.Failed => system.Failed,
            _ => system.Quantiles.FirstOrDefault(each => each.Probability == Probability)?.Seconds ?? new Estimate(double.NaN),
        };
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        var what = Kind switch { ObjectiveKind.Quantile => string.Create(CultureInfo.InvariantCulture, $"p{Probability * 100:G4}"), _ => Kind.ToString().ToLowerInvariant() };
        var limit = Kind is ObjectiveKind.Utilization or ObjectiveKind.Failed ? Limit.ToString(CultureInfo.InvariantCulture) : Limit < 1 ? string.Create(CultureInfo.InvariantCulture, $"{Limit * 1000:G6}ms") : string.Create(CultureInfo.InvariantCulture, $"{Limit:G6}s");
        return $"{what}{(Of is null ? "" : $"({Of})")}<{limit}";
    }

    [GeneratedRegex(@"^\s*(?<what>p50|p90|p95|p99|mean|utilization|failed)\s*(\((?<of>[^)]+)\))?\s*<=?\s*(?<limit>\S+)\s*$", RegexOptions.IgnoreCase)]
    private static partial Regex Form();
}
