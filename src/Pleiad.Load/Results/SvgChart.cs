using System.Globalization;
using System.Net;
using System.Text;

namespace Pleiad.Load.Results;

/// <summary>A line of a chart.</summary>
/// <param name="Name">Its name in the legend.</param>
/// <param name="Colour">Its colour, as CSS has it.</param>
/// <param name="Points">Its points from left to right; null breaks the line.</param>
internal sealed record SvgLine(string Name, string Colour, IReadOnlyList<(double X, double? Y)> Points);

/// <summary>A chart of lines as SVG, with axes of round numbers; no scripts and nothing from elsewhere.</summary>
internal static class SvgChart
{
    private const double Width = 720, Height = 240, Left = 64, Right = 16, Top = 30, Bottom = 40;

    public static string Draw(string title, string xName, string yName, IReadOnlyList<SvgLine> lines, bool isLogarithmic = false, Func<double, string>? xText = null)
    {
        var points = lines.SelectMany(line => line.Points).Where(point => point.Y is { } y && double.IsFinite(y) && (!isLogarithmic || y > 0)).ToList();
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"<figure><figcaption>{WebUtility.HtmlEncode(title)}</figcaption><svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{WebUtility.HtmlEncode(title)}\">");
        if (points.Count == 0)
        {
            return text.Append("<text x=\"360\" y=\"120\" text-anchor=\"middle\">nothing to show</text></svg></figure>").ToString();
        }

        var (xMin, xMax) = (points.Min(point => point.X), Math.Max(points.Max(point => point.X), points.Min(point => point.X) + 1e-9));
        var (yMin, yMax) = isLogarithmic
            ? (Math.Pow(10, Math.Floor(Math.Log10(points.Min(point => point.Y!.Value)))), Math.Pow(10, Math.Ceiling(Math.Log10(points.Max(point => point.Y!.Value) * 1.0001))))
            : (0, Math.Max(1e-9, points.Max(point => point.Y!.Value) * 1.05));
        foreach (var tick in isLogarithmic ? Decades(yMin, yMax) : Ticks(yMin, yMax, 5))
        {
            text.Append(CultureInfo.InvariantCulture, $"<line class=\"grid\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Y(tick):0.0}\" y2=\"{Y(tick):0.0}\"/><text x=\"{Left - 6}\" y=\"{Y(tick) + 4:0.0}\" text-anchor=\"end\">{Number(tick)}</text>");
        }

        foreach (var tick in Ticks(xMin, xMax, 8))
        {
            text.Append(CultureInfo.InvariantCulture, $"<line class=\"grid\" y1=\"{Height - Bottom}\" y2=\"{Height - Bottom + 4}\" x1=\"{X(tick):0.0}\" x2=\"{X(tick):0.0}\"/><text x=\"{X(tick):0.0}\" y=\"{Height - Bottom + 17}\" text-anchor=\"middle\">{WebUtility.HtmlEncode(xText?.Invoke(tick) ?? Number(tick))}</text>");
        }

        text.Append(CultureInfo.InvariantCulture, $"<text x=\"{(Left + Width - Right) / 2}\" y=\"{Height - 6}\" text-anchor=\"middle\">{WebUtility.HtmlEncode(xName)}</text><text x=\"{Left}\" y=\"{Top - 14}\">{WebUtility.HtmlEncode(yName)}</text>");

        // One text, so that names stand side by side whatever size the letters have.
        text.Append(CultureInfo.InvariantCulture, $"<text x=\"{Width - Right}\" y=\"{Top - 14}\" text-anchor=\"end\" class=\"legend\">");
        foreach (var (line, index) in lines.Select((line, index) => (line, index)))
        {
            text.Append(CultureInfo.InvariantCulture, $"<tspan{(index == 0 ? "" : " dx=\"14\"")} fill=\"{line.Colour}\">{WebUtility.HtmlEncode(line.Name)}</tspan>");
        }

        text.Append("</text>");
        foreach (var line in lines)
        {
            text.Append(CultureInfo.InvariantCulture, $"<path fill=\"none\" stroke=\"{line.Colour}\" stroke-width=\"1.6\" stroke-linejoin=\"round\" d=\"");
            var isDown = false;
            foreach (var (x, y) in line.Points)
            {
                if (y is not { } value || !double.IsFinite(value) || (isLogarithmic && value <= 0))
                {
                    isDown = false;
                    continue;
                }

                text.Append(CultureInfo.InvariantCulture, $"{(isDown ? 'L' : 'M')}{X(x):0.0} {Y(value):0.0}");
                isDown = true;
            }

            text.Append("\"/>");
        }

        return text.Append("</svg></figure>").ToString();

        double X(double x) => Left + ((x - xMin) / (xMax - xMin) * (Width - Left - Right));
        double Y(double y) => Height - Bottom - ((isLogarithmic ? Math.Log10(y / yMin) / Math.Log10(yMax / yMin) : (y - yMin) / (yMax - yMin)) * (Height - Top - Bottom));
    }

    private static IEnumerable<double> Decades(double low, double high)
    {
        for (var value = low; value <= high * 1.001; value *= 10)
        {
            yield return value;
        }
    }

    private static IEnumerable<double> Ticks(double low, double high, int most)
    {
        var raw = (high - low) / most;
        var power = Math.Pow(10, Math.Floor(Math.Log10(raw)));
        var step = new[] { 1, 2, 2.5, 5, 10 }.Select(factor => factor * power).First(each => each >= raw * 0.999);
        for (var value = Math.Ceiling(low / step) * step; value <= high + (step * 1e-9); value += step)
        {
            yield return value;
        }
    }

    private static string Number(double value) => value switch
    {
        0 => "0",
        >= 1e6 => string.Create(CultureInfo.InvariantCulture, $"{value / 1e6:0.##}M"),
        >= 1e4 => string.Create(CultureInfo.InvariantCulture, $"{value / 1e3:0.#}k"),
        _ => value.ToString("0.####", CultureInfo.InvariantCulture),
    };
}
