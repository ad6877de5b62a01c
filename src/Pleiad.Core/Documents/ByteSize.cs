using System.Globalization;

namespace Pleiad.Core.Documents;

/// <summary>Sizes as people write them: <c>4MiB</c>, <c>64KiB</c>, <c>1GiB</c> or a plain number of bytes. Binary units only.</summary>
public static class ByteSize
{
    private static readonly (string Suffix, long Factor)[] Units = [("GiB", 1L << 30), ("MiB", 1L << 20), ("KiB", 1L << 10), ("B", 1), ("", 1)];

    /// <summary>The form in words, for error messages.</summary>
    public const string Rule = "a whole number followed by KiB, MiB or GiB, for example 4MiB";

    /// <summary>Reads a size.</summary>
    /// <param name="text">For example <c>4MiB</c>.</param>
    /// <param name="bytes">The size in bytes, 0 or more.</param>
    public static bool TryParse(string? text, out long bytes)
    {
        bytes = 0;
        if (string.IsNullOrEmpty(text))
        {
            return false;
        }

        var (suffix, factor) = Units.First(unit => text.EndsWith(unit.Suffix, StringComparison.Ordinal));
        if (!long.TryParse(text.AsSpan(0, text.Length - suffix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count > long.MaxValue / factor)
        {
            return false;
        }

        bytes = count * factor;
        return true;
    }

    /// <summary>Writes a size so that <see cref="TryParse"/> reads back the same number.</summary>
    public static string Format(long bytes)
    {
        var (suffix, factor) = bytes == 0 ? ("B", 1L) : Units.First(unit => bytes % unit.Factor == 0);
        return string.Create(CultureInfo.InvariantCulture, $"{bytes / factor}{suffix}");
    }
}
