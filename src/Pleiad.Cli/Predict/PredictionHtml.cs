using System.Globalization;
using System.Net;
using System.Text;
using Pleiad.Queueing.Prediction;
using Pleiad.Queueing.Solving;

namespace Pleiad.Cli.Predict;

/// <summary>A report in one file: no scripts, nothing from elsewhere.</summary>
internal static class PredictionHtml
{
    private const string Style =
        """
        :root{color-scheme:light dark;--ink:#1f2937;--soft:#6b7280;--line:#e5e7eb;--paper:#fff;--card:#f9fafb;--good:#047857;--bad:#b91c1c}
        @media(prefers-color-scheme:dark){:root{--ink:#e5e7eb;--soft:#9ca3af;--line:#374151;--paper:#111827;--card:#1f2937;--good:#34d399;--bad:#f87171}}
        body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:820px;margin:2rem auto;padding:0 1rem}
        h1{font-size:1.5rem;margin:0 0 .2rem}h2{font-size:1.1rem;margin:2rem 0 .5rem}p{margin:.3rem 0}.soft{color:var(--soft)}
        .answer{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.8rem 1rem;margin:1rem 0}
        table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}th,td{padding:.3rem .6rem;border-bottom:1px solid var(--line);text-align:right}
        th:first-child,td:first-child{text-align:left}th{font-weight:600;color:var(--soft)}.good{color:var(--good)}.bad{color:var(--bad)}
        svg{width:100%;height:auto;box-sizing:border-box;background:var(--card);border:1px solid var(--line);border-radius:8px}svg text{font:12px system-ui,sans-serif;fill:var(--ink)}
        svg .grid{stroke:var(--line)}svg .limit{stroke:var(--bad);stroke-dasharray:6 4}svg .limit-name{fill:var(--bad)}svg .mark{stroke:var(--soft);stroke-dasharray:2 4}svg .title{fill:var(--soft)}
        .wide{overflow-x:auto}td{white-space:nowrap}td:first-child{white-space:normal}.wide svg{min-width:34rem;display:block}
        @media print{:root{color-scheme:light}body{max-width:none;margin:0;padding:0}h2{break-after:avoid}.wide,tr,.answer{break-inside:avoid;overflow:visible}.wide svg{min-width:0}}
        """;

    public static string Text(PredictionAnswer answer)
    {
        var html = new StringBuilder();
        html.Append("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
        html.Append(CultureInfo.InvariantCulture, $"<title>{Encode(answer.Model)}: prediction</title><style>{Style}</style></head><body>\n");
        var lines = PredictionTables.Summary(answer).ToList();
        html.Append(CultureInfo.InvariantCulture, $"<h1>{Encode(answer.Model)}</h1><p class=\"soft\">Prediction for {Encode(PredictionTables.Load(answer, answer.Chosen.Load))}</p>\n<div class=\"answer\">");
        foreach (var line in lines.Skip(1))
        {
            html.Append(CultureInfo.InvariantCulture, $"<p>{Encode(char.ToUpperInvariant(line[0]) + line[1..])}</p>");
        }

        html.Append("</div>\n");
        Objectives(html, answer);
        Servers(html, answer);
        Charts(html, answer);
        Variants(html, answer);
        html.Append("<h2>How this was made</h2>");
        foreach (var note in answer.Notes)
        {
            html.Append(CultureInfo.InvariantCulture, $"<p>{Encode(note)}</p>");
        }

        html.Append(CultureInfo.InvariantCulture, $"<p class=\"soft\">{answer.Simulations} simulations with common random numbers, seed {answer.Seed}. Bands and ± are confidence intervals. An objective is kept when its whole interval is within the limit.</p></body></html>\n");
        return html.ToString();
    }

    private static void Objectives(StringBuilder html, PredictionAnswer answer)
    {
        if (answer.Chosen.Objectives.Count == 0)
        {
            return;
        }

        Table(html, "Objectives", ["Objective", "Present", "Plan"], answer.Chosen.Objectives.Select((each, i) => (string[])[Encode(each.Objective.ToString()), Kept(answer.Present, i), answer.Plan is { } plan ? Kept(plan, i) : "–"]));
    }

    private static string Kept(Outcome outcome, int i)
    {
        if (outcome.Solution is null)
        {
            return "<span class=\"bad\">unstable</span>";
        }

        var each = outcome.Objectives[i];
        var isTime = each.Objective.Kind is ObjectiveKind.Mean or ObjectiveKind.Quantile;
        var shown = isTime ? PredictionTables.Estimate(each.Figure) : PredictionTables.Share(each.Figure);
        return $"<span class=\"{(each.IsKept ? "good" : "bad")}\">{(each.IsKept ? "kept" : "missed")}</span> {Encode(shown)}";
    }

    private static void Servers(StringBuilder html, PredictionAnswer answer) =>
        Table(html, "Servers", ["Station", "Present", "Plan", "Cost each", "Utilization", "Queue", "Residence"], answer.Stations.Select((name, k) =>
        {
            var figures = answer.Chosen.Solution?.Stations[k];
            return (string[])[
                Encode(name),
                $"{answer.Present.Servers[k]}",
                answer.Plan is { } plan ? $"<b>{plan.Servers[k]}</b>" : "–",
                Number(answer.Costs[k]),
                figures is null ? "–" : string.Create(CultureInfo.InvariantCulture, $"{figures.Utilization.Value:0.000} ± {figures.Utilization.HalfWidth ?? 0:0.000}"),
                figures is null ? "–" : Number(figures.QueueLength.Value),
                figures is null ? "–" : Encode(PredictionTables.Estimate(figures.ResidenceTime))];
        }));

    private static void Charts(StringBuilder html, PredictionAnswer answer)
    {
        var xTitle = answer.IsUsers ? "users" : "requests per second";
        var stable = answer.Curve.Where(point => point.Solution is not null).ToList();
        var scale = stable.Select(point => PredictionTables.Quantile(point, 0.95).Value).Where(double.IsFinite).DefaultIfEmpty(1).Max() < 2 ? 1000.0 : 1;
        var unit = scale > 1 ? "ms" : "s";
        Series[] responses =
        [
            new("mean", [.. stable.Select(point => Point(point.Load, point.Solution!.System.ResponseTime, scale))]),
            new("p50", [.. stable.Select(point => Point(point.Load, PredictionTables.Quantile(point, 0.5), scale))]),
            new("p95", [.. stable.Select(point => Point(point.Load, PredictionTables.Quantile(point, 0.95), scale))]),
        ];
        var limits = answer.Chosen.Objectives.Where(each => each.Objective is { Kind: ObjectiveKind.Mean or ObjectiveKind.Quantile, Of: null }).Select(each => (each.Objective.Limit * scale, each.Objective.ToString())).ToList();
        html.Append("<h2>Response time over load</h2><div class=\"wide\">").Append(SvgChart.Draw(xTitle, $"response time, {unit}", responses, limits, answer.Chosen.Load)).Append("</div>");
        var utilizations = answer.Stations.Select((name, k) => new Series(name, [.. stable.Select(point => Point(point.Load, point.Solution!.Stations[k].Utilization, 1))])).ToList();
        var shares = answer.Chosen.Objectives.Where(each => each.Objective.Kind == ObjectiveKind.Utilization).Select(each => (each.Objective.Limit, each.Objective.ToString())).ToList();
        html.Append("<h2>Utilization over load</h2><div class=\"wide\">").Append(SvgChart.Draw(xTitle, "utilization", utilizations, shares, answer.Chosen.Load)).Append("</div>");
        foreach (var point in answer.Curve.Where(point => point.Solution is null))
        {
            html.Append(CultureInfo.InvariantCulture, $"<p class=\"bad\">{Encode(PredictionTables.Load(answer, point.Load))}: unstable at {Encode(point.Unstable ?? "")}</p>");
        }
    }

    private static void Variants(StringBuilder html, PredictionAnswer answer)
    {
        Table(html, "One more server", ["Station", "Mean", "P95", "Full at"], answer.OneMore.Select(more => (string[])[
            Encode(more.Station),
            more.Outcome.Solution is { } solution ? Encode(PredictionTables.Estimate(solution.System.ResponseTime)) : $"<span class=\"bad\">unstable at {Encode(more.Outcome.Unstable ?? "")}</span>",
            Encode(PredictionTables.Estimate(PredictionTables.Quantile(more.Outcome, 0.95))),
            Encode(PredictionTables.Load(answer, more.SaturationLoad))]));
        Table(html, "Sensitivity: what 1 % more work at a station changes", ["Station", "Mean", "P95"], answer.Sensitivities.Select(each => (string[])[Encode(each.Station), Percent(each.MeanElasticity), Percent(each.QuantileElasticity)]));
    }

    private static (double X, double Y, double Low, double High) Point(double load, Estimate estimate, double scale) => (load, estimate.Value * scale, estimate.Low * scale, estimate.High * scale);

    private static void Table(StringBuilder html, string title, string[] heads, IEnumerable<string[]> rows)
    {
        html.Append(CultureInfo.InvariantCulture, $"<h2>{Encode(title)}</h2><div class=\"wide\"><table><thead><tr>{string.Concat(heads.Select(head => $"<th>{Encode(head)}</th>"))}</tr></thead><tbody>");
        foreach (var row in rows)
        {
            html.Append(CultureInfo.InvariantCulture, $"<tr>{string.Concat(row.Select(cell => $"<td>{cell}</td>"))}</tr>");
        }

        html.Append("</tbody></table></div>\n");
    }

    private static string Percent(double value) => double.IsFinite(value) ? string.Create(CultureInfo.InvariantCulture, $"{value:+0.00;-0.00} %") : "unstable";

    private static string Number(double value) => value.ToString("G4", CultureInfo.InvariantCulture);

    private static string Encode(string text) => WebUtility.HtmlEncode(text);
}
