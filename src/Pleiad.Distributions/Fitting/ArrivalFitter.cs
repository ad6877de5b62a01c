using System.Globalization;
using Pleiad.Distributions.Arrivals;

namespace Pleiad.Distributions.Fitting;

/// <summary>One arrival process fitted to measured moments.</summary>
/// <param name="Process">The process.</param>
/// <param name="LogLikelihood">Logarithm of the likelihood.</param>
/// <param name="Bic">Bayesian information criterion; the smaller is the better.</param>
/// <param name="Autocorrelation">Correlation of intervals 1, 2, 3, 5 and 10 arrivals apart.</param>
public sealed record ArrivalCandidate(ArrivalProcess Process, double LogLikelihood, double Bic, IReadOnlyList<double> Autocorrelation);

/// <summary>The choice among arrival processes.</summary>
/// <param name="Chosen">What to use.</param>
/// <param name="Candidates">All that were fitted, the best first.</param>
/// <param name="Autocorrelation">The measured correlation of intervals <see cref="ArrivalFitter.Lags"/> arrivals apart.</param>
/// <param name="Explanation">Why it was chosen.</param>
public sealed record ArrivalFit(ArrivalProcess Chosen, IReadOnlyList<ArrivalCandidate> Candidates, IReadOnlyList<double> Autocorrelation, string Explanation);

/// <summary>
/// Finds the process of measured arrivals: Poisson, independent intervals of any distribution, or bursts (a Markov-modulated Poisson process with two states). Correlated intervals rule
/// the first two out, whatever the intervals alone look like: they queue far longer.
/// </summary>
public static class ArrivalFitter
{
    /// <summary>Fewest arrivals that a process is fitted to.</summary>
    public const int ArrivalsMin = 50;

    /// <summary>How many arrivals apart correlations are taken.</summary>
    public static IReadOnlyList<int> Lags { get; } = [1, 2, 3, 5, 10];

    /// <summary>Fits moments of arrivals.</summary>
    /// <param name="moments">Seconds since any beginning, rising, at least <see cref="ArrivalsMin"/>.</param>
    /// <param name="seed">Seed of the goodness-of-fit test of the intervals.</param>
    public static ArrivalFit Fit(IReadOnlyList<double> moments, ulong seed = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(moments.Count, ArrivalsMin, nameof(moments));
        if (moments.Zip(moments.Skip(1)).Any(pair => !(pair.Second >= pair.First)) || !(moments[^1] > moments[0]) || !double.IsFinite(moments[^1]))
        {
            throw new ArgumentOutOfRangeException(nameof(moments), "moments rise");
        }

        double[] intervals = [.. moments.Zip(moments.Skip(1), (a, b) => b - a)];
        var mean = intervals.Average();
        var floor = intervals.Where(x => x > 0).Min();
        double[] positive = [.. intervals.Select(x => Math.Max(x, floor))];
        double[] measured = [.. Lags.Select(lag => Correlation(intervals, lag))];

        // Of independent intervals a correlation is beyond this in one case of a hundred.
        var noise = 2.6 / Math.Sqrt(intervals.Length);
        var isCorrelated = Math.Abs(measured[0]) > noise || Math.Abs(measured[1]) > noise;
        var candidates = new List<ArrivalCandidate> { Of(new PoissonArrivals(1 / mean), positive.Sum(new Exponential(mean).LogDensity), 1) };
        var distribution = DistributionFitter.Fit(positive, seed, hasPhases: true);
        if (positive.Sum(distribution.Chosen.LogDensity) is var likelihood && double.IsFinite(likelihood) && distribution.Chosen is not Exponential)
        {
            candidates.Add(Of(new RenewalArrivals(distribution.Chosen), likelihood, distribution.Chosen.ParameterCount));
        }

        if (ModulatedFit.Fit(positive) is { } bursts)
        {
            candidates.Add(Of(bursts.Process, bursts.LogLikelihood, 4));
        }

        candidates.Sort((a, b) => a.Bic.CompareTo(b.Bic));
        var chosen = candidates.FirstOrDefault(each => isCorrelated == each.Process is MarkovianArrivals) ?? candidates[0];
        if (!isCorrelated && distribution.Chosen is not Exponential && chosen.Process is PoissonArrivals && distribution.Candidates.FirstOrDefault(each => each.Distribution is Exponential)?.Verdict == FitVerdict.Bad)
        {
            // Intervals that no family fits are used as they are.
            chosen = Of(new RenewalArrivals(distribution.Chosen), double.NaN, 0);
        }

        return new ArrivalFit(chosen.Process, candidates, measured, Reason(chosen, candidates, measured, noise, isCorrelated, distribution));

        ArrivalCandidate Of(ArrivalProcess process, double logLikelihood, int parameters) => new(
            process,
            logLikelihood,
            (parameters * Math.Log(intervals.Length)) - (2 * logLikelihood),
            [.. Lags.Select(lag => process is MarkovianArrivals map ? map.Autocorrelation(lag) : 0)]);
    }

    /// <summary>Correlation of values some places apart.</summary>
    internal static double Correlation(IReadOnlyList<double> values, int lag)
    {
        var mean = values.Average();
        var variance = values.Sum(x => (x - mean) * (x - mean));
        return variance > 0 ? Enumerable.Range(0, Math.Max(0, values.Count - lag)).Sum(i => (values[i] - mean) * (values[i + lag] - mean)) / variance : 0;
    }

    private static string Reason(ArrivalCandidate chosen, List<ArrivalCandidate> candidates, double[] measured, double noise, bool isCorrelated, FitResult distribution)
    {
        var others = string.Join(", ", candidates.Where(each => each != chosen && double.IsFinite(chosen.Bic)).Select(each => string.Create(CultureInfo.InvariantCulture, $"{each.Process.Name} {each.Bic - chosen.Bic:+0;-0}")));
        var beside = others.Length > 0 ? $"; BIC beside it: {others}" : "";
        return isCorrelated
            ? string.Create(CultureInfo.InvariantCulture, $"intervals depend on each other: correlation {measured[0]:0.00} with the next one, {measured[1]:0.00} with the second (without dependence below {noise:0.00}); the process has {chosen.Autocorrelation[0]:0.00} and {chosen.Autocorrelation[1]:0.00}{beside}")
            : string.Create(CultureInfo.InvariantCulture, $"intervals do not depend on each other: correlation {measured[0]:0.00} (below {noise:0.00}); {distribution.Explanation}{beside}");
    }
}
