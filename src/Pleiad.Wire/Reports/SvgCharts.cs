using System.Globalization;
using System.Text;
using Pleiad.Wire.Association;
using Pleiad.Wire.Decomposition;
using Pleiad.Wire.Protocols;
using Pleiad.Wire.Statistics;

namespace Pleiad.Wire.Reports;

/// <summary>The report's charts as inline SVG; one colour for each tier throughout.</summary>
internal sealed class SvgCharts(WireReport report, RequestCollector collected)
{
    private const int Width = 1000;
    private const int Left = 190;
    private const int Right = 80;
    private const int ClassesShown = 12;
    private const int RowsShown = 40;

    // Of a wide letter of the font: what fits by this does not run into the bars.
    private const double LetterWidth = 7.8;

    // Distinct in colour and in lightness, so that they hold in print and for most eyes.
    private static readonly string[] Colours = ["#1f5f99", "#e08a2e", "#3f8f5a", "#8c5ba6", "#b5485d", "#5b6673"];

    public static string ColourOf(int tier) => Colours[tier % Colours.Length];

    private IReadOnlyList<string> Names => [.. report.Tiers.Select(tier => tier.Name)];

    /// <summary>Stacked bars of mean own time.</summary>
    public string ByClass()
    {
        var classes = report.Classes.Take(ClassesShown).ToList();
        var most = Math.Max(classes.Max(each => each.Tiers.Sum(tier => tier.OwnMs.Mean)), 1e-6);
        var svg = Begin(34 + (classes.Count * 28));
        Legend(svg);
        for (var row = 0; row < classes.Count; row++)
        {
            var y = 30 + (row * 28);
            Text(svg, 0, y + 14, Short(classes[row].Name, 28));
            double x = Left;
            for (var tier = 0; tier < classes[row].Tiers.Count; tier++)
            {
                var width = Math.Max(0, classes[row].Tiers[tier].OwnMs.Mean) / most * (Width - Left - Right);
                Rectangle(svg, x, y, width, 19, ColourOf(tier), 1, $"{classes[row].Name}, {classes[row].Tiers[tier].Tier}: {HtmlReport.Number(classes[row].Tiers[tier].OwnMs.Mean)} ms");
                x += width;
            }

            Text(svg, x + 6, y + 14, HtmlReport.Number(classes[row].Tiers.Sum(tier => tier.OwnMs.Mean)) + " ms", "soft");
        }

        return End(svg);
    }

    /// <summary>Stacked areas of mean own time, and the rate of requests.</summary>
    public string OverTime()
    {
        const int Height = 250;
        const int Top = 34;
        const int Edge = 54;
        var bins = collected.Bins!;
        var count = bins.Bins.Count;
        var svg = Begin(Top + Height + 34);
        Legend(svg);
        double Own(TimeBins.Bin bin, int tier) => bin.Counts[tier] == 0 ? 0 : Math.Max(0, bin.Sums[tier] / bin.Counts[tier]);
        var most = Nice(bins.Bins.Max(bin => Enumerable.Range(0, collected.Tiers.Length).Sum(tier => Own(bin, tier))));
        var rates = bins.Bins.Select(bin => bin.Count / (bins.WidthNs / 1e9)).ToList();
        var mostRate = Nice(rates.Max());
        double X(double index) => Edge + (index / Math.Max(count, 1) * (Width - (2 * Edge)));
        double Y(double share) => Top + (Height * (1 - share));
        for (var line = 0; line <= 4; line++)
        {
            Line(svg, Edge, Y(line / 4.0), Width - Edge, Y(line / 4.0), "#dfe4ea", 1);
            Text(svg, Edge - 6, Y(line / 4.0) + 4, HtmlReport.Number(most * line / 4), "soft", "end");
            Text(svg, Width - Edge + 6, Y(line / 4.0) + 4, HtmlReport.Number(mostRate * line / 4), "soft");
        }

        var below = new double[count];
        for (var tier = collected.Tiers.Length - 1; tier >= 0; tier--)
        {
            var top = bins.Bins.Select((bin, index) => below[index] + Own(bin, tier)).ToArray();
            var points = top.SelectMany((value, index) => Step(index, value)).Concat(below.Select((value, index) => (value, index)).Reverse().SelectMany(each => Step(each.index, each.value).Reverse()));
            svg.Append(CultureInfo.InvariantCulture, $"<polygon fill=\"{ColourOf(tier)}\" points=\"{string.Join(' ', points)}\"/>");
            below = top;
        }

        svg.Append(CultureInfo.InvariantCulture, $"<polyline fill=\"none\" stroke=\"#1c2530\" stroke-width=\"1.2\" points=\"{string.Join(' ', rates.Select((rate, index) => Point(X(index + 0.5), Y(rate / mostRate))))}\"/>");
        Text(svg, Edge, Top - 8, "ms", "soft", "end");
        Text(svg, Width, Top - 8, "requests/s", "soft", "end");
        for (var mark = 0; mark <= 5; mark++)
        {
            Text(svg, X(count * mark / 5.0), Top + Height + 18, HtmlReport.Number(count * mark / 5.0 * bins.WidthNs / 1e9) + " s", "soft", "middle");
        }

        return End(svg);
        string[] Step(int index, double value) => [Point(X(index), Y(value / most)), Point(X(index + 1), Y(value / most))];
    }

    /// <summary>Percentiles with their intervals on a logarithmic scale.</summary>
    public string Percentiles()
    {
        var rows = report.Tiers.Select((tier, index) => (tier.Name, Colour: ColourOf(index), tier.OwnMs.Percentiles)).Where(row => row.Percentiles.Count > 0).ToList();
        if (rows.Count == 0)
        {
            return "<p>Nothing was attributed.</p>";
        }

        var values = rows.SelectMany(row => row.Percentiles).SelectMany(each => (double[])[each.Low, each.Value, each.High]).Where(value => value > 0).DefaultIfEmpty(1).ToList();
        var (low, high) = (Math.Floor(Math.Log10(values.Min())), Math.Ceiling(Math.Log10(values.Max())));
        high = Math.Max(high, low + 1);
        double X(double value) => Left + ((Math.Log10(Math.Max(value, Math.Pow(10, low))) - low) / (high - low) * (Width - Left - Right));
        var height = rows.Count * 46;
        var svg = Begin(height + 40);
        for (var power = low; power <= high; power++)
        {
            Line(svg, X(Math.Pow(10, power)), 4, X(Math.Pow(10, power)), height + 4, "#dfe4ea", 1);
            Text(svg, X(Math.Pow(10, power)), height + 22, HtmlReport.Number(Math.Pow(10, power)) + " ms", "soft", "middle");
        }

        for (var row = 0; row < rows.Count; row++)
        {
            var y = 28 + (row * 46);
            Text(svg, 0, y + 4, rows[row].Name);
            Line(svg, X(rows[row].Percentiles[0].Value), y, X(rows[row].Percentiles[^1].Value), y, rows[row].Colour, 2);
            var last = double.NegativeInfinity;
            foreach (var each in rows[row].Percentiles)
            {
                Rectangle(svg, X(each.Low), y - 6, Math.Max(1.5, X(each.High) - X(each.Low)), 12, rows[row].Colour, 0.3, $"{each.Percent} %: {HtmlReport.Number(each.Low)} to {HtmlReport.Number(each.High)} ms");
                svg.Append(CultureInfo.InvariantCulture, $"<circle cx=\"{X(each.Value):0.#}\" cy=\"{y}\" r=\"4\" fill=\"{rows[row].Colour}\"><title>{each.Percent} %: {HtmlReport.Number(each.Value)} ms</title></circle>");
                if (X(each.Value) - last > 34)
                {
                    Text(svg, X(each.Value), y - 11, each.Percent.Equals(50) ? "median" : $"{each.Percent}", "soft", "middle");
                    last = X(each.Value);
                }
            }
        }

        return End(svg);
    }

    /// <summary>One request with all its calls.</summary>
    public string Waterfall(RequestTimes times)
    {
        var rows = new List<(Node Node, int Indent)>();
        Gather(times.Request, 0, rows);
        var left = 430;
        var whole = Math.Max(times.Exchange.DurationNs, 1);
        var svg = Begin(26 + (rows.Count * 20));
        Text(svg, 0, 12, Short($"{times.Exchange.Method} {times.Exchange.Uri}", 110));
        Text(svg, Width, 12, $"{times.Exchange.Status} · {HtmlReport.Number(times.Residence[0])} ms", "soft", "end");
        for (var row = 0; row < rows.Count; row++)
        {
            var (node, indent) = rows[row];
            var y = 22 + (row * 20);
            double X(long ns) => left + ((ns - times.Exchange.StartNs) / (double)whole * (Width - left - 70));
            Text(svg, indent * 14, y + 12, Short($"{report.Tiers[node.Tier].Name}  {SpanText.Of(node.Exchange, collected.StatementTable)}", (int)((left - (indent * 14)) / LetterWidth)), "soft");
            Rectangle(svg, X(node.StartNs), y + 1, Math.Max(1, X(node.EndNs) - X(node.StartNs)), 14, ColourOf(node.Tier), node.Exchange.Kind == ExchangeKind.Validation ? 0.25 : 0.35, $"{HtmlReport.Number(node.Exchange.DurationNs / 1e6)} ms");
            foreach (var (from, to) in OwnParts(node))
            {
                Rectangle(svg, X(from), y + 1, Math.Max(0.6, X(to) - X(from)), 14, ColourOf(node.Tier), node.Exchange.Kind == ExchangeKind.Validation ? 0.4 : 1, null);
            }

            Text(svg, Width, y + 12, HtmlReport.Number(node.Exchange.DurationNs / 1e6) + " ms", "soft", "end");
        }

        return End(svg);
    }

    private static void Gather(Node node, int indent, List<(Node Node, int Indent)> rows)
    {
        if (rows.Count >= RowsShown)
        {
            return;
        }

        rows.Add((node, indent));
        foreach (var call in node.Calls.OrderBy(call => call.StartNs))
        {
            Gather(call, indent + 1, rows);
        }
    }

    /// <summary>The times of an exchange that lie in no call of it.</summary>
    private static IEnumerable<(long From, long To)> OwnParts(Node node)
    {
        var at = node.StartNs;
        foreach (var call in node.Calls.Where(call => call.Exchange.Kind == ExchangeKind.Request).OrderBy(call => call.StartNs))
        {
            if (call.StartNs > at)
            {
                yield return (at, call.StartNs);
            }

            at = Math.Max(at, call.EndNs);
        }

        if (node.EndNs > at)
        {
            yield return (at, node.EndNs);
        }
    }

    private void Legend(StringBuilder svg)
    {
        double x = Left;
        for (var tier = 0; tier < Names.Count; tier++)
        {
            Rectangle(svg, x, 2, 11, 11, ColourOf(tier), 1, null);
            Text(svg, x + 16, 12, Names[tier]);
            x += 34 + (Names[tier].Length * 7);
        }
    }

    private static StringBuilder Begin(int height) => new($"<svg viewBox=\"0 0 {Width} {height}\" role=\"img\" xmlns=\"http://www.w3.org/2000/svg\">");

    private static string End(StringBuilder svg) => svg.Append("</svg>").ToString();

    private static void Rectangle(StringBuilder svg, double x, double y, double width, double height, string colour, double opacity, string? title)
    {
        svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{x:0.##}\" y=\"{y:0.##}\" width=\"{width:0.##}\" height=\"{height}\" fill=\"{colour}\" fill-opacity=\"{opacity}\"");
        svg.Append(title is null ? "/>" : $"><title>{HtmlReport.E(title)}</title></rect>");
    }

    private static void Line(StringBuilder svg, double x1, double y1, double x2, double y2, string colour, int width) =>
        svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{x1:0.##}\" y1=\"{y1:0.##}\" x2=\"{x2:0.##}\" y2=\"{y2:0.##}\" stroke=\"{colour}\" stroke-width=\"{width}\"/>");

    private static void Text(StringBuilder svg, double x, double y, string text, string style = "", string anchor = "start") =>
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{x:0.##}\" y=\"{y:0.##}\" class=\"{style}\" text-anchor=\"{anchor}\">{HtmlReport.E(text)}</text>");

    private static string Point(double x, double y) => string.Create(CultureInfo.InvariantCulture, $"{x:0.#},{y:0.#}");

    private static string Short(string text, int length) => text.Length <= length ? text : text[..(length - 1)] + "…";

    /// <summary>The next round number whose quarters are easy to read.</summary>
    private static double Nice(double value)
    {
        if (value <= 0)
        {
            return 1;
        }

        var power = Math.Pow(10, Math.Floor(Math.Log10(value)));
        return power * (value <= power ? 1 : value <= 2 * power ? 2 : value <= 4 * power ? 4 : value <= 6 * power ? 6 : value <= 8 * power ? 8 : 10);
    }
}
