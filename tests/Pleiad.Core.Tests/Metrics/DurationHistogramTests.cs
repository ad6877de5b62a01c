using Pleiad.Core.Metrics;
using Shouldly;
using Xunit;

namespace Pleiad.Core.Tests.Metrics;

public sealed class DurationHistogramTests
{
    [Fact]
    public void A_duration_counts_in_every_bucket_whose_bound_it_does_not_pass()
    {
        var histogram = new DurationHistogram();
        foreach (var milliseconds in (double[])[-1, 0, 0.5, 0.6, 100, 100.1, 60_000, 61_000])
        {
            histogram.Observe(TimeSpan.FromMilliseconds(milliseconds));
        }

        var (cumulative, sum) = histogram.Read();
        cumulative.Count.ShouldBe(DurationHistogram.UpperBounds.Count + 1);
        Upto(0.5).ShouldBe(3);
        Upto(1).ShouldBe(4);
        Upto(100).ShouldBe(5);
        Upto(250).ShouldBe(6);
        Upto(60_000).ShouldBe(7);
        cumulative[^1].ShouldBe(8);
        sum.ShouldBe(TimeSpan.FromMilliseconds(0.5 + 0.6 + 100 + 100.1 + 60_000 + 61_000));

        long Upto(double milliseconds) => cumulative[DurationHistogram.UpperBounds.ToList().IndexOf(TimeSpan.FromMilliseconds(milliseconds))];
    }

    [Fact]
    public async Task Nothing_is_lost_when_many_count_at_once()
    {
        var histogram = new DurationHistogram();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(thread => Task.Run(() =>
        {
            for (var i = 0; i < 20_000; i++)
            {
                histogram.Observe(TimeSpan.FromMilliseconds(thread));
            }
        })));

        histogram.Read().Cumulative[^1].ShouldBe(160_000);
        histogram.Read().Sum.ShouldBe(TimeSpan.FromMilliseconds(20_000 * 28));
    }
}
