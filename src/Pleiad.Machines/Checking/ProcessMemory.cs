using System.Globalization;

namespace Pleiad.Machines.Checking;

/// <summary>What a process costs in memory.</summary>
internal static class ProcessMemory
{
    /// <summary>Its proportional set size in bytes: its own pages, and its share of those it has together with others.</summary>
    /// <returns>Null when it is gone or belongs to another user.</returns>
    public static long? Proportional(int process) => Of(process, "Pss:");

    /// <summary>Its pages that no other process has, in bytes: what one more of it costs.</summary>
    /// <returns>Null when it is gone or belongs to another user.</returns>
    public static long? Private(int process) => Of(process, "Private_Clean:", "Private_Dirty:");

    /// <summary>Adds lines of <c>smaps_rollup</c>.</summary>
    /// <returns>Null when one of them is missing.</returns>
    internal static long? Read(string text, params ReadOnlySpan<string> labels)
    {
        var sum = 0L;
        foreach (var label in labels)
        {
            var line = text.Split('\n').FirstOrDefault(line => line.StartsWith(label, StringComparison.Ordinal));
            if (line?[label.Length..].Trim().Split(' ') is not [var kibibytes, "kB"] || !long.TryParse(kibibytes, NumberStyles.None, CultureInfo.InvariantCulture, out var count))
            {
                return null;
            }

            sum += count << 10;
        }

        return sum;
    }

    private static long? Of(int process, params ReadOnlySpan<string> labels)
    {
        try
        {
            return Read(File.ReadAllText($"/proc/{process}/smaps_rollup"), labels);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
