using MathNet.Numerics.Distributions;
using Pleiad.Queueing.Solving;

namespace Pleiad.Queueing.Simulation;

/// <summary>
/// Ratio of two sums with its interval, from groups of batches within the runs. Ten runs alone tell their own variance only to within a quarter, and a simulation that stops once its
/// interval is narrow would stop where it happens to look narrow. So each run is divided into as many groups as do not depend on each other, and what dependence is left, and the skewness of
/// the groups, widen the interval. Sources: Tafazzoli, Wilson, Lada, Steiger 2011 (Skart); Willink 2005 for skewness.
/// </summary>
/// <remarks>e residual a − ratio × b of a group; φ correlation of neighbouring groups of a run; γ skewness.</remarks>
internal readonly record struct GroupedRatio(Estimate Estimate, int Groups, double Correlation)
{
    /// <summary>Groups of all runs together at most; more tell the variance hardly better.</summary>
    private const int GroupsMost = 160;

    /// <summary>Groups of all runs together at least, also where they depend on each other.</summary>
    private const int GroupsLeast = 10;

    /// <summary>A stronger correlation of neighbours needs longer groups.</summary>
    private const double CorrelationMax = 0.15;

    /// <summary>The skewness of fewer groups is not worth knowing.</summary>
    private const int GroupsForSkewness = 40;

    /// <summary>
    /// So much of what skewness does to a run of a fixed length. A run that stops when its interval is narrow does more often while its mean is low, since then its variance looks low too:
    /// of M/M/1 to 10 % and 5 %, 93 and 95 of 100 intervals held the truth with 1, 94 to 97 with 1.5, 96 and 98 with 2.
    /// </summary>
    private const double SkewnessWeight = 1.5;

    /// <summary>Into how many groups each of several runs is divided at first: a power of two.</summary>
    public static int GroupsOfRun(int runs, int unitsMax)
    {
        var groups = 1;
        while (2 * groups * runs <= GroupsMost && 2 * groups <= unitsMax)
        {
            groups *= 2;
        }

        return groups;
    }

    /// <summary>The ratio of sums over all groups, those of a run one after the other.</summary>
    public static GroupedRatio Of(double[] numerators, double[] denominators, int runs, double confidence)
    {
        var (a, b) = (numerators.Sum(), denominators.Sum());
        if (!(b > 0))
        {
            return new GroupedRatio(new Estimate(double.NaN), 0, 0);
        }

        var ratio = a / b;
        double[] residuals = [.. numerators.Zip(denominators, (top, bottom) => top - (ratio * bottom))];
        while (true)
        {
            var ofRun = residuals.Length / runs;
            var correlation = CorrelationOf(residuals, ofRun);
            if (correlation <= CorrelationMax || ofRun == 1 || residuals.Length / 2 < GroupsLeast)
            {
                return new GroupedRatio(new Estimate(ratio, HalfWidth(residuals, correlation, confidence) / b), residuals.Length, correlation);
            }

            residuals = [.. Enumerable.Range(0, residuals.Length / 2).Select(pair => residuals[2 * pair] + residuals[(2 * pair) + 1])];
        }
    }

    private static double CorrelationOf(double[] residuals, int ofRun)
    {
        double products = 0, squares = 0;
        for (var i = 0; i < residuals.Length; i++)
        {
            squares += residuals[i] * residuals[i];
            products += (i + 1) % ofRun == 0 ? 0 : residuals[i] * residuals[i + 1];
        }

        return squares > 0 && ofRun > 1 ? products / squares * ofRun / (ofRun - 1) : 0;
    }

    /// <summary>Of the sum of all residuals.</summary>
    private static double? HalfWidth(double[] residuals, double correlation, double confidence)
    {
        var n = residuals.Length;
        if (n < 2)
        {
            return null;
        }

        var variance = residuals.Sum(e => e * e) / (n - 1);
        var dependence = (1 + Math.Clamp(correlation, 0, 0.9)) / (1 - Math.Clamp(correlation, 0, 0.9));
        var quantile = StudentT.InvCDF(0, 1, n - 1, 1 - ((1 - confidence) / 2));
        if (n >= GroupsForSkewness && variance > 0)
        {
            var skewness = residuals.Sum(e => e * e * e) / n / Math.Pow(variance, 1.5);
            quantile = Math.Max(Skewed(quantile, skewness, n), -Skewed(-quantile, skewness, n));
        }

        return quantile * Math.Sqrt(n * variance * dependence);
    }

    /// <summary>Where a quantile of Student's distribution lies for the mean of skewed values (Willink).</summary>
    private static double Skewed(double quantile, double skewness, int n)
    {
        var beta = SkewnessWeight * skewness / (6 * Math.Sqrt(n));
        return Math.Abs(beta) < 1e-6 ? quantile : (Math.Cbrt(1 + (6 * beta * (quantile - beta))) - 1) / (2 * beta);
    }
}
