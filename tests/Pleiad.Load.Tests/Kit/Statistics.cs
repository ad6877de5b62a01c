using MathNet.Numerics.Distributions;

namespace Pleiad.Load.Tests.Kit;

/// <summary>Tests of hypotheses. A false alarm shall happen less than once in a million runs; with a fixed seed it happens always or never.</summary>
internal static class Statistics
{
    public const double FalseAlarm = 1e-6;

    /// <summary>p-value of χ² for counts against what is expected.</summary>
    public static double ChiSquared(IReadOnlyList<double> observed, IReadOnlyList<double> expected) =>
        1 - MathNet.Numerics.Distributions.ChiSquared.CDF(observed.Count - 1, observed.Zip(expected, (o, e) => (o - e) * (o - e) / e).Sum());

    /// <summary>p-value of Kolmogorov–Smirnov against a distribution function that is known in full (Marsaglia's approximation of the limit).</summary>
    public static double KolmogorovSmirnov(IEnumerable<double> samples, Func<double, double> cumulative)
    {
        var sorted = samples.Order().ToList();
        var n = sorted.Count;
        var d = sorted.Select((x, i) => Math.Max(((i + 1.0) / n) - cumulative(x), cumulative(x) - ((double)i / n))).Max();
        var z = (Math.Sqrt(n) + 0.12 + (0.11 / Math.Sqrt(n))) * d;
        return Math.Clamp(2 * Enumerable.Range(1, 100).Sum(k => (k % 2 == 1 ? 1 : -1) * Math.Exp(-2.0 * k * k * z * z)), 0, 1);
    }

    /// <summary>Ends of the interval in which a Poisson count of this mean lies but for <see cref="FalseAlarm"/>.</summary>
    public static (double Low, double High) PoissonInterval(double mean)
    {
        var z = Normal.InvCDF(0, 1, 1 - (FalseAlarm / 2));
        return (mean - (z * Math.Sqrt(mean)) - 3, mean + (z * Math.Sqrt(mean)) + 3);
    }
}
