using System.Globalization;

namespace Pleiad.Queueing.Documents;

/// <summary>Times, rates and shares as people write them.</summary>
public static class Quantity
{
    private static readonly (string Suffix, double Seconds)[] Times =
    [
        ("ns", 1e-9), ("us", 1e-6), ("µs", 1e-6), ("μs", 1e-6), ("ms", 1e-3), ("min", 60), ("s", 1), ("m", 60), ("h", 3600), ("d", 86400),
    ];

    /// <summary>How a time is written.</summary>
    public const string DurationRule = "give a number followed by ns, us, ms, s, m, h or d, for example 125ms; a number alone is in seconds";

    /// <summary>How a rate is written.</summary>
    public const string RateRule = "give a number per second, or one followed by /s, /min or /h, for example 500/s";

    /// <summary>Reads a time, for example <c>125ms</c>; a number alone is in seconds.</summary>
    public static bool TrySeconds(string? text, out double seconds)
    {
        seconds = 0;
        text = text?.Trim();
        if (string.IsNullOrEmpty(text))
        {
            return false;
        }

        var (suffix, factor) = Times.FirstOrDefault(time => text.EndsWith(time.Suffix, StringComparison.Ordinal), ("", 1));
        if (!TryNumber(text[..^suffix.Length], out var value))
        {
            return false;
        }

        // 125 / 1000 is nearer to the truth than 125 × 0.001.
        seconds = factor < 1 ? value / Math.Round(1 / factor) : value * factor;
        return double.IsFinite(seconds);
    }

    /// <summary>Reads a rate, for example <c>500</c>, <c>500/s</c> or <c>30/min</c>.</summary>
    public static bool TryRate(string? text, out double ratePerSecond)
    {
        ratePerSecond = 0;
        var parts = text?.Split('/', 2) ?? [];
        if (parts.Length == 0 || !TryNumber(parts[0], out ratePerSecond))
        {
            return false;
        }

        if (parts.Length == 2)
        {
            var unit = parts[1].Trim();
            if (!TrySeconds("1" + unit, out var seconds) || unit.Length == 0 || char.IsAsciiDigit(unit[0]))
            {
                return false;
            }

            ratePerSecond /= seconds;
        }

        return true;
    }

    /// <summary>Reads a share, for example <c>0.03</c> or <c>3%</c>.</summary>
    public static bool TryShare(string? text, out double share)
    {
        share = 0;
        text = text?.Trim() ?? "";
        var percent = text.EndsWith('%');
        if (!TryNumber(percent ? text[..^1] : text, out share))
        {
            return false;
        }

        share = percent ? share / 100 : share;
        return true;
    }

    private static bool TryNumber(string text, out double value) =>
        double.TryParse(text.Trim(), NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out value) && double.IsFinite(value);
}
