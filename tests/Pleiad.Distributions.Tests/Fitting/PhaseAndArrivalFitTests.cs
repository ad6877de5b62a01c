using Pleiad.Distributions.Arrivals;
using Pleiad.Distributions.Fitting;
using Pleiad.Distributions.Random;
using Shouldly;
using Xunit;

namespace Pleiad.Distributions.Tests.Fitting;

public sealed class PhaseAndArrivalFitTests
{
    private static readonly PhaseType TwoHumps = PhaseType.HyperErlang([0.7, 0.3], [new Erlang(0.01, 6), new Erlang(0.1, 8)]);

    [Fact]
    public void Times_with_two_humps_are_fitted_by_phases()
    {
        var fit = DistributionFitter.Fit(Samples(TwoHumps, 3000), hasPhases: true);

        var chosen = fit.Chosen.ShouldBeOfType<PhaseType>(fit.Explanation);
        fit.Explanation.ShouldContain("no simple family fits");
        DistributionFitter.Fit(Samples(TwoHumps, 3000)).Chosen.ShouldBeOfType<Empirical>("without phases");
        fit.Candidates.Single(each => each.Distribution is PhaseType).Verdict.ShouldBe(FitVerdict.Good);
        chosen.Mean.ShouldBe(TwoHumps.Mean, 0.05 * TwoHumps.Mean);
        chosen.SquaredVariation.ShouldBe(TwoHumps.SquaredVariation, 0.12);

        // Nowhere are the two distribution functions far apart.
        Enumerable.Range(1, 400).Max(i => Math.Abs(chosen.Cumulative(i * 0.0005) - TwoHumps.Cumulative(i * 0.0005))).ShouldBeLessThan(0.03);
    }

    [Fact]
    public void Expectation_and_maximization_find_the_parameters_that_made_the_samples()
    {
        double[] sorted = [.. Samples(TwoHumps, 20_000).Order()];
        var found = HyperErlangFit.Fit(sorted, [6, 8])!;

        found.Initial[0].ShouldBe(0.7, 0.015);
        (-6 / found.Generator[0][0]).ShouldBe(0.01, 0.0003);
        (-8 / found.Generator[6][6]).ShouldBe(0.1, 0.002);
        HyperErlangFit.Fit([1, 2, 3], [2, 2]).ShouldBeNull();
    }

    [Fact]
    public void Branches_of_phases_are_the_same_distribution_as_their_chain()
    {
        var chain = new PhaseType(TwoHumps.Initial, TwoHumps.Generator);

        TwoHumps.Mean.ShouldBe((0.7 * 0.01) + (0.3 * 0.1), 1e-12);
        foreach (var x in new[] { 0.001, 0.01, 0.03, 0.1, 0.2 })
        {
            TwoHumps.Cumulative(x).ShouldBe(chain.Cumulative(x), 1e-9);
            Math.Exp(TwoHumps.LogDensity(x)).ShouldBe((TwoHumps.Cumulative(x + 1e-7) - TwoHumps.Cumulative(x - 1e-7)) / 2e-7, 1e-3);
        }

        TwoHumps.Scaled(3).Cumulative(0.03).ShouldBe(TwoHumps.Cumulative(0.01), 1e-12);
        Should.Throw<ArgumentException>(() => PhaseType.HyperErlang([0.5], [new Erlang(1, 1), new Erlang(1, 1)]));
    }

    [Fact]
    public void A_simple_family_that_fits_is_not_given_up_for_phases()
    {
        var fit = DistributionFitter.Fit(Samples(new Gamma(2.5, 0.01), 3000), hasPhases: true);

        fit.Chosen.ShouldBeOfType<Gamma>();
        fit.Candidates.ShouldNotContain(each => each.Distribution is PhaseType);
        fit.Explanation.ShouldContain("of 100 cases");
    }

    /// <summary>Correlation of intervals: the formula against a long run.</summary>
    [Fact]
    public void Autocorrelation_of_a_process_is_that_of_its_arrivals()
    {
        var intervals = Intervals(Bursts, 400_000);

        foreach (var lag in ArrivalFitter.Lags)
        {
            Bursts.Autocorrelation(lag).ShouldBe(ArrivalFitter.Correlation(intervals, lag), 0.02, $"lag {lag}");
        }

        new MarkovianArrivals([[-3]], [[3]]).Autocorrelation(1).ShouldBe(0, 1e-12);
        Should.Throw<ArgumentOutOfRangeException>(() => Bursts.Autocorrelation(0));
    }

    [Fact]
    public void Bursts_are_found_with_their_rates_and_their_correlation()
    {
        var fit = ArrivalFitter.Fit(Moments(Bursts, 15_000));

        var found = fit.Chosen.ShouldBeOfType<MarkovianArrivals>(fit.Explanation);
        fit.Explanation.ShouldContain("depend on each other");
        found.RatePerSecond.ShouldBe(Bursts.RatePerSecond, 0.12 * Bursts.RatePerSecond);
        double[] rates = [.. new[] { found.Arriving[0][0], found.Arriving[1][1] }.Order()];
        rates[0].ShouldBe(2, 0.3);
        rates[1].ShouldBe(30, 2);
        for (var i = 0; i < ArrivalFitter.Lags.Count; i++)
        {
            found.Autocorrelation(ArrivalFitter.Lags[i]).ShouldBe(Bursts.Autocorrelation(ArrivalFitter.Lags[i]), 0.04);
            fit.Autocorrelation[i].ShouldBe(found.Autocorrelation(ArrivalFitter.Lags[i]), 0.06);
        }
    }

    [Fact]
    public void Arrivals_without_dependence_are_Poisson_or_of_independent_intervals()
    {
        ArrivalFitter.Fit(Moments(new PoissonArrivals(20), 4000)).Chosen.ShouldBeOfType<PoissonArrivals>().RatePerSecond.ShouldBe(20, 1);

        var regular = ArrivalFitter.Fit(Moments(new RenewalArrivals(new Gamma(4, 0.05)), 4000)).Chosen.ShouldBeOfType<RenewalArrivals>();
        regular.SquaredVariation.ShouldBe(0.25, 0.03);
        Should.Throw<ArgumentOutOfRangeException>(() => ArrivalFitter.Fit([1, 2, 3]));
        Should.Throw<ArgumentOutOfRangeException>(() => ArrivalFitter.Fit([.. Enumerable.Range(0, 60).Select(i => (double)-i)]));
    }

    private static MarkovianArrivals Bursts { get; } = MarkovianArrivals.Modulated([2, 30], [[0, 0.4], [0.8, 0]]);

    private static double[] Samples(Distribution distribution, int count, ulong seed = 1)
    {
        var random = new RandomStream(seed);
        return [.. Enumerable.Range(0, count).Select(_ => distribution.Sample(random))];
    }

    private static double[] Moments(ArrivalProcess process, int count)
    {
        var source = process.Start(new RandomStream(3));
        return [.. Enumerable.Range(0, count).Select(_ => source.Next())];
    }

    private static double[] Intervals(ArrivalProcess process, int count)
    {
        var moments = Moments(process, count);
        return [.. moments.Zip(moments.Skip(1), (a, b) => b - a)];
    }
}
