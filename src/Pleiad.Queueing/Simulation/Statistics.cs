using MathNet.Numerics.Distributions;

namespace Pleiad.Queueing.Simulation;

/// <summary>What is told of a series.</summary>
internal static class Statistics
{
    /// <summary>Half width of the interval of a mean.</summary>
    public static double? HalfWidth(IReadOnlyList<double> values, double confidence)
    {
        if (values.Count < 2)
        {
            return null;
        }

        var mean = values.Average();
        return StudentT.InvCDF(0, 1, values.Count - 1, 1 - ((1 - confidence) / 2)) * Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Count * (values.Count - 1.0)));
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
}
