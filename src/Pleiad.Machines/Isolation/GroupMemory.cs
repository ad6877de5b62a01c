using System.Globalization;

namespace Pleiad.Machines.Isolation;

/// <summary>Memory that the control groups of this process leave to it and to its machines, whose groups are below its own.</summary>
public static class GroupMemory
{
    // Version 1 says "no limit" by the largest number of whole pages.
    private const long LimitMax = 1L << 60;

    /// <summary>The least that any group leaves, from this process's own up to the topmost one that is seen; file cache that nobody used lately counts as free.</summary>
    /// <returns>In bytes, 0 or more; null where no group has a limit, or there are no groups.</returns>
    public static long? AvailableBytes()
    {
        try
        {
            return GroupHierarchy.OfThisProcess().Min(Of);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    internal static long? Of(GroupHierarchy hierarchy)
    {
        if (hierarchy.Version == 1 && !hierarchy.Controllers.Contains("memory"))
        {
            return null;
        }

        long? least = null;
        for (var group = hierarchy.Own; group is not null && group.StartsWith(hierarchy.Root, StringComparison.Ordinal); group = Path.GetDirectoryName(group))
        {
            var left = hierarchy.Version == 1
                ? Left(group, ["memory.limit_in_bytes"], "memory.usage_in_bytes", "total_inactive_file")
                : Left(group, ["memory.max", "memory.high"], "memory.current", "inactive_file");
            least = left < (least ?? long.MaxValue) ? left : least;
        }

        return least;
    }

    private static long? Left(string group, string[] limits, string usageFile, string cacheKey)
    {
        var limit = limits.Min(file => Number(Path.Combine(group, file))) ?? long.MaxValue;
        if (limit >= LimitMax || Number(Path.Combine(group, usageFile)) is not { } usage)
        {
            return null;
        }

        var cache = File.ReadLines(Path.Combine(group, "memory.stat")).Select(line => line.Split(' ')).FirstOrDefault(pair => pair[0] == cacheKey);
        return Math.Max(0, limit - usage + (cache is [_, var bytes] && Number(bytes.AsSpan()) is { } reclaimable ? reclaimable : 0));
    }

    /// <returns>Null for "max", and where there is no such file: the topmost group has none.</returns>
    private static long? Number(string file) => File.Exists(file) ? Number(File.ReadAllText(file).AsSpan().Trim()) : null;

    private static long? Number(ReadOnlySpan<char> text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
