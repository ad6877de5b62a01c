using System.Globalization;
using Pleiad.Distributions.Random;

namespace Pleiad.Distributions.Fitting;

/// <summary>Finds the distribution of measured times: maximum likelihood for each family, the choice by BIC, the verdict by Anderson and Darling's test and Kolmogorov and Smirnov's distance.</summary>
public static class DistributionFitter
{
    /// <summary>Fewest samples that a family is fitted to.</summary>
    public const int SamplesMin = 10;

    /// <summary>Most samples that families are fitted to; of more, evenly spread order statistics stand for all.</summary>
    private const int SamplesMax = 5000;

    private const int BootstrapSamplesMax = 1000;
    private const int BootstrapRounds = 99;

    /// <summary>Fits samples.</summary>
    /// <param name="samples">Times in seconds, 0 or more, at least one.</param>
    /// <param name="seed">Seed of the bootstrap; the same gives the same answer.</param>
    /// <param name="hasPhases">Whether a phase-type distribution may be chosen, where no simple family fits well; not every document can hold one.</param>
    public static FitResult Fit(IReadOnlyList<double> samples, ulong seed = 1, bool hasPhases = false)
    {
        ArgumentOutOfRangeException.ThrowIfZero(samples.Count, nameof(samples));
        if (samples.Any(sample => !(sample >= 0) || double.IsInfinity(sample)))
        {
            throw new ArgumentOutOfRangeException(nameof(samples), "times are finite and at least 0");
        }

        var mean = samples.Average();
        var deviation = samples.Count < 2 ? 0 : Math.Sqrt(samples.Sum(x => (x - mean) * (x - mean)) / (samples.Count - 1));
        var error = samples.Count < 2 ? mean : deviation / Math.Sqrt(samples.Count);
        if (deviation <= 1e-6 * mean)
        {
            return new FitResult(new Deterministic(mean), [], "all samples are equal", error);
        }

        if (samples.Count < SamplesMin)
        {
            return new FitResult(Empirical.FromSamples(samples), [], $"{samples.Count} samples are too few to fit a family ({SamplesMin} at least): they are used as they are", error);
        }

        var sorted = Thinned([.. samples.Order()], SamplesMax);
        var floor = sorted.FirstOrDefault(x => x > 0);
        double[] positive = [.. sorted.Select(x => Math.Max(x, floor))];
        var candidates = MaximumLikelihood.Families.Select(family => (family.Fit, Fitted: family.Fit(positive))).Where(each => each.Fitted is not null)
            .Select(each => (each.Fit, Candidate: Judge(each.Fitted!, positive))).Where(each => double.IsFinite(each.Candidate.LogLikelihood)).OrderBy(each => each.Candidate.Bic).ToList();

        // A p-value costs much: for those that may be chosen, in the order of their likelihood.
        var judged = candidates.Select((each, i) => i < 3 ? Tested(each.Fit, each.Candidate, positive, seed + (ulong)i) : each.Candidate).ToList();
        var chosen = judged.Take(3).ToList().FindIndex(each => each.Verdict != FitVerdict.Bad && HasVariance(each));
        chosen = chosen >= 0 ? chosen : judged.Take(3).ToList().FindIndex(each => each.Verdict != FitVerdict.Bad);
        var tried = "";
        if (hasPhases && (chosen < 0 || judged[chosen].Verdict != FitVerdict.Good || !HasVariance(judged[chosen])))
        {
            // Phases can come near to anything, with more parameters: only where nothing simpler fits well.
            (chosen, tried) = WithPhases(judged, chosen, positive, seed);
        }

        return chosen >= 0
            ? new FitResult(WithMean(judged[chosen].Distribution, mean), judged, tried + Reason(judged, chosen), error)
            : new FitResult(Empirical.FromSamples(Thinned([.. samples.Order()], 1000)), judged, $"no family fits{(hasPhases ? ", nor do phases" : "")} ({(judged.Count > 0 ? Figures(judged[0]) : "none could be fitted")}): the samples are used as they are", error);
    }

    /// <summary>Adds a phase-type distribution to the candidates, and takes it when it is better than what was chosen.</summary>
    private static (int Chosen, string Tried) WithPhases(List<FitCandidate> judged, int chosen, double[] positive, ulong seed)
    {
        if (HyperErlangFit.Search(positive) is not { } phases || HyperErlangFit.Fit(positive, phases) is not { } fitted)
        {
            return (chosen, "");
        }

        var candidate = Tested(samples => HyperErlangFit.Fit(samples, phases), Judge(fitted, positive), positive, seed + 7);
        if (!double.IsFinite(candidate.LogLikelihood))
        {
            return (chosen, "");
        }

        var kept = chosen < 0 ? null : judged[chosen];
        judged.Add(candidate);
        judged.Sort((a, b) => a.Bic.CompareTo(b.Bic));
        if (candidate.Verdict == FitVerdict.Bad || (kept is not null && HasVariance(kept) && candidate.Bic >= kept.Bic))
        {
            return (kept is null ? -1 : judged.IndexOf(kept), "");
        }

        var shape = string.Join(" + ", phases);
        return (judged.IndexOf(candidate), kept is null ? $"no simple family fits; branches of {shape} phases do: " : $"{kept.Distribution.Name} {(HasVariance(kept) ? "fits only nearly" : "has no variance")}; branches of {shape} phases {(candidate.Bic < kept.Bic ? "are likelier" : "fit too")}: ");
    }

    /// <summary>A queue in order of arrival has no mean wait when its times have no variance: such a family is the last choice.</summary>
    private static bool HasVariance(FitCandidate candidate) => double.IsFinite(candidate.Distribution.Variance);

    private static FitCandidate Tested(Func<double[], Distribution?> fit, FitCandidate candidate, double[] positive, ulong seed) =>
        candidate with { PValue = Bootstrap(fit, candidate.Distribution, positive, seed) };

    /// <summary>D and A² of sorted samples.</summary>
    internal static (double KolmogorovSmirnov, double AndersonDarling) Distances(Distribution distribution, double[] sorted)
    {
        var n = sorted.Length;
        double largest = 0, sum = 0;
        var probabilities = sorted.Select(distribution.Cumulative).ToArray();
        for (var i = 0; i < n; i++)
        {
            largest = Math.Max(largest, Math.Max(((i + 1.0) / n) - probabilities[i], probabilities[i] - ((double)i / n)));
            var low = Math.Clamp(probabilities[i], 1e-15, 1 - 1e-15);
            var high = Math.Clamp(probabilities[n - 1 - i], 1e-15, 1 - 1e-15);
            sum += ((2 * i) + 1) * (Math.Log(low) + Math.Log(1 - high));
        }

        return (largest, -n - (sum / n));
    }

    private static FitCandidate Judge(Distribution distribution, double[] sorted)
    {
        var likelihood = sorted.Sum(distribution.LogDensity);
        var (d, a) = Distances(distribution, sorted);
        return new FitCandidate(distribution, likelihood, (distribution.ParameterCount * Math.Log(sorted.Length)) - (2 * likelihood), d, a, double.NaN);
    }

    /// <summary>Samples of the fitted distribution are fitted again: how often is their distance as large?</summary>
    private static double Bootstrap(Func<double[], Distribution?> fit, Distribution distribution, double[] sorted, ulong seed)
    {
        // Drawn by chance: samples chosen evenly lie nearer to any distribution than those of it do.
        var random = new RandomStream(seed);
        var some = Drawn(sorted, BootstrapSamplesMax, random);
        var observed = Distances(fit(some) ?? distribution, some).AndersonDarling;
        var larger = 0;
        var drawn = new double[some.Length];
        for (var round = 0; round < BootstrapRounds; round++)
        {
            for (var i = 0; i < drawn.Length; i++)
            {
                drawn[i] = Math.Max(distribution.Sample(random), double.Epsilon);
            }

            Array.Sort(drawn);
            larger += fit(drawn) is { } again && Distances(again, drawn).AndersonDarling >= observed ? 1 : 0;
        }

        return (larger + 1.0) / (BootstrapRounds + 1);
    }

    /// <summary>Order statistics in the middle of equal shares.</summary>
    private static double[] Thinned(double[] sorted, int count) =>
        sorted.Length <= count ? sorted : [.. Enumerable.Range(0, count).Select(i => sorted[(int)((i + 0.5) * sorted.Length / count)])];

    /// <summary>So many of them by chance, in order (Knuth's algorithm S).</summary>
    private static double[] Drawn(double[] sorted, int count, RandomStream random)
    {
        if (sorted.Length <= count)
        {
            return sorted;
        }

        var drawn = new double[count];
        var taken = 0;
        for (var i = 0; taken < count; i++)
        {
            if (random.NextDouble() * (sorted.Length - i) < count - taken)
            {
                drawn[taken++] = sorted[i];
            }
        }

        return drawn;
    }

    /// <summary>Likelihood does not keep the mean for every family, and the mean is what utilization depends on.</summary>
    private static Distribution WithMean(Distribution distribution, double mean) =>
        distribution.Mean is > 0 and < double.PositiveInfinity ? distribution.Scaled(mean / distribution.Mean) : distribution;

    private static string Reason(List<FitCandidate> judged, int chosen)
    {
        var best = judged[chosen];
        var others = string.Join(", ", judged.Where((_, i) => i != chosen).Take(2).Select(each => string.Create(CultureInfo.InvariantCulture, $"{each.Distribution.Name} {each.Bic - best.Bic:+0;-0}")));
        var skipped = chosen > 0 && judged[0].Verdict == FitVerdict.Bad ? $"{judged[0].Distribution.Name} is likelier and fits badly; "
            : chosen > 0 && !HasVariance(judged[0]) ? $"{judged[0].Distribution.Name} is likelier and has an infinite variance, with which a queue in order of arrival has no mean wait; "
            : "";
        var wild = HasVariance(best) ? "" : "; its variance is infinite, so that a queue in order of arrival has no mean wait with it: put the samples themselves ('empirical') or a bound into a model";
        return $"{skipped}{Figures(best)}{wild}{(others.Length > 0 ? $"; BIC beside it: {others}" : "")}";
    }

    private static string Figures(FitCandidate candidate) =>
        string.Create(CultureInfo.InvariantCulture, $"{candidate.Distribution.Name} {(candidate.Verdict switch { FitVerdict.Good => "fits", FitVerdict.Usable => "fits nearly", _ => "does not fit" })}: KS distance {candidate.KolmogorovSmirnov:0.000}, Anderson-Darling {candidate.AndersonDarling:0.00}{(double.IsNaN(candidate.PValue) ? "" : string.Create(CultureInfo.InvariantCulture, $" (p {candidate.PValue:0.00}: samples that are of it are as far off in {candidate.PValue * 100:0} of 100 cases)"))}");
}
