using Pleiad.Distributions;
using Pleiad.Distributions.Random;
using Pleiad.Load.Recording;
using Shouldly;
using Xunit;

namespace Pleiad.Load.Tests.Recording;

public sealed class HistogramTests
{
    [Fact]
    public void Quantiles_are_right_within_the_stated_error_over_nine_decades()
    {
        var (histogram, random) = (new Histogram(), new RandomStream(3));
        var values = Enumerable.Range(0, 20_000).Select(_ => (long)Math.Exp(random.NextDouble() * Math.Log(1e12))).ToList();
        values.ForEach(histogram.Record);

        values.Sort();
        foreach (var q in new[] { 0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1 })
        {
            double exact = values[(int)Math.Ceiling(q * values.Count) - 1];
            histogram.Quantile(q).ShouldBe(exact, (exact * Histogram.RelativeError) + 1);
        }

        histogram.Mean.ShouldBe(values.Average(value => (double)value), 1e-6 * values.Average(value => (double)value));
        (histogram.Min, histogram.Max, histogram.Count).ShouldBe((values[0], values[^1], 20_000));
    }

    [Fact]
    public void Merging_is_recording_together_and_bytes_read_back_the_same()
    {
        var random = new RandomStream(4);
        var time = new LogNormal(0, 2);
        var (all, parts) = (new Histogram(), new[] { new Histogram(), new Histogram(), new Histogram() });
        for (var i = 0; i < 5000; i++)
        {
            var value = (long)(time.Sample(random) * 1e6);
            all.Record(value);
            parts[i % 3].Record(value);
        }

        var merged = new Histogram();
        foreach (var part in parts)
        {
            merged.Add(Histogram.FromBytes(part.ToBytes()));
        }

        merged.Buckets().ShouldBe(all.Buckets());
        (merged.Count, merged.Min, merged.Max).ShouldBe((all.Count, all.Min, all.Max));
        merged.Sum.ShouldBe(all.Sum, 1e-9 * all.Sum);
        Histogram.FromBytes(new Histogram().ToBytes()).Count.ShouldBe(0);
    }

    [Fact]
    public void Damaged_bytes_are_refused()
    {
        var bytes = new Histogram();
        bytes.Record(5);
        Should.Throw<InvalidDataException>(() => Histogram.FromBytes(bytes.ToBytes().AsSpan()[..^1]));
        Should.Throw<InvalidDataException>(() => Histogram.FromBytes([1, 2, 3]));
        Should.Throw<InvalidDataException>(() => Histogram.FromBytes([.. bytes.ToBytes(), 255, 255, 255, 255, 15, 1]));
    }

    [Fact]
    public void A_run_of_any_length_has_a_bounded_number_of_windows_and_loses_nothing()
    {
        var series = new WindowSeries(1, TimeSpan.FromMilliseconds(250));
        for (var index = 0; index < 10_000; index++)
        {
            var window = new Window(1) { SessionsStarted = 1 };
            window.Page(0).FromIntended.Record(index);
            series.Add(index, window);
        }

        series.Windows.Count.ShouldBeInRange(WindowSeries.Max / 2, WindowSeries.Max);
        series.Total().SessionsStarted.ShouldBe(10_000);
        series.Total().Pages[0]!.FromIntended.Count.ShouldBe(10_000);
        (series.WindowLength * series.Windows.Count).ShouldBeGreaterThanOrEqualTo(TimeSpan.FromSeconds(2500));
    }
}
