using System.Globalization;
using Pleiad.Distributions;
using Pleiad.Load.Scenarios;

namespace Pleiad.Load.Learning;

/// <summary>Distributions as scenario files have them.</summary>
internal static class DistributionText
{
    private const int Points = 41;

    public static string Of(Distribution distribution) => distribution switch
    {
        Deterministic or Exponential { Mean: 0 } => $"{{ deterministic: {Times.Format(distribution.Mean)} }}",
        Exponential => $"{{ exponential: {Times.Format(distribution.Mean)} }}",
        Erlang erlang => $"{{ erlang: {{ mean: {Times.Format(erlang.Mean)}, phases: {erlang.Phases.ToString(CultureInfo.InvariantCulture)} }} }}",
        HyperExponential hyper => $"{{ hyperexponential: {{ probabilities: [{string.Join(", ", Normalised(hyper.Probabilities).Select(Times.Plain))}], means: [{string.Join(", ", hyper.Means.Select(Times.Format))}] }} }}",
        Gamma gamma => $"{{ gamma: {{ shape: {Times.Plain(gamma.Shape)}, scale: {Times.Format(gamma.Scale)} }} }}",
        LogNormal normal => $"{{ lognormal: {{ median: {Times.Format(Math.Exp(normal.Mu))}, sigma: {Times.Plain(normal.Sigma)} }} }}",
        Weibull weibull => $"{{ weibull: {{ shape: {Times.Plain(weibull.Shape)}, scale: {Times.Format(weibull.Scale)} }} }}",
        Pareto { Shape: > 1 } pareto => $"{{ pareto: {{ shape: {Times.Plain(pareto.Shape)}, minimum: {Times.Format(pareto.Minimum)} }} }}",
        _ => Quantiles(distribution),
    };

    /// <summary>Anything else by points of its distribution function, evenly spread.</summary>
    private static string Quantiles(Distribution distribution)
    {
        var points = Enumerable.Range(0, Points).Select(i => (P: (double)i / (Points - 1), X: distribution.Quantile(Math.Min((double)i / (Points - 1), 1 - 1e-9))));
        return $"{{ empirical: {{ quantiles: {{ {string.Join(", ", points.Select(point => $"\"{Times.Plain(point.P)}\": {Times.Format(Math.Min(point.X, 3e7))}"))} }} }} }}";
    }

    /// <summary>Rounded so that the sum is 1.</summary>
    private static double[] Normalised(IReadOnlyList<double> probabilities)
    {
        var rounded = probabilities.Select(p => Math.Round(p, 6)).ToArray();
        rounded[^1] = Math.Round(1 - rounded[..^1].Sum(), 6);
        return rounded;
    }
}
