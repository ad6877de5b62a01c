using Pleiad.Distributions.Random;
using Pleiad.Load.Comparing;
using Pleiad.Load.Recording;
using Pleiad.Load.Results;
using Pleiad.Load.Running;
using Pleiad.Load.Scenarios;
using Pleiad.Load.Trust;
using Shouldly;
using Xunit;

namespace Pleiad.Load.Tests.Trust;

public sealed class TrustTests
{
    [Fact]
    public void The_warm_up_is_cut_where_it_ends()
    {
        var random = new RandomStream(1);
        var means = Enumerable.Range(0, 100).Select(i => 10 + random.NextNormal() + (i < 15 ? 50 * Math.Exp(-i / 5.0) : 0)).ToList();
        WarmUp.Cut(means)!.Value.ShouldBeInRange(10, 25);
        WarmUp.Cut([.. Enumerable.Range(0, 100).Select(_ => 10 + random.NextNormal())])!.Value.ShouldBeInRange(0, 25);
        WarmUp.Cut([.. Enumerable.Range(0, 100).Select(i => (double)i)]).ShouldBeNull();
        WarmUp.Cut([double.NaN, double.NaN, 1, 2]).ShouldBe(2);
    }

    /// <summary>100 runs with a known p95: the 95 % interval holds it in 88 to 100 of them (false alarm below 1e-3 for this fixed seed; it is always the same).</summary>
    [Fact]
    public void Intervals_hold_the_true_value_as_often_as_they_say()
    {
        var held = Enumerable.Range(0, 100).Count(run =>
        {
            var series = Series(seed: (ulong)run, mean: 10);
            var interval = Sections.Of(series, 0, window => Metrics.Of(window, null, "p95"))!;
            var truth = -Math.Log(0.05) * 10e6;
            return interval.Low <= truth && truth <= interval.High;
        });
        held.ShouldBeInRange(88, 100);
    }

    [Fact]
    public void The_stop_rule_ends_when_the_interval_is_tight_enough_and_not_before()
    {
        var rule = StopRule.Parse("p95±5%", ["page"]);
        rule.HalfWidth(Series(1, 10, windows: 12, perWindow: 20)).ShouldBe(null);
        rule.HalfWidth(Series(1, 10, windows: 64, perWindow: 40))!.Value.ShouldBeGreaterThan(0.05);
        rule.HalfWidth(Series(1, 10, windows: 64, perWindow: 4000))!.Value.ShouldBeLessThan(0.05);
        Should.Throw<Core.Documents.InvalidInputException>(() => StopRule.Parse("p95", ["page"]));
        Should.Throw<Core.Documents.InvalidInputException>(() => StopRule.Parse("nopage.p95±5%", ["page"]));
    }

    [Fact]
    public void Compare_calls_equal_runs_noise_and_finds_a_difference_of_a_tenth()
    {
        // 60 pairs of equal runs: with Holm's correction at 5 %, more than 12 with any difference would happen less than once in a million times; the seeds are fixed.
        var false_ = Enumerable.Range(0, 60).Count(run => Comparison.Of(Result((ulong)(1000 + run), 10), Result((ulong)(2000 + run), 10)).Differs);
        false_.ShouldBeLessThanOrEqualTo(12);

        Comparison.Of(Result(1, 10), Result(2, 11) with { Trust = Trustworthiness.Refused }).IsRefused.ShouldBeTrue();
        var worse = Comparison.Of(Result(1, 10), Result(2, 11));
        worse.IsRefused.ShouldBeFalse();
        worse.IsWorse.ShouldBeTrue();
        worse.Differences.Single(each => each is { Page: "all", Metric: "mean" }).Verdict.ShouldBe(DifferenceVerdict.Worse);
        Comparison.Of(Result(2, 11), Result(1, 10)).Differences.Single(each => each is { Page: "all", Metric: "mean" }).Verdict.ShouldBe(DifferenceVerdict.Better);
        Comparison.Of(RunResult.FromJson(Result(1, 10).ToJson()), Result(2, 11)).IsWorse.ShouldBeTrue();
    }

    [Theory]
    [InlineData("p95<40ms", true)]
    [InlineData("page.p50<1ms", false)]
    [InlineData("errors<1%", true)]
    [InlineData("requests>1000000/s", false)]
    [InlineData("nopage.p50<1s", false)]
    [InlineData("max<1h", true)]
    public void Thresholds_are_kept_or_missed(string text, bool isMet)
    {
        var result = RunResult.Conclude(Record(5, 10), new ConclusionOptions { Thresholds = [text], WarmUp = TimeSpan.Zero });
        result.Thresholds.ShouldHaveSingleItem().IsMet.ShouldBe(isMet);
        result.AreThresholdsMet.ShouldBe(isMet);
    }

    private static RunResult Result(ulong seed, double mean) => RunResult.Conclude(Record(seed, mean), new ConclusionOptions { WarmUp = TimeSpan.Zero });

    private static RunRecord Record(ulong seed, double mean)
    {
        var series = Series(seed, mean);
        return new RunRecord
        {
            Scenario = "s", Target = "t", Seed = seed, Plan = new LoadPlan(), Started = DateTimeOffset.UnixEpoch, Seconds = 16, Pages = ["page"], Series = series, Transitions = [],
            Generators = [new GeneratorFigures("local", 1, 1, 1, 0, 0, 1, 16)],
        };
    }

    /// <summary>Exponential latencies of a mean in milliseconds.</summary>
    private static WindowSeries Series(ulong seed, double mean, int windows = 64, int perWindow = 400)
    {
        var random = new RandomStream(seed + 77);
        var series = new WindowSeries(1, TimeSpan.FromMilliseconds(250));
        for (var index = 0; index < windows; index++)
        {
            var window = new Window(1);
            var page = window.Page(0);
            for (var i = 0; i < perWindow; i++)
            {
                var value = (long)(random.NextExponential() * mean * 1e6);
                page.FromIntended.Record(value);
                page.FromStart.Record(value);
                page.Durations += value;
                page.ByFailure[0]++;
                window.InFlightNanoseconds += value;
                window.Lag.Record(1000);
            }

            series.Add(index, window);
        }

        return series;
    }
}
