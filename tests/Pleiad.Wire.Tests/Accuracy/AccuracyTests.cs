using System.Globalization;
using Pleiad.Wire.Association;
using Pleiad.Wire.Protocols;
using Shouldly;
using Xunit;

namespace Pleiad.Wire.Tests.Accuracy;

/// <summary>The stored captures against their truth. The figures are printed with Wilson intervals, beside simple rules on the same traffic.</summary>
public sealed class AccuracyTests(ITestOutputHelper output)
{
    private const double ToleranceMs = 0.1;
    private const double PosteriorMin = 0.9;

    [Theory]
    [InlineData("ajp-c1", 0.97, 0.95)]
    [InlineData("ajp-c4", 0.97, 0.95)]
    [InlineData("vm-ajp-c4", 0.97, 0.95)]
    [InlineData("http-c16", 0.90, 0.50)]
    public void Times_and_links_are_those_of_the_truth(string capture, double rightMin, double answeredMin)
    {
        var truth = Truth.Of(capture);
        var collected = CollectedRequests.Of(capture);

        collected.Requests.Count.ShouldBe(truth.Count);
        var pairs = collected.Requests.Select(request => (Request: request, Truth: truth[(request.Exchange.Conversation.Client.ToString(), request.Exchange.Uri)])).ToList();
        pairs.ShouldAllBe(pair => Math.Abs((pair.Request.Exchange.DurationNs / 1e6) - pair.Truth.T1) < ToleranceMs);
        var second = Scored(pairs, pair => pair.Request.Calls.Count == 0 ? null : Math.Abs(pair.Request.Calls.Sum(call => call.Exchange.DurationNs / 1e6) - pair.Truth.T2) < ToleranceMs);
        var third = Scored(pairs, ThirdIsRight);
        output.WriteLine($"{capture}: T1↔T2 {second}");
        output.WriteLine($"{capture}: T2↔T3 {third}");
        WriteBaselines(collected, pairs);
        WriteCalibration(pairs);

        second.ShareRight.ShouldBeGreaterThanOrEqualTo(0.999);
        second.ShareAnswered.ShouldBeGreaterThanOrEqualTo(0.999);
        third.ShareRight.ShouldBeGreaterThanOrEqualTo(rightMin);
        third.ShareAnswered.ShouldBeGreaterThanOrEqualTo(answeredMin);
    }

    [Theory]
    [InlineData("ajp-c4", 0.97)]
    [InlineData("vm-ajp-c4", 0.97)]
    [InlineData("http-c16", 0.90)]
    public void Without_common_values_what_is_answered_is_still_right(string capture, double rightMin)
    {
        var truth = Truth.Of(capture);
        var collected = CollectedRequests.Of(capture, exchange => exchange.Values.RemoveAll(_ => exchange.Conversation.Protocol == "postgresql"));
        var pairs = collected.Requests.Select(request => (Request: request, Truth: truth[(request.Exchange.Conversation.Client.ToString(), request.Exchange.Uri)])).ToList();
        var third = Scored(pairs, ThirdIsRight);
        output.WriteLine($"{capture} without values: T2↔T3 {third}");
        WriteCalibration(pairs);

        third.ShareRight.ShouldBeGreaterThanOrEqualTo(rightMin);
        third.ShareAnswered.ShouldBeGreaterThan(0.3);
    }

    [Fact]
    public void Calls_of_requests_that_wait_for_a_small_pool_are_told_apart()
    {
        var pool = new SimulatedPool(clients: 8, connections: 4, requests: 6000);
        var score = pool.Score();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"8 clients, 4 connections, no validations: {score}, mean posterior {pool.MeanPosterior:P2}"));

        score.ShareRight.ShouldBeGreaterThanOrEqualTo(0.98);
        score.ShareAnswered.ShouldBeGreaterThanOrEqualTo(0.7);
        pool.MeanPosterior.ShouldBe(score.ShareRight, 0.01);
    }

    [Fact]
    public void Calls_of_requests_with_few_values_are_told_apart()
    {
        var pool = new SimulatedPool(clients: 8, connections: 8, requests: 4000, values: 4);
        var score = pool.Score();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"8 clients, 4 values: {score}, mean posterior {pool.MeanPosterior:P2}"));

        score.ShareRight.ShouldBeGreaterThanOrEqualTo(0.9);
        score.ShareAnswered.ShouldBeGreaterThanOrEqualTo(0.3);
    }

    [Fact]
    public void Small_batches_find_the_same_links()
    {
        var truth = Truth.Of("ajp-c4");
        var collected = CollectedRequests.Of("ajp-c4", batch: 6_000);
        var pairs = collected.Requests.Select(request => (Request: request, Truth: truth[(request.Exchange.Conversation.Client.ToString(), request.Exchange.Uri)])).ToList();

        pairs.Count.ShouldBe(truth.Count);
        var third = Scored(pairs, ThirdIsRight);
        output.WriteLine($"ajp-c4 in small batches: {third}");
        third.ShareRight.ShouldBeGreaterThanOrEqualTo(0.97);
        third.ShareAnswered.ShouldBeGreaterThanOrEqualTo(0.95);
    }

    [Theory]
    [InlineData("ajp-c4")]
    [InlineData("http-c16")]
    public void Own_times_have_the_truth_s_mean_spread_and_percentile(string capture)
    {
        var truth = Truth.Of(capture).Values;
        var report = CaptureAnalysis.Run(Fixtures.TestCaptures.PathOf(capture + ".pcapng.xz"), new AnalysisOptions(), CancellationToken.None);
        var expected = new[] { truth.Select(each => each.T1 - each.T2), truth.Select(each => each.T2 - each.T3), truth.Select(each => each.T3) };
        for (var tier = 0; tier < expected.Length; tier++)
        {
            var values = expected[tier].Order().ToList();
            var mean = values.Average();
            var deviation = Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Count - 1));
            var p95 = values[(int)Math.Ceiling(values.Count * 0.95) - 1];
            var own = report.Tiers[tier].OwnMs;
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{capture} {report.Tiers[tier].Name}: mean {own.Mean:F3} of {mean:F3}, sd {own.StandardDeviation:F3} of {deviation:F3}, p95 {own.At(95):F3} of {p95:F3} ms"));
            own.Mean.ShouldBe(mean, 0.02 * mean);
            own.StandardDeviation.ShouldBe(deviation, 0.05 * deviation);
            own.At(95)!.Value.ShouldBe(p95, 0.05 * p95);
            report.Tiers[tier].OwnMeanWithoutLinksMs.ShouldBe(mean, 0.02 * mean);
            report.Tiers[tier].MeansAgree.ShouldBeTrue();
        }
    }

    private static bool? ThirdIsRight((Node Request, Truth Truth) pair)
    {
        if (pair.Request.Calls is not [var call] || call.CallsPosterior < PosteriorMin)
        {
            return null;
        }

        var queries = call.Calls.Where(each => each.Exchange.Kind == ExchangeKind.Request).ToList();
        return IsRight(queries, pair.Truth);
    }

    private static bool IsRight(List<Node> queries, Truth truth) => queries.Count == truth.Queries && Math.Abs(queries.Sum(query => query.Exchange.DurationNs / 1e6) - truth.T3) < ToleranceMs;

    private static Score Scored(IEnumerable<(Node, Truth)> pairs, Func<(Node Request, Truth Truth), bool?> judge)
    {
        var verdicts = pairs.Select(judge).ToList();
        return new Score(verdicts.Count(verdict => verdict == true), verdicts.Count(verdict => verdict == false), verdicts.Count(verdict => verdict is null));
    }

    private void WriteBaselines(CollectedRequests collected, List<(Node Request, Truth Truth)> pairs)
    {
        var tiers = collected.Exchanges.GroupBy(node => node.Tier).ToDictionary(group => group.Key, group => group.OrderBy(node => node.StartNs).ToList());
        foreach (var (name, rule) in Baselines.Rules)
        {
            var given = Baselines.Assign(tiers[1], tiers[2], rule);
            var score = Scored(pairs, pair => pair.Request.Calls is [var call] && given[call] is { } queries ? IsRight(queries, pair.Truth) : null);
            output.WriteLine($"    {name}: T2↔T3 {score}");
        }
    }

    private void WriteCalibration(List<(Node Request, Truth Truth)> pairs)
    {
        var settled = pairs.Where(pair => pair.Request.Calls.Count == 1).Select(pair => (Posterior: pair.Request.Calls[0].CallsPosterior, IsRight: IsRight([.. pair.Request.Calls[0].Calls.Where(each => each.Exchange.Kind == ExchangeKind.Request)], pair.Truth)));
        foreach (var decile in settled.GroupBy(each => Math.Min(9, (int)(each.Posterior * 10))).OrderBy(group => group.Key))
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"    posterior {decile.Key / 10.0:F1} to {(decile.Key + 1) / 10.0:F1}: {decile.Count()} requests, mean posterior {decile.Average(each => each.Posterior):F3}, right {decile.Count(each => each.IsRight)}"));
        }
    }
}
