using MathNet.Numerics.Distributions;
using Pleiad.Load.Recording;

namespace Pleiad.Load.Trust;

/// <summary>A figure and the interval in which its true value lies with 95 % confidence.</summary>
/// <param name="Value">Of all requests.</param>
/// <param name="Low">Lower end.</param>
/// <param name="High">Upper end.</param>
public sealed record Interval(double Value, double Low, double High)
{
    /// <summary>Half of the interval over the figure.</summary>
    public double RelativeHalfWidth => Value == 0 ? 0 : (High - Low) / 2 / Math.Abs(Value);
}

/// <summary>
/// Intervals by sectioning: the run is cut into pieces that follow each other, the figure is taken of each and of the whole, and the pieces' distances from the whole tell how well it is
/// known. Requests that follow each other are alike, so an interval from single requests would be far too narrow; pieces much longer than that likeness are not. When neighbours
/// are still alike, fewer and longer pieces are taken.
/// </summary>
internal static class Sections
{
    public const int Most = 20;
    public const int Fewest = 10;
    private const double AlikeMax = 0.3;

    /// <summary>The windows in as many pieces of equal length as there may be; empty when there are too few.</summary>
    public static IReadOnlyList<Window> Cut(WindowSeries series, int from, int most = Most)
    {
        var count = series.Windows.Count - from;

        // The last window is rarely whole; leaving it out costs less than a piece that is not like the others.
        count = count > Fewest ? count - 1 : count;
        var pieces = Math.Min(most, count);
        return pieces < Fewest ? [] : [.. Enumerable.Range(0, pieces).Select(piece =>
        {
            var (begin, end) = ((int)((long)piece * count / pieces), (int)((long)(piece + 1) * count / pieces));
            return series.Total(from + begin, end - begin);
        })];
    }

    /// <summary>The interval of a figure; null when there are too few pieces or one of them has no such figure.</summary>
    public static Interval? Of(WindowSeries series, int from, Func<Window, double> figure)
    {
        foreach (var most in (int[])[Most, Fewest])
        {
            var pieces = Cut(series, from, most).Select(figure).ToList();
            if (pieces.Count < Fewest || pieces.Any(double.IsNaN))
            {
                return null;
            }

            if (most == Fewest || Likeness(pieces) <= AlikeMax)
            {
                return Around(figure(series.Total(from)), pieces);
            }
        }

        return null;
    }

    public static Interval Around(double whole, IReadOnlyList<double> pieces)
    {
        var n = pieces.Count;
        var error = Math.Sqrt(pieces.Sum(piece => (piece - whole) * (piece - whole)) / (n * (n - 1.0)));
        var half = StudentT.InvCDF(0, 1, n - 1, 0.975) * error;
        return new Interval(whole, whole - half, whole + half);
    }

    /// <summary>Correlation of neighbours.</summary>
    public static double Likeness(IReadOnlyList<double> values)
    {
        var mean = values.Average();
        var variance = values.Sum(value => (value - mean) * (value - mean));
        return variance == 0 ? 0 : values.Zip(values.Skip(1), (a, b) => (a - mean) * (b - mean)).Sum() / variance;
    }
}
