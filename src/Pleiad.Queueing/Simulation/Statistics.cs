using MathNet.Numerics.Distributions;
using Pleiad.Queueing.Solving;

namespace Pleiad.Queueing.Simulation;

/// <summary>Intervals from independent runs or batches.</summary>
internal static class Statistics
{
    /// <summary>Ratio of two sums with its interval: the residuals a − ratio × b carry the error.</summary>
    public static Estimate Ratio(ReadOnlySpan<double> numerators, ReadOnlySpan<double> denominators, double confidence)
    {
        double a = 0, b = 0;
        for (var i = 0; i < numerators.Length; i++)
        {
            a += numerators[i];
            b += denominators[i];
        }

        if (!(b > 0))
        {
            return new Estimate(double.NaN);
        }

        var n = numerators.Length;
        var ratio = a / b;
        var sum = 0.0;
        for (var i = 0; i < n; i++)
        {
            var residual = numerators[i] - (ratio * denominators[i]);
            sum += residual * residual;
        }

        return new Estimate(ratio, n < 2 ? null : Quantile(confidence, n - 1) * Math.Sqrt(sum / (n * (n - 1.0))) / (b / n));
    }

    /// <summary>Half width of the interval of a mean.</summary>
    public static double? HalfWidth(IReadOnlyList<double> values, double confidence)
    {
        if (values.Count < 2)
        {
            return null;
        }

        var mean = values.Average();
        return Quantile(confidence, values.Count - 1) * Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Count * (values.Count - 1.0)));
    }

    /// <summary>
    /// MSER-5 (White, 1997): how many of the values to cut, so that the standard error of the mean of the rest, taken in groups of five, is least. Returns -1 when the least is not
    /// reached within the first half: the run is too short.
    /// </summary>
    public static int WarmUp(IReadOnlyList<double> series)
    {
        const int group = 5;
        var groups = series.Count / group;
        if (groups < 4)
        {
            return -1;
        }

        var means = new double[groups];
        for (var g = 0; g < groups; g++)
        {
            for (var i = 0; i < group; i++)
            {
                means[g] += series[(g * group) + i] / group;
            }
        }

        // From the end, so that each cut costs one step.
        double sum = 0, squares = 0, best = double.PositiveInfinity;
        var cut = 0;
        var shift = means[^1];
        for (var d = groups - 1; d >= 0; d--)
        {
            var value = means[d] - shift;
            sum += value;
            squares += value * value;
            var n = groups - d;

            // The last few groups may agree by chance.
            if (n < 5)
            {
                continue;
            }

            var error = Math.Max(0, squares - (sum * sum / n)) / ((double)n * n);
            if (error <= best)
            {
                (best, cut) = (error, d);
            }
        }

        return cut > groups / 2 ? -1 : cut * group;
    }

    private static double Quantile(double confidence, int freedom) => StudentT.InvCDF(0, 1, freedom, 1 - ((1 - confidence) / 2));
}
