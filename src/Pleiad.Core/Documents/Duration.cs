using System.Globalization;

namespace Pleiad.Core.Documents;

/// <summary>Lengths of time as people write them: <c>500ms</c>, <c>30s</c>, <c>10m</c>, <c>1h</c>. A number without a unit is refused.</summary>
public static class Duration
{
    private static readonly (string Suffix, double Milliseconds)[] Units = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

    /// <summary>The form in words, for error messages.</summary>
    public const string Rule = "a number followed by ms, s, m, h or d, for example 30s";

    /// <summary>Reads a length of time.</summary>
    /// <param name="text">For example <c>1.5s</c>.</param>
    /// <param name="duration">The length, 0 or more, to the millisecond.</param>
    public static bool TryParse(string? text, out TimeSpan duration)
    {
        duration = default;
        if (string.IsNullOrEmpty(text))
        {
            return false;
        }

        foreach (var (suffix, milliseconds) in Units)
        {
            if (text.EndsWith(suffix, StringComparison.Ordinal)
                && double.TryParse(text.AsSpan(0, text.Length - suffix.Length), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count))
            {
                var total = count * milliseconds;
                if (!double.IsFinite(total) || total > 3_650d * 86_400_000)
                {
                    return false;
                }

                duration = TimeSpan.FromMilliseconds(Math.Round(total));
                return true;
            }
        }

        return false;
    }

    /// <summary>Writes a length in the largest unit that keeps it whole, for example <c>10m</c>; <see cref="TryParse"/> reads it back.</summary>
    public static string Format(TimeSpan duration)
    {
        var total = (long)Math.Round(duration.TotalMilliseconds);
        var (suffix, milliseconds) = total == 0 ? ("s", 1_000d) : Units.Last(unit => total % (long)unit.Milliseconds == 0);
        return string.Create(CultureInfo.InvariantCulture, $"{total / (long)milliseconds}{suffix}");
    }
}
