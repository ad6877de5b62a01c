using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Pleiad.Load.Recording;
using Pleiad.Load.Running;
using Pleiad.Load.Trust;

namespace Pleiad.Load.Results;

/// <summary>Times in milliseconds.</summary>
/// <param name="Mean">Mean.</param>
/// <param name="P50">Median.</param>
/// <param name="P90">Time within which 90 of 100 were done.</param>
/// <param name="P95">The same for 95.</param>
/// <param name="P99">The same for 99.</param>
/// <param name="P999">The same for 999 of 1000.</param>
/// <param name="Max">Longest.</param>
public sealed record Times(double Mean, double P50, double P90, double P95, double P99, double P999, double Max)
{
    internal static Times? Of(Histogram histogram) => histogram.Count == 0 ? null : new Times(
        histogram.Mean / 1e6, histogram.Quantile(0.5) / 1e6, histogram.Quantile(0.9) / 1e6, histogram.Quantile(0.95) / 1e6, histogram.Quantile(0.99) / 1e6, histogram.Quantile(0.999) / 1e6, histogram.Max / 1e6);
}

/// <summary>Figures of one page, or of all together.</summary>
public sealed record PageFigures
{
    /// <summary>Name of the page; <c>all</c> for the sum.</summary>
    public required string Page { get; init; }

    /// <summary>Requests that ended.</summary>
    public required long Requests { get; init; }

    /// <summary>Those that failed.</summary>
    public required long Failed { get; init; }

    /// <summary>Why, by kind.</summary>
    public required IReadOnlyDictionary<string, long> Failures { get; init; }

    /// <summary>Requests per second.</summary>
    public required double RequestsPerSecond { get; init; }

    /// <summary>Bytes of bodies.</summary>
    public required long BodyBytes { get; init; }

    /// <summary>Time from the moment at which the user meant to ask; what users wait. Successes and timeouts. Null without any.</summary>
    public Times? FromIntended { get; init; }

    /// <summary>Time from the moment at which the request was begun.</summary>
    public Times? FromStart { get; init; }

    /// <summary>The mean from the intended start with its interval, in milliseconds; null for a run that is too short or whose load changes.</summary>
    public Interval? Mean { get; init; }

    /// <summary>The 95th percentile with its interval, in milliseconds; null for a run that is too short or whose load changes.</summary>
    public Interval? P95 { get; init; }

    /// <summary>The 99th percentile with its interval, in milliseconds; null for a run that is too short or whose load changes.</summary>
    public Interval? P99 { get; init; }

    /// <summary>The whole distribution from the intended start, for merging and comparing.</summary>
    public required byte[] Histogram { get; init; }

    /// <summary>Figures of the pieces into which the run was cut, for comparing.</summary>
    public required IReadOnlyList<PieceFigures> Pieces { get; init; }

    internal Histogram ToHistogram() => Recording.Histogram.FromBytes(Histogram);
}

/// <summary>Figures of a piece of a run, in milliseconds from the intended start.</summary>
/// <param name="Requests">Requests that ended.</param>
/// <param name="Failed">Those that failed.</param>
/// <param name="RequestsPerSecond">Rate.</param>
/// <param name="Mean">Mean.</param>
/// <param name="P50">Median.</param>
/// <param name="P95">95th percentile.</param>
/// <param name="P99">99th percentile.</param>
public sealed record PieceFigures(long Requests, long Failed, double RequestsPerSecond, double? Mean, double? P50, double? P95, double? P99);

/// <summary>A point of the course of a run.</summary>
/// <param name="Seconds">Its beginning, since the start.</param>
/// <param name="Level">Sessions per second, or users, asked for.</param>
/// <param name="RequestsPerSecond">Requests that ended.</param>
/// <param name="FailedPerSecond">Requests that failed.</param>
/// <param name="P50">Median from the intended start, in milliseconds; null without requests.</param>
/// <param name="P95">95th percentile.</param>
/// <param name="P99">99th percentile.</param>
/// <param name="InFlight">Requests under way on the average.</param>
/// <param name="LagP99">How late the generator was in 1 of 100 cases, in milliseconds.</param>
/// <param name="CpuShare">Share of the workers' time in which they computed.</param>
public sealed record Moment(double Seconds, double Level, double RequestsPerSecond, double FailedPerSecond, double? P50, double? P95, double? P99, double InFlight, double? LagP99, double CpuShare);

/// <summary>What the generator saw of itself.</summary>
public sealed record SelfFigures
{
    /// <summary>How late it began what it had planned, in milliseconds.</summary>
    public Times? Lag { get; init; }

    /// <summary>Each generator's process.</summary>
    public required IReadOnlyList<GeneratorFigures> Generators { get; init; }

    /// <summary>Requests in flight on the average, by their integral.</summary>
    public double InFlight { get; init; }

    /// <summary>The same by rate × time; it differs only when something was not counted.</summary>
    public double InFlightByLittlesLaw { get; init; }

    /// <summary>Connections opened.</summary>
    public long ConnectionsOpened { get; init; }

    /// <summary>Requests for each second of CPU time of the generators' processes.</summary>
    public double RequestsPerCpuSecond { get; init; }
}

/// <summary>A threshold and whether it was kept.</summary>
/// <param name="Text">As it was given.</param>
/// <param name="Seen">The figure: milliseconds, a share, or requests per second; null when there was none.</param>
/// <param name="IsMet">Whether it was kept.</param>
public sealed record ThresholdOutcome(string Text, double? Seen, bool IsMet)
{
    /// <summary>The figure with its unit, for people.</summary>
    [JsonIgnore]
    public string SeenText => Seen is not { } seen ? "nothing"
        : Text.Contains("errors", StringComparison.Ordinal) ? string.Create(CultureInfo.InvariantCulture, $"{seen * 100:0.###} %")
        : Text.Contains("requests", StringComparison.Ordinal) ? string.Create(CultureInfo.InvariantCulture, $"{seen:0.0}/s")
        : string.Create(CultureInfo.InvariantCulture, $"{seen:0.##} ms");
}

/// <summary>What a run found: figures, how well they are known, and whether they can be believed. Read and written as JSON.</summary>
public sealed record RunResult
{
    /// <summary>Version of the form.</summary>
    public int Format { get; init; } = 1;

    /// <summary>Name of the scenario.</summary>
    public required string Scenario { get; init; }

    /// <summary>What was loaded.</summary>
    public required string Target { get; init; }

    /// <summary>When it began.</summary>
    public required DateTimeOffset Started { get; init; }

    /// <summary>Seed of all chance.</summary>
    public required ulong Seed { get; init; }

    /// <summary><c>open</c>, <c>closed</c> or <c>partlyOpen</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Length in seconds.</summary>
    public required double Seconds { get; init; }

    /// <summary>Seconds at the beginning that are left out of the figures.</summary>
    public required double WarmUpSeconds { get; init; }

    /// <summary>Whether the figures can be believed.</summary>
    public required Trustworthiness Trust { get; init; }

    /// <summary>What the generator noticed about itself, the gravest first.</summary>
    public required IReadOnlyList<Finding> Findings { get; init; }

    /// <summary>All pages together.</summary>
    public required PageFigures Total { get; init; }

    /// <summary>Each page.</summary>
    public required IReadOnlyList<PageFigures> Pages { get; init; }

    /// <summary>Sessions begun and ended, after the warm-up.</summary>
    public required long SessionsStarted { get; init; }

    /// <summary>Sessions that came to their end, after the warm-up.</summary>
    public required long SessionsEnded { get; init; }

    /// <summary>Requests without an answer when the run was over.</summary>
    public required long Unfinished { get; init; }

    /// <summary>How often each way was taken, over the whole run.</summary>
    public required IReadOnlyList<TransitionCount> Transitions { get; init; }

    /// <summary>What the generator saw of itself.</summary>
    public required SelfFigures Self { get; init; }

    /// <summary>The course of the run.</summary>
    public required IReadOnlyList<Moment> Course { get; init; }

    /// <summary>What had to be kept.</summary>
    public required IReadOnlyList<ThresholdOutcome> Thresholds { get; init; }

    /// <summary>Whether every threshold was kept.</summary>
    public bool AreThresholdsMet => Thresholds.All(threshold => threshold.IsMet);

    internal static RunResult Conclude(RunRecord record, ConclusionOptions options) => RunConclusion.Make(record, options);

    /// <summary>The result as one JSON document, indented.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, LoadJson.Readable.RunResult);

    /// <summary>Reads a result back.</summary>
    /// <exception cref="InvalidDataException">The text is no result.</exception>
    public static RunResult FromJson(string json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, LoadJson.Default.RunResult) is { Format: 1 } result ? result : throw new InvalidDataException("is no result of a load run, or of another version");
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"is no result of a load run (line {error.LineNumber + 1} is none of its JSON)", error);
        }
    }
}

/// <summary>How figures are drawn from what was recorded.</summary>
public sealed record ConclusionOptions
{
    /// <summary>Time at the beginning that is left out; null finds it (only under a steady load).</summary>
    public TimeSpan? WarmUp { get; init; }

    /// <summary>What has to be kept, such as <c>p95&lt;500ms</c>.</summary>
    public IReadOnlyList<string> Thresholds { get; init; } = [];

    /// <summary>What is wrong with a threshold and what to do about it; null when nothing is.</summary>
    /// <param name="text">The threshold as it was written.</param>
    /// <param name="pages">The pages that it may name.</param>
    public static (string Reason, string Remedy)? ProblemOf(string text, IReadOnlyList<string> pages) => Threshold.ProblemOf(text, pages);

    /// <summary>Whether a run in which the generator was the bottleneck is only marked.</summary>
    public bool AcceptsSaturation { get; init; }
}
