using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.Optimization;
using Pleiad.Distributions.Arrivals;

namespace Pleiad.Distributions.Fitting;

/// <summary>
/// A Markov-modulated Poisson process with two states by maximum likelihood: that of a row of intervals x is φ Π exp(D0 x_i) Λ 1 (Rydén 1994), and four parameters are few enough to climb
/// it without derivatives (Nelder and Mead 1965), from several beginnings.
/// </summary>
internal static class ModulatedFit
{
    private const int IterationsMax = 600;

    /// <summary>Longest row of intervals that the likelihood is taken of.</summary>
    private const int IntervalsMax = 20_000;

    /// <summary>The process and the logarithm of its likelihood for all intervals; null when none was found.</summary>
    public static (MarkovianArrivals Process, double LogLikelihood)? Fit(IReadOnlyList<double> intervals)
    {
        double[] some = [.. intervals.Take(IntervalsMax)];
        var rate = 1 / some.Average();
        Vector<double>? best = null;
        var least = double.PositiveInfinity;
        foreach (var (contrast, stay) in (ReadOnlySpan<(double, double)>)[(3, 10), (3, 100), (20, 10), (20, 100)])
        {
            // One state busier than the mean, the other quieter by the contrast; each is left after some arrivals.
            var start = Vector<double>.Build.Dense([Math.Log(rate * 2 * contrast / (contrast + 1)), Math.Log(rate * 2 / (contrast + 1)), Math.Log(rate / stay), Math.Log(rate / stay)]);
            try
            {
                var found = NelderMeadSimplex.Minimum(ObjectiveFunction.Value(p => -LogLikelihood(p, some)), start, 1e-7, IterationsMax);
                if (found.FunctionInfoAtMinimum.Value < least)
                {
                    (best, least) = (found.MinimizingPoint, found.FunctionInfoAtMinimum.Value);
                }
            }
            catch (MaximumIterationsException)
            {
                // This beginning leads nowhere; another may.
                continue;
            }
        }

        if (best is null || !double.IsFinite(least))
        {
            return null;
        }

        var (first, second, leaveFirst, leaveSecond) = (Math.Exp(best[0]), Math.Exp(best[1]), Math.Exp(best[2]), Math.Exp(best[3]));
        return (MarkovianArrivals.Modulated([first, second], [[0, leaveFirst], [leaveSecond, 0]]), -least * intervals.Count / some.Length);
    }

    private static double LogLikelihood(Vector<double> logs, double[] intervals)
    {
        var (l1, l2, r1, r2) = (Math.Exp(logs[0]), Math.Exp(logs[1]), Math.Exp(logs[2]), Math.Exp(logs[3]));
        if (!double.IsFinite(l1 + l2 + r1 + r2) || l1 + l2 == 0 || r1 + r2 == 0)
        {
            return -1e300;
        }

        // D0 = [[−a, r1], [r2, −d]]: exp(D0 x) = e^(−sx) (cosh(wx) I + sinh(wx)/w (D0 + sI)) with s = (a + d)/2, w² = ((a − d)/2)² + r1 r2.
        var (a, d) = (l1 + r1, l2 + r2);
        var (s, half) = ((a + d) / 2, (a - d) / 2);
        var w = Math.Sqrt((half * half) + (r1 * r2));
        var (p1, p2) = (r2 * l1 / ((r2 * l1) + (r1 * l2)), r1 * l2 / ((r2 * l1) + (r1 * l2)));
        var sum = 0.0;
        foreach (var x in intervals)
        {
            // The larger exponential is taken out, so that nothing overflows.
            var far = Math.Exp(-2 * w * x);
            var (c, t) = ((1 + far) / 2, w > 0 ? (1 - far) / (2 * w) : x);
            var q1 = ((p1 * (c - (t * half))) + (p2 * t * r2)) * l1;
            var q2 = ((p1 * t * r1) + (p2 * (c + (t * half)))) * l2;
            var both = q1 + q2;
            if (!(both > 0))
            {
                return -1e300;
            }

            sum += Math.Log(both) - ((s - w) * x);
            (p1, p2) = (q1 / both, q2 / both);
        }

        return sum;
    }
}
