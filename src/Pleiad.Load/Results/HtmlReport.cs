using System.Globalization;
using System.Net;
using System.Text;
using Pleiad.Load.Trust;

namespace Pleiad.Load.Results;

/// <summary>A result as one HTML file with charts, which needs nothing else.</summary>
public static class HtmlReport
{
    private const string Style =
        """
        :root{color-scheme:light dark;--ink:#1c2530;--paper:#fff;--soft:#667;--line:#dde1e7;--good:#157347;--mark:#a15c00;--bad:#b3261e}
        @media(prefers-color-scheme:dark){:root{--ink:#e6e9ee;--paper:#14181d;--soft:#9aa4b2;--line:#303844;--good:#58c48a;--mark:#f0ad4e;--bad:#ff7b72}}
        body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:1200px;margin:2rem auto;padding:0 1.2rem}
        h1{font-size:1.5rem;margin:0 0 .2rem}h2{font-size:1.1rem;margin:2rem 0 .6rem}p.sub{color:var(--soft);margin:.1rem 0 1rem}
        table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}th,td{padding:.3rem .6rem;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}
        th.text,td.text{text-align:left}td.text{white-space:normal;overflow-wrap:anywhere;min-width:7rem}th{color:var(--soft);font-weight:600}tr.sum td{font-weight:600}div.wide{overflow-x:auto}
        .verdict{border-left:5px solid;padding:.5rem .9rem;margin:1rem 0}.good{border-color:var(--good)}.marked{border-color:var(--mark)}.refused{border-color:var(--bad)}
        .verdict b{display:block}.kept{color:var(--good)}.missed{color:var(--bad)}
        .charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,460px),1fr));gap:1rem}figure{margin:0}figcaption{font-weight:600;margin-bottom:.2rem}
        svg{width:100%;height:auto}svg text{font-size:11px}svg text:not(.legend){fill:var(--soft)}svg text.legend{font-weight:600}.grid{stroke:var(--line);stroke-width:1}
        h1,.verdict{overflow-wrap:anywhere}
        @media(max-width:640px){svg text{font-size:17px}th,td{padding:.3rem .4rem}body{font-size:14px}}
        @media print{body{font-size:11px;max-width:none;margin:0;padding:0}th,td{padding:.2rem .35rem}div.wide{overflow:visible}.charts{grid-template-columns:1fr 1fr}figure,tr,.verdict{break-inside:avoid}h2{break-after:avoid}svg text{font-size:12px}}
        """;

    /// <summary>Writes the report.</summary>
    public static string Write(RunResult result)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>{Html(result.Scenario)} – load</title><style>{Style}</style></head><body>");
        text.Append(CultureInfo.InvariantCulture, $"<h1>{Html(result.Scenario)} on {Html(result.Target)}</h1><p class=\"sub\">{result.Started:yyyy-MM-dd HH:mm:ss zzz} · {Html(result.Kind)} load · {result.Seconds - result.WarmUpSeconds:0.0} s measured after {result.WarmUpSeconds:0.0} s of warm-up · {result.SessionsStarted} sessions · seed {result.Seed}</p>");
        Verdict(text, result);
        Pages(text, result);
        Charts(text, result);
        Transitions(text, result);
        Self(text, result);
        return text.Append("</body></html>\n").ToString();
    }

    private static void Verdict(StringBuilder text, RunResult result)
    {
        var (name, title) = result.Trust switch
        {
            Trustworthiness.Good => ("good", "These figures are the server's."),
            Trustworthiness.Marked => ("marked", "These figures are the server's, with reservations."),
            _ => ("refused", "Refused: the generator was the bottleneck, and these figures are its own."),
        };
        text.Append(CultureInfo.InvariantCulture, $"<div class=\"verdict {name}\"><b>{title}</b>");
        foreach (var finding in result.Findings)
        {
            text.Append(CultureInfo.InvariantCulture, $"<div>{Html(finding.What)} – {Html(finding.Remedy)}</div>");
        }

        foreach (var threshold in result.Thresholds)
        {
            text.Append(CultureInfo.InvariantCulture, $"<div class=\"{(threshold.IsMet ? "kept" : "missed")}\">{(threshold.IsMet ? "kept" : "missed")}: {Html(threshold.Text)} – was {Html(threshold.SeenText)}</div>");
        }

        text.Append("</div>");
    }

    private static void Pages(StringBuilder text, RunResult result)
    {
        text.Append("<h2>What users waited, from the moment they meant to ask (ms)</h2><div class=\"wide\"><table><tr><th class=\"text\">page</th><th>requests</th><th>per second</th><th>failed</th><th>mean</th><th>p50</th><th>p90</th><th>p95</th><th>p99</th><th>p99.9</th><th>max</th><th>p95 from start</th></tr>");
        foreach (var page in result.Pages.Where(page => page.Requests > 0).Append(result.Total))
        {
            var times = page.FromIntended;
            text.Append(CultureInfo.InvariantCulture, $"<tr{(page == result.Total ? " class=\"sum\"" : "")}><td class=\"text\">{Html(page.Page)}</td><td>{page.Requests}</td><td>{page.RequestsPerSecond:0.0}</td><td title=\"{Html(string.Join(", ", page.Failures.Select(failure => $"{failure.Value} {failure.Key}")))}\">{page.Failed}</td>");
            text.Append(CultureInfo.InvariantCulture, $"<td>{Ms(times?.Mean)}</td><td>{Ms(times?.P50)}</td><td>{Ms(times?.P90)}</td><td>{Ms(times?.P95)}{Plus(page.P95)}</td><td>{Ms(times?.P99)}{Plus(page.P99)}</td><td>{Ms(times?.P999)}</td><td>{Ms(times?.Max)}</td><td>{Ms(page.FromStart?.P95)}</td></tr>");
        }

        text.Append("</table></div>");
    }

    private static void Charts(StringBuilder text, RunResult result)
    {
        var course = result.Course;
        text.Append("<h2>Course</h2><div class=\"charts\">");
        text.Append(SvgChart.Draw("Time from the intended start", "seconds", "ms", [Line("p50", "#2f7ed8", moment => moment.P50), Line("p95", "#e08a1e", moment => moment.P95), Line("p99", "#c2385b", moment => moment.P99)]));
        text.Append(SvgChart.Draw("Requests per second", "seconds", "per second", [Line("ended", "#2a9d66", moment => moment.RequestsPerSecond), Line("failed", "#c2385b", moment => moment.FailedPerSecond)]));
        text.Append(SvgChart.Draw("Load", "seconds", result.Kind == "closed" ? "users" : "sessions per second", [Line("asked for", "#7a5bd0", moment => moment.Level)]));
        text.Append(SvgChart.Draw("Requests in flight", "seconds", "mean number", [Line("in flight", "#2f7ed8", moment => moment.InFlight)]));
        text.Append(SvgChart.Draw("The generator itself", "seconds", "ms or %", [Line("lag p99, ms", "#c2385b", moment => moment.LagP99), Line("CPU, %", "#888f9c", moment => moment.CpuShare * 100)]));
        var histogram = result.Total.ToHistogram();
        if (histogram.Count > 0)
        {
            // The x axis is the number of nines: each is as wide as the one before it.
            var nines = Enumerable.Range(0, 200).Select(i => i / 199.0 * Math.Min(6, Math.Log10(histogram.Count) + 0.3)).ToList();
            text.Append(SvgChart.Draw(
                "Distribution of the time from the intended start", "share of requests", "ms", [new SvgLine("all pages", "#2f7ed8", [.. nines.Select(nine => (nine, (double?)(histogram.Quantile(1 - Math.Pow(10, -nine)) / 1e6)))])],
                isLogarithmic: true, xText: nine => Math.Abs(nine - Math.Round(nine)) > 1e-9 ? "" : string.Create(CultureInfo.InvariantCulture, $"{(1 - Math.Pow(10, -nine)) * 100:0.#####} %")));
        }

        text.Append("</div>");

        SvgLine Line(string name, string colour, Func<Moment, double?> figure) => new(name, colour, [.. course.Select(moment => (moment.Seconds, figure(moment)))]);
    }

    private static void Transitions(StringBuilder text, RunResult result)
    {
        text.Append("<h2>Ways that users took</h2><div class=\"wide\"><table><tr><th class=\"text\">users</th><th class=\"text\">from</th><th class=\"text\">to</th><th>asked for</th><th>seen</th><th>times</th></tr>");
        foreach (var row in result.Transitions.GroupBy(each => (each.Users, each.From)))
        {
            var sum = row.Sum(each => each.Count);
            foreach (var each in row.Where(each => each.Probability > 0 || each.Count > 0))
            {
                text.Append(CultureInfo.InvariantCulture, $"<tr><td class=\"text\">{Html(each.Users)}</td><td class=\"text\">{Html(each.From)}</td><td class=\"text\">{Html(each.To)}</td><td>{each.Probability:0.####}</td><td>{Share(each.Count, sum)}</td><td>{each.Count}</td></tr>");
            }
        }

        text.Append("</table></div>");
    }

    private static void Self(StringBuilder text, RunResult result)
    {
        var self = result.Self;
        text.Append("<h2>The generator</h2><div class=\"wide\"><table><tr><th class=\"text\">generator</th><th>workers</th><th>their CPU s</th><th>process CPU s</th><th>collections</th><th>held by them</th><th>memory</th></tr>");
        foreach (var each in self.Generators)
        {
            text.Append(CultureInfo.InvariantCulture, $"<tr><td class=\"text\">{Html(each.Name)}</td><td>{each.Workers}</td><td>{each.WorkerCpuSeconds:0.00}</td><td>{each.ProcessCpuSeconds:0.00}</td><td>{each.GcCount}</td><td>{each.GcPauseSeconds * 1e3:0.0} ms</td><td>{each.MemoryBytes / 1048576.0:0} MiB</td></tr>");
        }

        text.Append(CultureInfo.InvariantCulture, $"</table></div><p class=\"sub\">Lag: p50 {Ms(self.Lag?.P50)} ms, p99 {Ms(self.Lag?.P99)} ms, max {Ms(self.Lag?.Max)} ms. {self.InFlight:0.00} requests in flight on the average; rate × time gives {self.InFlightByLittlesLaw:0.00}. {self.ConnectionsOpened} connections opened. {self.RequestsPerCpuSecond:0} requests per CPU second.</p>");
    }

    private static string Share(long count, long sum) => sum == 0 ? "–" : ((double)count / sum).ToString("0.####", CultureInfo.InvariantCulture);

    private static string Plus(Interval? interval) => interval is null ? "" : string.Create(CultureInfo.InvariantCulture, $" ±{(interval.High - interval.Low) / 2:0.##}");

    private static string Ms(double? ms) => ms is not { } value || double.IsNaN(value) ? "–" : value.ToString(value < 10 ? "0.00" : value < 100 ? "0.0" : "0", CultureInfo.InvariantCulture);

    private static string Html(string text) => WebUtility.HtmlEncode(text);
}
