namespace Pleiad.Distributions.Fitting;

/// <summary>How well a distribution fits samples.</summary>
public enum FitVerdict
{
    /// <summary>The samples could well be of it: p-value of at least 0.05.</summary>
    Good,

    /// <summary>It differs measurably, by little: the largest difference of probabilities is at most 0.05.</summary>
    Usable,

    /// <summary>It is not the distribution of the samples.</summary>
    Bad,
}

/// <summary>One distribution fitted to samples.</summary>
/// <param name="Distribution">The distribution, by maximum likelihood.</param>
/// <param name="LogLikelihood">Logarithm of the likelihood.</param>
/// <param name="Bic">Bayesian information criterion: parameters × ln n − 2 × log-likelihood; the smaller is the better.</param>
/// <param name="KolmogorovSmirnov">D: the largest difference of the two distribution functions, 0–1.</param>
/// <param name="AndersonDarling">A²: the weighted squared difference, which looks at the tails.</param>
/// <param name="PValue">Probability of an A² as large when the distribution is true, by parametric bootstrap, which allows for the parameters being fitted; NaN when it was not worked out.</param>
public sealed record FitCandidate(Distribution Distribution, double LogLikelihood, double Bic, double KolmogorovSmirnov, double AndersonDarling, double PValue)
{
    /// <summary>The verdict of both tests.</summary>
    public FitVerdict Verdict => PValue >= 0.05 ? FitVerdict.Good : KolmogorovSmirnov <= 0.05 ? FitVerdict.Usable : FitVerdict.Bad;
}

/// <summary>The choice among distributions.</summary>
/// <param name="Chosen">What to use: the best candidate, or the samples themselves.</param>
/// <param name="Candidates">All that were fitted, the best by BIC first.</param>
/// <param name="Explanation">Why it was chosen.</param>
/// <param name="MeanStandardError">Standard error of the mean, in seconds.</param>
public sealed record FitResult(Distribution Chosen, IReadOnlyList<FitCandidate> Candidates, string Explanation, double MeanStandardError);
