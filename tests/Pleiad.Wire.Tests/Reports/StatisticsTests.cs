using Pleiad.Wire.Statistics;
using Shouldly;
using Xunit;

namespace Pleiad.Wire.Tests.Reports;

public sealed class StatisticsTests
{
    [Fact]
    public void Percentiles_are_those_of_the_sorted_values_within_the_promised_error()
    {
        var chance = new Random(1);
        var values = Enumerable.Range(0, 20_000).Select(_ => -Math.Log(1 - chance.NextDouble()) * 7).ToList();
        var series = new Series();
        values.ForEach(series.Add);

        var seen = series.ToDistribution();

        values.Sort();
        foreach (var percentile in seen.Percentiles)
        {
            var exact = values[(int)Math.Ceiling(values.Count * percentile.Percent / 100) - 1];
            percentile.Value.ShouldBe(exact, exact * 0.003);
            exact.ShouldBeInRange(percentile.Low * 0.997, percentile.High * 1.003);
        }

        seen.Mean.ShouldBe(values.Average(), 1e-9);
        seen.MeanLow.ShouldBeLessThan(seen.Mean);
        seen.MeanHigh.ShouldBeGreaterThan(seen.Mean);
    }

    [Fact]
    public void Intervals_of_dependent_values_cover_the_mean_as_often_as_they_promise()
    {
        var covered = 0;
        for (var run = 0; run < 200; run++)
        {
            var chance = new Random(run);
            var series = new Series();
            var level = 0.0;
            for (var index = 0; index < 4000; index++)
            {
                level = (0.8 * level) + ((chance.NextDouble() - 0.5) * 0.2);
                series.Add(10 + level);
            }

            var seen = series.ToDistribution();
            covered += seen.MeanLow <= 10 && 10 <= seen.MeanHigh ? 1 : 0;
        }

        // 95 % of 200, less three standard errors.
        covered.ShouldBeGreaterThanOrEqualTo(180);
    }

    [Fact]
    public void Time_bins_stay_bounded_and_lose_nothing()
    {
        var bins = new TimeBins(1, 0);
        for (var second = 0; second < 5000; second++)
        {
            bins.At(second * 1_000_000_000L).Count++;
        }

        bins.Bins.Count.ShouldBeLessThanOrEqualTo(TimeBins.BinsMax);
        bins.Bins.Sum(bin => bin.Count).ShouldBe(5000);
    }
}
