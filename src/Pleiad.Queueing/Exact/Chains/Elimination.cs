namespace Pleiad.Queueing.Exact.Chains;

/// <summary>
/// Stationary probabilities of a chain whose steps go no further than a band, by elimination without subtractions (Grassmann, Taksar and Heyman 1985): every probability keeps its digits,
/// however small it is and however far apart the rates lie.
/// </summary>
internal static class Elimination
{
    private const double High = 1e200;

    /// <summary>The probabilities, or null when some state leads to none before it.</summary>
    /// <param name="flow">Rates by state and by how much further the next one is, plus the band; they are lost.</param>
    /// <param name="band">The furthest step, in states.</param>
    public static double[]? Solve(double[,] flow, int band)
    {
        var count = flow.GetLength(0);
        var leave = new double[count];
        for (var n = count - 1; n > 0; n--)
        {
            var low = Math.Max(0, n - band);
            for (var to = low; to < n; to++)
            {
                leave[n] += flow[n, to - n + band];
            }

            if (!(leave[n] > 0))
            {
                return null;
            }

            for (var from = low; from < n; from++)
            {
                var into = flow[from, n - from + band] / leave[n];
                for (var to = low; into > 0 && to < n; to++)
                {
                    flow[from, to - from + band] += into * flow[n, to - n + band];
                }
            }
        }

        var p = new double[count];
        p[0] = 1;
        for (var n = 1; n < count; n++)
        {
            for (var from = Math.Max(0, n - band); from < n; from++)
            {
                p[n] += p[from] * flow[from, n - from + band] / leave[n];
            }

            if (p[n] > High)
            {
                for (var below = 0; below <= n; below++)
                {
                    p[below] /= High;
                }
            }
        }

        var sum = p.Sum();
        return [.. p.Select(each => each / sum)];
    }
}
