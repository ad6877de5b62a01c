using System.Globalization;

namespace Pleiad.Load.Scenarios;

/// <summary>Lengths of time finer than a millisecond, and rates.</summary>
internal static class Times
{
    public const string Rule = "give a number followed by us, ms, s, m, h or d, for example 1.5s";
    public const string RateRule = "give a number per second, or one followed by /s, /min or /h, for example 20/s";

    private static readonly (string Suffix, double Seconds)[] Units = [("us", 1e-6), ("ms", 1e-3), ("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400)];
    private static readonly (string Suffix, double PerSecond)[] RateUnits = [("/s", 1), ("/min", 1.0 / 60), ("/h", 1.0 / 3600), ("", 1)];

    public static bool TrySeconds(string? text, out double seconds)
    {
        seconds = 0;
        foreach (var (suffix, factor) in Units)
        {
            if (text is not null && text.EndsWith(suffix, StringComparison.Ordinal)
                && double.TryParse(text.AsSpan(0, text.Length - suffix.Length), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count))
            {
                seconds = count * factor;
                return double.IsFinite(seconds);
            }
        }

        return false;
    }

    public static bool TryRate(string? text, out double perSecond)
    {
        perSecond = 0;
        var (suffix, factor) = RateUnits.First(unit => (text ?? "").EndsWith(unit.Suffix, StringComparison.Ordinal));
        if (text is null || !double.TryParse(text.AsSpan(0, text.Length - suffix.Length), NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var count))
        {
            return false;
        }

        perSecond = count * factor;
        return double.IsFinite(perSecond) && perSecond <= 1e7;
    }

    /// <summary>Six digits, so that what is read back is the same within a millionth.</summary>
    public static string Format(double seconds) => seconds is 0 or >= 0.1
        ? string.Create(CultureInfo.InvariantCulture, $"{Plain(seconds)}s")
        : seconds >= 1e-4 ? string.Create(CultureInfo.InvariantCulture, $"{Plain(seconds * 1e3)}ms") : string.Create(CultureInfo.InvariantCulture, $"{Plain(seconds * 1e6)}us");

    /// <summary>A number without an exponent.</summary>
    public static string Plain(double value)
    {
        var decimals = value == 0 ? 0 : Math.Clamp(5 - (int)Math.Floor(Math.Log10(Math.Abs(value))), 0, 15);
        var text = value.ToString("F" + decimals.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        return text.Contains('.', StringComparison.Ordinal) ? text.TrimEnd('0').TrimEnd('.') : text;
    }
}
