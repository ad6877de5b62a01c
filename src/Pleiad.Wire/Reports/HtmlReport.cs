using System.Globalization;
using System.Net;
using System.Text;
using Pleiad.Wire.Decomposition;

namespace Pleiad.Wire.Reports;

/// <summary>report.html: one page that needs nothing else, for the screen and for paper.</summary>
internal sealed class HtmlReport(string name, WireReport report, RequestCollector collected)
{
    private const int ClassesShown = 20;
    private const int StatementsShown = 15;

    private readonly StringBuilder _page = new();

    public string ToHtml()
    {
        _page.Append(CultureInfo.InvariantCulture, $"<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>{E(name)} · Pleiad</title><style>{Style}</style></head><body><main>");
        Head();
        Warnings();
        Tiers();
        if (collected.Map is not null && collected.Requests > 0)
        {
            var charts = new SvgCharts(report, collected);
            Figure("Own time by class", "Mean own time of each tier in milliseconds, one bar for each class of requests; the bars end with their sums.", charts.ByClass());
            Figure("Own time over time", "Mean own time of each tier (left scale, ms) by the moment at which requests began, in seconds since the first frame; the thin line is the rate of requests (right scale).", charts.OverTime());
            Figure("Percentiles of own time", "Median, 75, 90, 95 and 99 % of each tier's own time, with 95 % intervals; the scale is logarithmic, and 0 stands at its left end.", charts.Percentiles());
            Classes();
            Statements();
            Waterfalls(charts);
        }

        Capture();
        _page.Append("</main></body></html>\n");
        return _page.ToString();
    }

    private static string Style => """
        :root{--ink:#1c2530;--soft:#5b6673;--line:#dfe4ea;--back:#fff;--warn:#8a4b00;--warnback:#fff4e0}
        *{box-sizing:border-box}body{margin:0;background:var(--back);color:var(--ink);font:15px/1.45 system-ui,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
        main{max-width:1040px;margin:0 auto;padding:28px 20px 60px}h1{font-size:24px;margin:0 0 4px}h2{font-size:17px;margin:34px 0 4px}
        p{margin:4px 0 10px}.soft{color:var(--soft)}.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:13.5px;font-variant-numeric:tabular-nums}
        th,td{padding:5px 9px;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}th{color:var(--soft);font-weight:600}
        td:first-child,th:first-child,.left{text-align:left}td.wrap{white-space:normal;font-family:ui-monospace,Menlo,Consolas,monospace;font-size:12px;text-align:left;overflow-wrap:anywhere;min-width:230px}
        .key{display:inline-block;width:11px;height:11px;border-radius:3px;margin-right:6px;vertical-align:-1px;print-color-adjust:exact;-webkit-print-color-adjust:exact}
        .facts{display:flex;flex-wrap:wrap;gap:8px 34px;margin:16px 0}.facts div{line-height:1.25}.facts b{display:block;font-size:21px;font-weight:650}
        ul.warn{background:var(--warnback);color:var(--warn);margin:14px 0;padding:10px 14px 10px 30px;border-radius:6px;print-color-adjust:exact;-webkit-print-color-adjust:exact}
        svg{display:block;width:100%;height:auto;print-color-adjust:exact;-webkit-print-color-adjust:exact}svg text{font:12px system-ui,"Segoe UI",Roboto,Arial,sans-serif;fill:var(--ink)}svg .soft{fill:var(--soft)}
        figure{margin:0 0 8px;break-inside:avoid;overflow-x:auto}svg{min-width:740px}tr,h2{break-inside:avoid}h2,h2+p{break-after:avoid}td.left{white-space:normal}.whole{break-inside:avoid}
        @media print{main{max-width:none;padding:0}body{font-size:11pt}@page{margin:14mm}.scroll,figure{overflow:visible}svg{min-width:0}th,td{padding:3px 6px}}
        """;

    private void Head()
    {
        var when = report.Start is { } start ? start.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture) : "no time";
        _page.Append(CultureInfo.InvariantCulture, $"<h1>{E(name)}</h1><p class=\"soft\">{when} · {Number(report.Seconds)} s · {report.Capture.Frames:N0} frames · {E(string.Join(" → ", report.Tiers.GroupBy(tier => tier.Depth).OrderBy(depth => depth.Key).Select(depth => string.Join(" + ", depth.Select(tier => tier.Name)))))}</p><div class=\"facts\">");
        Fact("requests", report.Requests.ToString("N0", CultureInfo.InvariantCulture));
        Fact("requests per second", Number(report.ThroughputPerSecond));
        if (report.Tiers.Count > 0)
        {
            Fact("mean time T1", Number(report.Tiers[0].ResidenceMs.Mean) + " ms");
            Fact("95 % within", Number(report.Tiers[0].ResidenceMs.At(95) ?? 0) + " ms");
        }

        var all = report.Attribution.Attributed + report.Attribution.Unattributed;
        Fact("attributed", all == 0 ? "–" : (report.Attribution.Attributed / (double)all).ToString("P1", CultureInfo.InvariantCulture));
        _page.Append("</div>");
    }

    private void Fact(string what, string value) => _page.Append(CultureInfo.InvariantCulture, $"<div><b>{E(value)}</b><span class=\"soft\">{E(what)}</span></div>");

    private void Warnings()
    {
        if (report.Warnings.Count > 0)
        {
            _page.Append("<ul class=\"warn\">").AppendJoin("", report.Warnings.Select(warning => $"<li>{E(warning)}</li>")).Append("</ul>");
        }
    }

    private void Tiers()
    {
        Table("Tiers", "Times in milliseconds. Own time is per front request: residence less the calls to other tiers. A is what an arriving request finds in the tier; D = own time by R = D(1 + A).",
            ["tier", "requests", "per s", "visits", "T mean", "own mean", "± 95 %", "own sd", "own p95", "own p99", "A", "D", "U = X·D", "at once"],
            report.Tiers.Select((tier, index) => (string[])
            [
                $"<span class=\"key\" style=\"background:{SvgCharts.ColourOf(index)}\"></span>{E(tier.Name)}", tier.Count.ToString("N0", CultureInfo.InvariantCulture), Number(tier.ThroughputPerSecond),
                Number(tier.Visits), Number(tier.ResidenceMs.Mean), Number(tier.OwnMs.Mean), Number((tier.OwnMs.MeanHigh - tier.OwnMs.MeanLow) / 2), Number(tier.OwnMs.StandardDeviation),
                Number(tier.OwnMs.At(95)), Number(tier.OwnMs.At(99)), Number(tier.ArrivalsSeen), Number(tier.DemandMs), tier.UtilizationByDemand.ToString("P0", CultureInfo.InvariantCulture), Number(tier.Concurrency),
            ]));
        var validations = report.Tiers.Where(tier => tier.Validations > 0).Select(tier => $"{E(tier.Name)}: {tier.Validations:N0} of {Number(tier.ValidationMs.Mean)} ms").ToList();
        if (validations.Count > 0)
        {
            _page.Append(CultureInfo.InvariantCulture, $"<p class=\"soft\">Checks of pooled connections, which are not in T3 and so in the caller's own time: {string.Join("; ", validations)}.</p>");
        }
    }

    private void Classes() => Table("Classes", "Method and path; times in milliseconds, mean and 95 %.",
        ["class", "requests", "per s", "T1 mean", "T1 p95", .. report.Tiers.Select(tier => E(tier.Name) + " own")],
        report.Classes.Take(ClassesShown).Select(each => (string[])
        [
            E(each.Name), each.Count.ToString("N0", CultureInfo.InvariantCulture), Number(each.ThroughputPerSecond), Number(each.ResidenceMs.Mean), Number(each.ResidenceMs.At(95)),
            .. each.Tiers.Select(tier => $"{Number(tier.OwnMs.Mean)} · {Number(tier.OwnMs.At(95))}"),
        ]));

    private void Statements()
    {
        if (report.Statements.Count == 0)
        {
            return;
        }

        var all = Math.Max(report.Statements.Sum(each => each.TotalMs), 1e-9);
        Table("Statements", "The costliest patterns; comments are left out, values are written as ?.", ["statement", "tier", "count", "mean ms", "p95 ms", "share"],
            report.Statements.Take(StatementsShown).Select(each => (string[])
            [
                $"\u0001{E(each.Text)}", E(each.Tier), each.Count.ToString("N0", CultureInfo.InvariantCulture), Number(each.TimeMs.Mean), Number(each.TimeMs.At(95)),
                (each.TotalMs / all).ToString("P0", CultureInfo.InvariantCulture),
            ]));
    }

    private void Waterfalls(SvgCharts charts)
    {
        var chosen = collected.Chosen.Slowest.Concat(collected.Chosen.Sampled).ToList();
        if (chosen.Count > 0)
        {
            Figure("Single requests", "The slowest, then some that chance chose. A pale bar is the time in a tier, the dark part of it the tier's own; each bar ends with its time.", [.. chosen.Select(charts.Waterfall)]);
        }
    }

    private void Capture()
    {
        var capture = report.Capture;
        var rows = new List<(string What, string Value)>
        {
            ("format", capture.Format), ("frames, bytes", $"{capture.Frames:N0}, {capture.Bytes:N0}"), ("frames cut by the snap length", $"{capture.FramesCut:N0}"),
            ("frames lost by the capturing program", $"{capture.FramesDropped:N0}"), ("bytes of the file unread", $"{capture.BytesSkipped:N0}"),
            ("connections; open before the capture", $"{capture.Connections:N0}; {capture.BegunBefore:N0}"), ("retransmitted; captured twice; out of order", $"{capture.Retransmitted:N0}; {capture.Duplicates:N0}; {capture.OutOfOrder:N0}"),
            ("gaps; bytes unseen", $"{capture.Gaps:N0}; {capture.BytesUnseen:N0}"), ("connections of no known protocol; TLS", $"{capture.UnknownConnections:N0}; {capture.TlsConnections:N0}"),
            ("exchanges outside the scheme", $"{capture.OutsideScheme:N0}"),
        };
        rows.AddRange(capture.Protocols.Select(each => (each.Name, $"{each.Exchanges:N0} exchanges, {each.Messages:N0} messages, {each.Incomplete:N0} incomplete, {each.AnswersWithoutRequest:N0} answers without request, {each.BytesNotParsed:N0} bytes not parsed")));
        rows.AddRange(report.Attribution.Links.Select(each => ($"calls of {each.Tier}", $"{each.ByIdentity:N0} by identity, {each.ByModel:N0} by the model (posterior at least {Number(report.Attribution.Threshold)}), {each.Open:N0} left open; connections held: {each.HoldMarks}")));
        _page.Append("<div class=\"whole\"><h2>What was read</h2><div class=\"scroll\"><table>");
        foreach (var (what, value) in rows)
        {
            _page.Append(CultureInfo.InvariantCulture, $"<tr><td>{E(what)}</td><td class=\"left\">{E(value)}</td></tr>");
        }

        _page.Append("</table></div></div>");
    }

    private void Figure(string title, string text, params IReadOnlyList<string> drawings) =>
        _page.Append(CultureInfo.InvariantCulture, $"<h2>{E(title)}</h2><p class=\"soft\">{E(text)}</p>").AppendJoin("", drawings.Select(drawing => $"<figure>{drawing}</figure>"));

    private void Table(string title, string text, IReadOnlyList<string> heads, IEnumerable<string[]> rows)
    {
        _page.Append(CultureInfo.InvariantCulture, $"<h2>{E(title)}</h2><p class=\"soft\">{E(text)}</p><div class=\"scroll\"><table><thead><tr>").AppendJoin("", heads.Select(head => $"<th>{head}</th>")).Append("</tr></thead><tbody>");
        foreach (var row in rows)
        {
            _page.Append("<tr>").AppendJoin("", row.Select(cell => cell.StartsWith('\u0001') ? $"<td class=\"wrap\">{cell[1..]}</td>" : $"<td>{cell}</td>")).Append("</tr>");
        }

        _page.Append("</tbody></table></div>");
    }

    /// <summary>Three digits that matter.</summary>
    public static string Number(double? value) => value switch
    {
        null => "–",
        0 => "0",
        < 0.0095 and > -0.0095 => value.Value.ToString("0.####", CultureInfo.InvariantCulture),
        < 9.95 and > -9.95 => value.Value.ToString("0.00", CultureInfo.InvariantCulture),
        < 99.5 and > -99.5 => value.Value.ToString("0.0", CultureInfo.InvariantCulture),
        _ => value.Value.ToString("N0", CultureInfo.InvariantCulture),
    };

    public static string E(string text) => WebUtility.HtmlEncode(text);
}
