using Pleiad.Distributions.Fitting;

namespace Pleiad.Cli.Models;

/// <summary>The distribution of measured times as JSON.</summary>
internal sealed record DistributionReport(string Chosen, double? Mean, double? Scv, double MeanStandardError, string Explanation, IReadOnlyList<CandidateReport> Candidates)
{
    public static DistributionReport Of(FitResult fit) => new(
        fit.Chosen.Name,
        SolutionReport.Number(fit.Chosen.Mean),
        SolutionReport.Number(fit.Chosen.SquaredVariation),
        fit.MeanStandardError,
        fit.Explanation,
        [.. fit.Candidates.Select(each => new CandidateReport(each.Distribution.Name, SolutionReport.Number(each.Distribution.Mean), SolutionReport.Number(each.Distribution.SquaredVariation), each.Bic, each.KolmogorovSmirnov, each.AndersonDarling, SolutionReport.Number(each.PValue), each.Verdict.ToString().ToLowerInvariant()))]);
}

internal sealed record CandidateReport(string Distribution, double? Mean, double? Scv, double Bic, double KolmogorovSmirnov, double AndersonDarling, double? PValue, string Verdict);
