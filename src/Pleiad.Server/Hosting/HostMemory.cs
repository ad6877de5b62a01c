using System.Globalization;
using Pleiad.Machines.Isolation;

namespace Pleiad.Server.Hosting;

/// <summary>The memory that machines can have, as the kernel tells it.</summary>
public static class HostMemory
{
    private const string Path = "/proc/meminfo";
    private const string Key = "MemAvailable:";

    /// <summary>Memory that can be given without swapping, and without a limit of this process's control groups being reached; null where the kernel does not say.</summary>
    public static long? AvailableBytes()
    {
        try
        {
            return Read(File.ReadAllText(Path)) is { } host ? Math.Min(host, GroupMemory.AvailableBytes() ?? long.MaxValue) : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>The same by the text of <c>/proc/meminfo</c>, in bytes; null when it does not say.</summary>
    /// <param name="text">The text.</param>
    public static long? Read(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            if (line.StartsWith(Key, StringComparison.Ordinal))
            {
                var figure = line[Key.Length..].Trim();
                return figure.EndsWith(" kB") && long.TryParse(figure[..^3], NumberStyles.None, CultureInfo.InvariantCulture, out var kibibytes) ? kibibytes << 10 : null;
            }
        }

        return null;
    }
}
