using System.Globalization;

namespace Pleiad.Machines.Checking;

/// <summary>What a process costs in memory.</summary>
internal static class ProcessMemory
{
    /// <summary>Its proportional set size in bytes: its own pages, and its share of those it has together with others.</summary>
    /// <returns>Null when it is gone or belongs to another user.</returns>
    public static long? Proportional(int process)
    {
        try
        {
            return Read(File.ReadAllText($"/proc/{process}/smaps_rollup"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Reads <c>smaps_rollup</c>.</summary>
    internal static long? Read(string text)
    {
        const string label = "Pss:";
        var line = text.Split('\n').FirstOrDefault(line => line.StartsWith(label, StringComparison.Ordinal));
        return line?[label.Length..].Trim().Split(' ') is [var kibibytes, "kB"] && long.TryParse(kibibytes, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count << 10 : null;
    }
}
