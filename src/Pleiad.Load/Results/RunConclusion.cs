using Pleiad.Load.Recording;
using Pleiad.Load.Running;
using Pleiad.Load.Scenarios;
using Pleiad.Load.Trust;

namespace Pleiad.Load.Results;

/// <summary>From what was recorded to what it means.</summary>
internal static class RunConclusion
{
    private static readonly string[] FailureNames = [.. Enum.GetNames<RequestFailure>().Select(name => char.ToLowerInvariant(name[0]) + name[1..])];

    public static RunResult Make(RunRecord record, ConclusionOptions options)
    {
        var (cut, settled) = WarmUpOf(record, options);
        var findings = Conclusions.Judge(record, cut, settled);
        if (options.AcceptsSaturation)
        {
            findings = [.. findings.Select(finding => finding with { Weight = (Trustworthiness)Math.Min((int)finding.Weight, (int)Trustworthiness.Marked) })];
        }

        var series = record.Series;
        var warmUp = Math.Min(record.Seconds, cut * series.WindowLength.TotalSeconds);
        var seconds = Math.Max(1e-9, record.Seconds - warmUp);
        var total = series.Total(cut);
        var pages = record.Pages.Select((name, index) => FiguresOf(name, index, total, series, cut, seconds, record.IsSteady)).ToList();
        var all = FiguresOf("all", null, total, series, cut, seconds, record.IsSteady);
        var (inFlight, law) = Conclusions.LittlesLaw(record);
        var whole = series.Total();
        return new RunResult
        {
            Scenario = record.Scenario,
            Target = record.Target,
            Started = record.Started,
            Seed = record.Seed,
            Kind = record.Plan.Kind switch { LoadKind.Closed => "closed", LoadKind.PartlyOpen => "partlyOpen", _ => "open" },
            Seconds = record.Seconds,
            WarmUpSeconds = warmUp,
            Trust = findings.Count == 0 ? Trustworthiness.Good : findings.Max(finding => finding.Weight),
            Findings = findings,
            Total = all,
            Pages = pages,
            SessionsStarted = total.SessionsStarted,
            SessionsEnded = total.SessionsEnded,
            Unfinished = record.Unfinished,
            Transitions = record.Transitions,
            Self = new SelfFigures
            {
                Lag = Times.Of(total.Lag),
                Generators = record.Generators,
                InFlight = inFlight,
                InFlightByLittlesLaw = law,
                ConnectionsOpened = whole.ConnectionsOpened,
                RequestsPerCpuSecond = whole.Requests / Math.Max(1e-9, record.Generators.Sum(generator => generator.ProcessCpuSeconds)),
            },
            Course = [.. series.Windows.Select((window, index) => MomentOf(window, index, record))],
            Thresholds = [.. options.Thresholds.Select(text => Outcome(text, pages, all, record, total))],
        };
    }

    private static (int Windows, bool DidSettle) WarmUpOf(RunRecord record, ConclusionOptions options)
    {
        if (options.WarmUp is { } given)
        {
            return ((int)Math.Ceiling(given / record.Series.WindowLength), true);
        }

        if (!record.IsSteady)
        {
            return (0, true);
        }

        // The last window is not whole: its mean would be an odd one out.
        var cut = WarmUp.Cut([.. record.Series.Windows.SkipLast(1).Select(window => Metrics.Latency(window, null).Mean)]);
        return (cut ?? 0, cut is not null);
    }

    private static PageFigures FiguresOf(string name, int? page, Window total, WindowSeries series, int cut, double seconds, bool isSteady)
    {
        var parts = total.Pages.Where((each, index) => each is not null && (page is null || page == index)).Select(each => each!).ToList();
        var (intended, started) = (new Histogram(), new Histogram());
        var failures = new long[PageWindow.Failures];
        foreach (var part in parts)
        {
            intended.Add(part.FromIntended);
            started.Add(part.FromStart);
            for (var i = 0; i < failures.Length; i++)
            {
                failures[i] += part.ByFailure[i];
            }
        }

        return new PageFigures
        {
            Page = name,
            Requests = failures.Sum(),
            Failed = failures.Sum() - failures[0],
            Failures = failures.Select((count, index) => (count, index)).Skip(1).Where(each => each.count > 0).ToDictionary(each => FailureNames[each.index], each => each.count),
            RequestsPerSecond = failures.Sum() / seconds,
            BodyBytes = parts.Sum(part => part.Bytes),
            FromIntended = Times.Of(intended),
            FromStart = Times.Of(started),
            Mean = IntervalOf("mean"),
            P95 = IntervalOf("p95"),
            P99 = IntervalOf("p99"),
            Histogram = intended.ToBytes(),
            Pieces = [.. Sections.Cut(series, cut).Select(piece => PieceOf(piece, page, series, cut))],
        };

        // Pieces of a load that changes differ because it does: their spread says nothing about how well a figure is known.
        Interval? IntervalOf(string metric) => !isSteady ? null : Sections.Of(series, cut, window => Metrics.Of(window, page, metric) / 1e6);
    }

    private static PieceFigures PieceOf(Window piece, int? page, WindowSeries series, int cut)
    {
        var latency = Metrics.Latency(piece, page);
        var requests = page is { } one ? piece.Pages[one]?.Requests ?? 0 : piece.Requests;
        var failed = page is { } each ? piece.Pages[each]?.Failed ?? 0 : piece.Failed;
        var count = Sections.Cut(series, cut).Count;
        var length = series.WindowLength.TotalSeconds * (series.Windows.Count - cut) / Math.Max(1, count);
        return new PieceFigures(requests, failed, requests / length, Figure(latency.Mean), Figure(latency.Quantile(0.5)), Figure(latency.Quantile(0.95)), Figure(latency.Quantile(0.99)));
    }

    private static Moment MomentOf(Window window, int index, RunRecord record)
    {
        var length = record.Series.WindowLength.TotalSeconds;
        var begin = index * length;

        // The last window is not whole, and answers that came after the end are in it: over a sliver of time they would look like a spike.
        var lasted = Math.Clamp(record.Seconds - begin, length / 2, length);
        var latency = Metrics.Latency(window, null);
        return new Moment(
            begin, window.Level, window.Requests / lasted, window.Failed / lasted, Figure(latency.Quantile(0.5)), Figure(latency.Quantile(0.95)), Figure(latency.Quantile(0.99)),
            window.InFlightNanoseconds / 1e9 / length, Figure(window.Lag.Quantile(0.99)), window.CpuNanoseconds / 1e9 / (length * Math.Max(1, record.Generators.Sum(generator => generator.Workers))));
    }

    private static double? Figure(double nanoseconds) => double.IsNaN(nanoseconds) ? null : nanoseconds / 1e6;

    private static ThresholdOutcome Outcome(string text, List<PageFigures> pages, PageFigures all, RunRecord record, Window total)
    {
        if (!Threshold.TryParse(text, out var threshold))
        {
            return new ThresholdOutcome(text, null, IsMet: false);
        }

        var index = threshold.Page is null ? (int?)null : record.Pages.ToList().IndexOf(threshold.Page);
        var figures = index is null ? all : index >= 0 ? pages[index.Value] : null;
        var seen = figures is null ? double.NaN : threshold.Metric switch
        {
            "errors" => figures.Requests == 0 ? double.NaN : (double)figures.Failed / figures.Requests,
            "requests" => figures.RequestsPerSecond,
            _ => Metrics.Of(total, index, threshold.Metric) / 1e9,
        };
        var isMet = threshold.IsBelow ? seen < threshold.Limit : seen > threshold.Limit;
        return new ThresholdOutcome(text, double.IsNaN(seen) ? null : threshold.Metric is "errors" or "requests" ? seen : seen * 1e3, isMet);
    }
}
