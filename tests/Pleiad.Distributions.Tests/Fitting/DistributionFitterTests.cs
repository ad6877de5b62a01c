using Pleiad.Distributions.Fitting;
using Pleiad.Distributions.Random;
using Shouldly;
using Xunit;

namespace Pleiad.Distributions.Tests.Fitting;

public sealed class DistributionFitterTests
{
    private static readonly Distribution[] Truths =
    [
        new Exponential(0.02),
        new Gamma(2.5, 0.01),
        LogNormal.FromMoments(0.03, 2),
        new Weibull(0.6, 0.02),
        new Pareto(2.5, 0.01),
        new Uniform(0.01, 0.03),
        HyperExponential.FromMoments(0.02, 6),
        new Erlang(0.02, 4),
    ];

    public static TheoryData<int> Indices => [.. Enumerable.Range(0, Truths.Length)];

    [Theory]
    [MemberData(nameof(Indices))]
    public void The_family_that_made_the_samples_is_found(int index)
    {
        var truth = Truths[index];
        var fit = DistributionFitter.Fit(Samples(truth, 4000));

        // An Erlang is a gamma too.
        string[] names = truth is Erlang or Gamma ? ["erlang", "gamma"] : [truth.Name];
        names.ShouldContain(fit.Chosen.Name, fit.Explanation);
        fit.Chosen.Mean.ShouldBe(truth.Mean, 0.12 * truth.Mean);
        fit.Candidates.Single(each => each.Distribution.Name == fit.Chosen.Name).Verdict.ShouldNotBe(FitVerdict.Bad);
        fit.Explanation.ShouldContain("Anderson-Darling");
    }

    [Fact]
    public void Of_many_samples_the_p_value_says_how_often_samples_are_as_far_off()
    {
        // Of the fitted family itself p-values are spread evenly over 0 … 1: their mean over 30 fits is 0.5 ± 0.05.
        var truth = new Exponential(0.02);
        var values = Enumerable.Range(1, 30).Select(seed => DistributionFitter.Fit(Samples(truth, 3000, (ulong)seed), (ulong)seed).Candidates.Single(each => each.Distribution is Exponential).PValue).ToArray();

        values.Average().ShouldBeInRange(0.3, 0.7);
        values.Count(p => p > 0.9).ShouldBeLessThan(12);
    }

    [Fact]
    public void Times_without_a_variance_are_the_last_choice_and_are_told_of()
    {
        var fit = DistributionFitter.Fit(Samples(new Pareto(1.5, 0.06), 3000));

        fit.Chosen.ShouldBeOfType<Pareto>();
        fit.Explanation.ShouldContain("its variance is infinite");
    }

    [Fact]
    public void Samples_of_no_family_are_used_as_they_are()
    {
        // Two peaks far apart.
        var random = new RandomStream(4);
        var samples = Enumerable.Range(0, 2000).Select(i => (i % 3 == 0 ? 1 : 0.01) * (1 + (0.02 * random.NextNormal()))).ToArray();
        var fit = DistributionFitter.Fit(samples, hasPhases: true);

        fit.Chosen.Name.ShouldBe("empirical");
        fit.Explanation.ShouldContain("no family fits");
        fit.Chosen.Mean.ShouldBe(samples.Average(), 0.01 * samples.Average());
    }

    [Fact]
    public void Equal_few_and_zero_samples_are_no_trouble()
    {
        DistributionFitter.Fit([0.5, 0.5, 0.5]).Chosen.ShouldBeOfType<Deterministic>().Mean.ShouldBe(0.5);
        DistributionFitter.Fit([1, 2, 3]).Chosen.Name.ShouldBe("empirical");
        DistributionFitter.Fit([0, 0, .. Samples(new Exponential(1), 500)]).Chosen.Mean.ShouldBe(1, 0.2);
        Should.Throw<ArgumentOutOfRangeException>(() => DistributionFitter.Fit([]));
        Should.Throw<ArgumentOutOfRangeException>(() => DistributionFitter.Fit([-1, 2]));
    }

    [Fact]
    public void The_mean_of_the_samples_is_kept_and_its_error_known()
    {
        var samples = Samples(new Weibull(0.7, 1), 1000);
        var fit = DistributionFitter.Fit(samples);

        fit.Chosen.Mean.ShouldBe(samples.Average(), 1e-9);
        fit.MeanStandardError.ShouldBe(Math.Sqrt(new Weibull(0.7, 1).Variance / 1000), 0.02);
    }

    /// <summary>The test itself: samples of the fitted family are refused as seldom as it says.</summary>
    [Fact]
    public void True_families_are_seldom_called_wrong()
    {
        var refused = Enumerable.Range(0, 60).Count(seed =>
            DistributionFitter.Fit(Samples(new Exponential(1), 200, (ulong)seed), (ulong)seed).Candidates.Single(each => each.Distribution.Name == "exponential").PValue < 0.05);

        refused.ShouldBeLessThanOrEqualTo(10);
    }

    private static double[] Samples(Distribution distribution, int count, ulong seed = 1)
    {
        var random = new RandomStream(seed);
        return [.. Enumerable.Range(0, count).Select(_ => distribution.Sample(random))];
    }
}
