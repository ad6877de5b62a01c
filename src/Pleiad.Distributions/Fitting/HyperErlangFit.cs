using MathNet.Numerics;

namespace Pleiad.Distributions.Fitting;

/// <summary>
/// Phase-type distributions fitted by expectation and maximization: Erlang branches of which one is drawn first (Thümmler, Buchholz and Telek 2006, G-FIT). The numbers of phases are
/// searched: all ways to part a few phases among two or three branches; the information criterion chooses.
/// </summary>
internal static class HyperErlangFit
{
    /// <summary>Phases in all branches together: as many as chains of whole models can bear.</summary>
    private const int PhasesMax = 12;

    /// <summary>Samples that the search among numbers of phases looks at.</summary>
    private const int SearchSamplesMax = 400;

    private const int IterationsSearch = 60;
    private const int IterationsMax = 400;

    /// <summary>The best numbers of phases, rising with the means of their branches or falling; null when nothing could be fitted.</summary>
    public static int[]? Search(double[] sorted)
    {
        var step = Math.Max(1, sorted.Length / SearchSamplesMax);
        double[] some = [.. sorted.Where((_, i) => i % step == step / 2)];
        return Partitions().Select(phases => (Phases: phases, Fitted: Fit(some, phases, IterationsSearch))).Where(each => each.Fitted is not null)
            .Select(each => (each.Phases, Bic: (each.Fitted!.ParameterCount * Math.Log(sorted.Length)) - (2.0 * sorted.Length / some.Length * some.Sum(each.Fitted.LogDensity))))
            .Where(each => double.IsFinite(each.Bic)).OrderBy(each => each.Bic).Select(each => each.Phases).FirstOrDefault();
    }

    /// <summary>Fits branches with given numbers of phases to sorted samples above 0.</summary>
    public static PhaseType? Fit(double[] sorted, int[] phases) => Fit(sorted, phases, IterationsMax);

    private static PhaseType? Fit(double[] sorted, int[] phases, int iterations)
    {
        var (n, branches) = (sorted.Length, phases.Length);
        if (n < 5 * branches)
        {
            return null;
        }

        // Each branch begins with its share of the order statistics.
        var shares = Enumerable.Repeat(1.0 / branches, branches).ToArray();
        var rates = Enumerable.Range(0, branches).Select(m => phases[m] / sorted[(m * n / branches)..((m + 1) * n / branches)].Average()).ToArray();
        var logs = sorted.Select(x => Math.Log(x)).ToArray();
        var (constants, weights, sums, densities) = (phases.Select(r => SpecialFunctions.GammaLn(r)).ToArray(), new double[branches], new double[branches], new double[branches]);
        var last = double.NegativeInfinity;
        for (var iteration = 0; iteration < iterations; iteration++)
        {
            Array.Clear(weights);
            Array.Clear(sums);
            var likelihood = 0.0;
            var leads = Enumerable.Range(0, branches).Select(m => Math.Log(shares[m]) + (phases[m] * Math.Log(rates[m])) - constants[m]).ToArray();
            for (var i = 0; i < n; i++)
            {
                var most = double.NegativeInfinity;
                for (var m = 0; m < branches; m++)
                {
                    densities[m] = leads[m] + ((phases[m] - 1) * logs[i]) - (rates[m] * sorted[i]);
                    most = Math.Max(most, densities[m]);
                }

                var sum = 0.0;
                for (var m = 0; m < branches; m++)
                {
                    sum += densities[m] = Math.Exp(densities[m] - most);
                }

                likelihood += most + Math.Log(sum);
                for (var m = 0; m < branches; m++)
                {
                    weights[m] += densities[m] / sum;
                    sums[m] += densities[m] / sum * sorted[i];
                }
            }

            if (weights.Any(weight => !(weight > 0.5)) || !double.IsFinite(likelihood))
            {
                return null;
            }

            for (var m = 0; m < branches; m++)
            {
                (shares[m], rates[m]) = (weights[m] / n, phases[m] * weights[m] / sums[m]);
            }

            if (likelihood - last < 1e-9 * Math.Abs(likelihood))
            {
                break;
            }

            last = likelihood;
        }

        return PhaseType.HyperErlang(shares, [.. phases.Select((r, m) => new Erlang(r / rates[m], r))]);
    }

    /// <summary>Numbers of phases in the order of the branches' means; several of them at most doubled from one to the next, so that there are not too many.</summary>
    private static IEnumerable<int[]> Partitions()
    {
        int[] sizes = [1, 2, 3, 4, 6, 8, 10];
        foreach (var first in sizes)
        {
            foreach (var second in sizes.Where(second => first + second <= PhasesMax))
            {
                yield return [first, second];
                foreach (var third in sizes.Where(third => first + second + third <= PhasesMax))
                {
                    yield return [first, second, third];
                }
            }
        }
    }
}
