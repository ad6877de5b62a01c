using System.Globalization;
using System.Net;
using System.Text;

namespace Pleiad.Cli.Predict;

/// <summary>One line of a chart, with the ends of the intervals where there are any.</summary>
internal sealed record Series(string Name, IReadOnlyList<(double X, double Y, double Low, double High)> Points);

/// <summary>A line chart as SVG, without scripts and without anything from elsewhere.</summary>
internal static class SvgChart
{
    private const double Width = 720;
    private const double Height = 320;
    private const double Left = 70;
    private const double Right = 20;
    private const double Top = 16;
    private const double Bottom = 44;

    private static readonly string[] Colours = ["#2563eb", "#d97706", "#059669", "#dc2626", "#7c3aed", "#0891b2", "#be185d", "#4d7c0f"];

    /// <param name="xTitle">What the horizontal axis shows.</param>
    /// <param name="yTitle">What the vertical axis shows, with its unit.</param>
    /// <param name="series">The lines.</param>
    /// <param name="lines">Horizontal lines with their names: limits.</param>
    /// <param name="mark">A load to mark, or NaN.</param>
    public static string Draw(string xTitle, string yTitle, IReadOnlyList<Series> series, IReadOnlyList<(double Y, string Name)> lines, double mark)
    {
        var points = series.SelectMany(each => each.Points).Where(point => double.IsFinite(point.Y)).ToList();
        if (points.Count == 0)
        {
            return "<p>Nothing to draw: no point is stable.</p>";
        }

        var xMax = Nice(points.Max(point => point.X));

        // A limit far above everything would press the curves flat.
        var highest = points.Max(point => double.IsFinite(point.High) ? point.High : point.Y);
        var yMax = Nice(lines.Where(line => line.Y < 3 * highest).Select(line => line.Y * 1.05).Append(highest).Max());
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{Text(yTitle)} over {Text(xTitle)}\">");
        Axes(svg, xTitle, yTitle, xMax, yMax);
        if (double.IsFinite(mark))
        {
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"mark\" x1=\"{X(mark, xMax):0.0}\" x2=\"{X(mark, xMax):0.0}\" y1=\"{Top}\" y2=\"{Height - Bottom}\"/>");
        }

        foreach (var (y, name) in lines.Where(line => line.Y <= yMax))
        {
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"limit\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Y(y, yMax):0.0}\" y2=\"{Y(y, yMax):0.0}\"/><text class=\"limit-name\" x=\"{Width - Right - 4}\" y=\"{Y(y, yMax) - 5:0.0}\" text-anchor=\"end\">{Text(name)}</text>");
        }

        for (var i = 0; i < series.Count; i++)
        {
            Line(svg, series[i], Colours[i % Colours.Length], xMax, yMax);
        }

        for (var i = 0; i < series.Count; i++)
        {
            var x = Left + 12 + (i % 4 * 160);
            var y = Top + 10 + (i / 4 * 16);
            svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{x}\" y=\"{y - 8}\" width=\"14\" height=\"4\" rx=\"2\" fill=\"{Colours[i % Colours.Length]}\"/><text x=\"{x + 20}\" y=\"{y - 2}\">{Text(series[i].Name)}</text>");
        }

        return svg.Append("</svg>").ToString();
    }

    private static void Line(StringBuilder svg, Series series, string colour, double xMax, double yMax)
    {
        var points = series.Points.Where(point => double.IsFinite(point.Y)).ToList();
        var band = points.Select(point => At(point.X, double.IsFinite(point.High) ? point.High : point.Y)).Concat(points.AsEnumerable().Reverse().Select(point => At(point.X, double.IsFinite(point.Low) ? point.Low : point.Y)));
        svg.Append(CultureInfo.InvariantCulture, $"<polygon fill=\"{colour}\" fill-opacity=\"0.15\" points=\"{string.Join(' ', band)}\"/>");
        svg.Append(CultureInfo.InvariantCulture, $"<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" points=\"{string.Join(' ', points.Select(point => At(point.X, point.Y)))}\"/>");
        foreach (var (x, y, low, high) in points)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<circle cx=\"{X(x, xMax):0.0}\" cy=\"{Y(y, yMax):0.0}\" r=\"3\" fill=\"{colour}\"><title>{Text(series.Name)} at {x:G4}: {y:G4} ({low:G4} to {high:G4})</title></circle>");
        }

        string At(double x, double y) => string.Create(CultureInfo.InvariantCulture, $"{X(x, xMax):0.0},{Y(y, yMax):0.0}");
    }

    private static void Axes(StringBuilder svg, string xTitle, string yTitle, double xMax, double yMax)
    {
        for (var i = 0; i <= 5; i++)
        {
            var (x, y) = (xMax * i / 5, yMax * i / 5);
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"grid\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Y(y, yMax):0.0}\" y2=\"{Y(y, yMax):0.0}\"/><text x=\"{Left - 8}\" y=\"{Y(y, yMax) + 4:0.0}\" text-anchor=\"end\">{y:G4}</text>");
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{X(x, xMax):0.0}\" y=\"{Height - Bottom + 18}\" text-anchor=\"middle\">{x:G4}</text>");
        }

        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"title\" x=\"{(Left + Width - Right) / 2}\" y=\"{Height - 6}\" text-anchor=\"middle\">{Text(xTitle)}</text>");
        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"title\" transform=\"translate(16 {(Top + Height - Bottom) / 2}) rotate(-90)\" text-anchor=\"middle\">{Text(yTitle)}</text>");
    }

    private static double X(double x, double max) => Left + ((Width - Left - Right) * x / max);

    private static double Y(double y, double max) => Height - Bottom - ((Height - Top - Bottom) * Math.Min(y, max) / max);

    /// <summary>The next round number: one that five parts divide evenly.</summary>
    private static double Nice(double value)
    {
        if (!(value > 0))
        {
            return 1;
        }

        var power = Math.Pow(10, Math.Floor(Math.Log10(value)));
        return ((double[])[1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10]).First(step => step * power >= value * 0.9999) * power;
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
