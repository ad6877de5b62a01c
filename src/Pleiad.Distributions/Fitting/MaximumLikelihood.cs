using MathNet.Numerics;

namespace Pleiad.Distributions.Fitting;

/// <summary>Parameters that make samples most likely, for each family; samples are above 0.</summary>
internal static class MaximumLikelihood
{
    private const int IterationsMax = 200;

    /// <summary>All families that samples allow, by name.</summary>
    public static IEnumerable<(string Name, Func<double[], Distribution?> Fit)> Families { get; } =
    [
        ("exponential", samples => new Exponential(samples.Average())),
        ("erlang", Erlang),
        ("gamma", Gamma),
        ("lognormal", LogNormal),
        ("weibull", Weibull),
        ("pareto", Pareto),
        ("uniform", Uniform),
        ("hyperexponential", HyperExponential),
    ];

    private static Gamma? Gamma(double[] samples)
    {
        // ln k − ψ(k) = s by Newton's method, begun at Minka's approximation.
        var mean = samples.Average();
        var s = Math.Log(mean) - samples.Average(x => Math.Log(x));
        if (!(s > 1e-9))
        {
            return null;
        }

        var k = (3 - s + Math.Sqrt(((s - 3) * (s - 3)) + (24 * s))) / (12 * s);
        for (var i = 0; i < IterationsMax; i++)
        {
            var step = (Math.Log(k) - SpecialFunctions.DiGamma(k) - s) / ((1 / k) - Trigamma(k));
            k = Math.Max(k / 10, k - step);
            if (Math.Abs(step) < 1e-10 * k)
            {
                break;
            }
        }

        return new Gamma(k, mean / k);
    }

    private static Erlang? Erlang(double[] samples)
    {
        if (Gamma(samples) is not { Shape: >= 1.5 and < 5000 } gamma)
        {
            return null;
        }

        var mean = samples.Average();
        var (low, high) = (new Erlang(mean, (int)Math.Floor(gamma.Shape)), new Erlang(mean, (int)Math.Ceiling(gamma.Shape)));
        return samples.Sum(low.LogDensity) >= samples.Sum(high.LogDensity) ? low : high;
    }

    private static LogNormal? LogNormal(double[] samples)
    {
        var mu = samples.Average(x => Math.Log(x));
        var sigma = Math.Sqrt(samples.Average(x => (Math.Log(x) - mu) * (Math.Log(x) - mu)));
        return sigma > 1e-9 ? new LogNormal(mu, sigma) : null;
    }

    private static Weibull? Weibull(double[] samples)
    {
        var logs = samples.Select(x => Math.Log(x)).ToArray();
        var meanLog = logs.Average();
        var spread = Math.Sqrt(logs.Average(x => (x - meanLog) * (x - meanLog)));
        if (!(spread > 1e-9))
        {
            return null;
        }

        // Σx^k ln x / Σx^k − 1/k = mean of ln x; x is scaled by its largest so that powers stay in range.
        var top = logs.Max();
        var k = 1.2 / spread;
        for (var i = 0; i < IterationsMax; i++)
        {
            double a = 0, b = 0, c = 0;
            foreach (var log in logs)
            {
                var power = Math.Exp(k * (log - top));
                a += power;
                b += power * log;
                c += power * log * log;
            }

            var f = (b / a) - (1 / k) - meanLog;
            var slope = (((c * a) - (b * b)) / (a * a)) + (1 / (k * k));
            var next = Math.Max(k / 3, k - (f / slope));
            var isDone = Math.Abs(next - k) < 1e-10 * k;
            k = next;
            if (isDone)
            {
                break;
            }
        }

        var scale = Math.Exp(top) * Math.Pow(logs.Average(log => Math.Exp(k * (log - top))), 1 / k);
        return k is > 0.01 and < 1e4 && double.IsFinite(scale) && scale > 0 ? new Weibull(k, scale) : null;
    }

    private static Pareto? Pareto(double[] samples)
    {
        var minimum = samples.Min();
        var sum = samples.Sum(x => Math.Log(x / minimum));

        // n − 2 instead of n takes the bias away. Without a mean it is of no use as a time.
        var shape = (samples.Length - 2) / sum;
        return sum > 0 && shape is > 1.01 and < 1e4 ? new Pareto(shape, minimum) : null;
    }

    private static Uniform? Uniform(double[] samples) => samples.Max() > samples.Min() ? new Uniform(samples.Min(), samples.Max()) : null;

    /// <summary>Two branches, by expectation and maximization.</summary>
    private static HyperExponential? HyperExponential(double[] samples)
    {
        var mean = samples.Average();
        var variation = samples.Average(x => (x - mean) * (x - mean)) / (mean * mean);
        if (variation < 1.05)
        {
            return null;
        }

        var start = Distributions.HyperExponential.FromMoments(mean, variation);
        var (p, first, second) = (start.Probabilities[0], start.Means[0], start.Means[1]);
        var last = double.NegativeInfinity;
        for (var i = 0; i < IterationsMax; i++)
        {
            double weight = 0, sum = 0, likelihood = 0;
            foreach (var x in samples)
            {
                var a = p / first * Math.Exp(-x / first);
                var b = (1 - p) / second * Math.Exp(-x / second);
                var share = a / (a + b);
                weight += share;
                sum += share * x;
                likelihood += Math.Log(a + b);
            }

            if (!(weight > 0.5) || weight > samples.Length - 0.5)
            {
                return null;
            }

            (p, first, second) = (weight / samples.Length, sum / weight, ((mean * samples.Length) - sum) / (samples.Length - weight));
            if (likelihood - last < 1e-9 * Math.Abs(likelihood))
            {
                break;
            }

            last = likelihood;
        }

        return first > 0 && second > 0 ? new HyperExponential([p, 1 - p], [first, second]) : null;
    }

    /// <summary>ψ′ by its recurrence and asymptotic series; the library has none.</summary>
    private static double Trigamma(double x)
    {
        var sum = 0.0;
        while (x < 10)
        {
            sum += 1 / (x * x);
            x++;
        }

        var q = 1 / (x * x);
        return sum + (1 / x) + (q / 2) + (q / x * ((1.0 / 6) - (q * ((1.0 / 30) - (q * ((1.0 / 42) - (q / 30)))))));
    }
}
