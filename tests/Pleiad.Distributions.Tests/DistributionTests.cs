using Pleiad.Distributions.Random;
using Shouldly;
using Xunit;

namespace Pleiad.Distributions.Tests;

public sealed class DistributionTests
{
    private static readonly Distribution[] All =
    [
        new Exponential(2),
        new Erlang(3, 4),
        new Erlang(3, 100),
        HyperExponential.FromMoments(2, 5),
        new HyperExponential([0.2, 0.5, 0.3], [1, 2, 7]),
        new Gamma(0.4, 3),
        new Gamma(5, 0.5),
        LogNormal.FromMoments(2, 1.5),
        new Weibull(0.8, 2),
        new Weibull(3, 2),
        new Pareto(4.5, 1),
        new Uniform(1, 4),
        Empirical.FromSamples([1, 2, 2.5, 4, 9]),
        Empirical.FromSamples([1, 2, 2.5, 4, 9], interpolates: false),
        Empirical.FromQuantiles([(0, 1), (0.5, 2), (0.9, 5), (1, 20)]),
        new PhaseType([0.6, 0.4], [[-2, 1], [0.5, -1]]),
        new Deterministic(3),
    ];

    public static TheoryData<int> Indices => [.. Enumerable.Range(0, All.Length)];

    [Theory]
    [MemberData(nameof(Indices))]
    public void Samples_have_the_mean_the_variance_and_the_distribution_that_are_claimed(int index)
    {
        const int n = 200_000;
        var distribution = All[index];
        var random = new RandomStream(7);
        var samples = Enumerable.Range(0, n).Select(_ => distribution.Sample(random)).Order().ToArray();
        var mean = samples.Average();
        var variance = samples.Average(x => (x - mean) * (x - mean));

        mean.ShouldBe(distribution.Mean, (5 * Math.Sqrt(distribution.Variance / n)) + 1e-12, $"{distribution}");
        variance.ShouldBe(distribution.Variance, (0.12 * distribution.Variance) + 1e-12, $"{distribution}");
        for (var i = n / 20; i < n; i += n / 20)
        {
            distribution.Cumulative(samples[i]).ShouldBeGreaterThanOrEqualTo(((double)i / n) - 0.006, $"{distribution} at {samples[i]}");
            distribution.Cumulative(samples[i] * (1 - 1e-9) - 1e-12).ShouldBeLessThanOrEqualTo(((double)i / n) + 0.006, $"{distribution} below {samples[i]}");
        }
    }

    [Theory]
    [MemberData(nameof(Indices))]
    public void Scaling_scales_mean_and_deviation(int index)
    {
        var scaled = All[index].Scaled(2.5);

        scaled.Mean.ShouldBe(2.5 * All[index].Mean, 1e-9);
        scaled.Variance.ShouldBe(6.25 * All[index].Variance, 1e-8);
        All[index].Scaled(0).Mean.ShouldBe(0);
    }

    [Theory]
    [MemberData(nameof(Indices))]
    public void Quantiles_are_the_inverse_of_probabilities(int index)
    {
        foreach (var p in new[] { 0.1, 0.5, 0.9, 0.99 })
        {
            var x = All[index].Quantile(p);
            All[index].Cumulative(x * (1 + 1e-9)).ShouldBeGreaterThanOrEqualTo(p - 1e-6, $"{All[index]} at {p}");
            All[index].Cumulative((x * (1 - 1e-6)) - 1e-9).ShouldBeLessThanOrEqualTo(p + 1e-4, $"{All[index]} at {p}");
        }
    }

    [Fact]
    public void Balanced_means_keep_the_moments()
    {
        HyperExponential.FromMoments(3, 4).Mean.ShouldBe(3, 1e-12);
        HyperExponential.FromMoments(3, 4).SquaredVariation.ShouldBe(4, 1e-12);
        LogNormal.FromMoments(3, 4).SquaredVariation.ShouldBe(4, 1e-12);
    }

    [Fact]
    public void Impossible_parameters_are_refused()
    {
        Should.Throw<ArgumentOutOfRangeException>(() => new Exponential(0));
        Should.Throw<ArgumentOutOfRangeException>(() => new Exponential(double.NaN));
        Should.Throw<ArgumentOutOfRangeException>(() => new Uniform(3, 3));
        Should.Throw<ArgumentException>(() => new HyperExponential([0.5, 0.6], [1, 2]));
        Should.Throw<ArgumentException>(() => new PhaseType([1], [[1]]));
        Should.Throw<ArgumentException>(() => Empirical.FromQuantiles([(0, 1), (0.5, 0.5), (1, 2)]));
    }
}
