namespace Pleiad.Bench.Start;

/// <summary>Order statistics of a sample.</summary>
internal static class Statistics
{
    /// <summary>The quantile by linear interpolation (type 7 of Hyndman and Fan).</summary>
    internal static double Quantile(IEnumerable<double> sample, double probability)
    {
        var sorted = sample.Order().ToArray();
        var position = probability * (sorted.Length - 1);
        var below = (int)position;
        return below + 1 < sorted.Length ? sorted[below] + ((position - below) * (sorted[below + 1] - sorted[below])) : sorted[below];
    }
}
