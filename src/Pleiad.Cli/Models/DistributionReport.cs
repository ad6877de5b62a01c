using Pleiad.Distributions.Fitting;
using Pleiad.Queueing.Documents;

namespace Pleiad.Cli.Models;

/// <summary>The distribution of measured times as JSON.</summary>
internal sealed record DistributionReport(string Chosen, string Model, double? Mean, double? Scv, double MeanStandardError, string Explanation, IReadOnlyList<CandidateReport> Candidates)
{
    public static DistributionReport Of(FitResult fit) => new(
        fit.Chosen.Name,
        ModelWriter.Text(fit.Chosen),
        SolutionReport.Number(fit.Chosen.Mean),
        SolutionReport.Number(fit.Chosen.SquaredVariation),
        fit.MeanStandardError,
        fit.Explanation,
        [.. fit.Candidates.Select(each => new CandidateReport(each.Distribution.Name, SolutionReport.Number(each.Distribution.Mean), SolutionReport.Number(each.Distribution.SquaredVariation), each.Bic, each.KolmogorovSmirnov, each.AndersonDarling, SolutionReport.Number(each.PValue), each.Verdict.ToString().ToLowerInvariant()))]);
}

internal sealed record CandidateReport(string Distribution, double? Mean, double? Scv, double Bic, double KolmogorovSmirnov, double AndersonDarling, double? PValue, string Verdict);

/// <summary>The process of measured arrivals as JSON; correlations are those of intervals <see cref="Lags"/> arrivals apart.</summary>
internal sealed record ArrivalReport(string Chosen, string Model, double RatePerSecond, IReadOnlyList<int> Lags, IReadOnlyList<double> Autocorrelation, string Explanation, IReadOnlyList<ArrivalCandidateReport> Candidates)
{
    public static ArrivalReport Of(ArrivalFit fit) => new(
        fit.Chosen.Name,
        ModelWriter.Text(fit.Chosen),
        fit.Chosen.RatePerSecond,
        ArrivalFitter.Lags,
        fit.Autocorrelation,
        fit.Explanation,
        [.. fit.Candidates.Select(each => new ArrivalCandidateReport(each.Process.Name, each.Process.RatePerSecond, SolutionReport.Number(each.Process.SquaredVariation), SolutionReport.Number(each.Bic), each.Autocorrelation))]);
}

internal sealed record ArrivalCandidateReport(string Process, double RatePerSecond, double? Scv, double? Bic, IReadOnlyList<double> Autocorrelation);
