namespace Pleiad.Load.Trust;

/// <summary>
/// Where the warm-up ends: MSER (White, 1997; with averages of windows as MSER-5 has averages of five). Of all ways to cut the beginning off, the one after which the mean of the rest
/// is known best: min over d of Σ(xᵢ − x̄)² / (n − d)².
/// </summary>
internal static class WarmUp
{
    /// <summary>Fewer windows say nothing.</summary>
    public const int WindowsMin = 10;

    /// <summary>How many windows to cut off; null when the run did not settle, for the best cut would take half of it.</summary>
    /// <param name="means">A figure of each window; NaN where nothing happened.</param>
    public static int? Cut(IReadOnlyList<double> means)
    {
        var first = means.TakeWhile(double.IsNaN).Count();
        var values = means.Skip(first).Select((mean, index) => (mean, index)).Where(each => !double.IsNaN(each.mean)).ToList();
        if (values.Count < WindowsMin)
        {
            return first == means.Count ? 0 : first;
        }

        // Sums from the end, so that each cut is looked at once.
        var (sum, squares, best, cut) = (0.0, 0.0, double.PositiveInfinity, 0);
        var offset = values.Average(each => each.mean);
        for (var d = values.Count - 1; d >= 0; d--)
        {
            var x = values[d].mean - offset;
            sum += x;
            squares += x * x;
            var n = values.Count - d;
            var error = Math.Max(0, squares - (sum * sum / n)) / ((double)n * n);
            if (d <= values.Count / 2 && error <= best)
            {
                (best, cut) = (error, d);
            }
        }

        return cut >= values.Count / 2 && best > 0 ? null : first + values[cut].index;
    }
}
