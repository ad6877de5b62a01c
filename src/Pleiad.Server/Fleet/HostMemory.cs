using System.Globalization;

namespace Pleiad.Server.Fleet;

/// <summary>The host's memory as its kernel tells it.</summary>
internal static class HostMemory
{
    private const string Path = "/proc/meminfo";
    private const string Key = "MemAvailable:";

    /// <summary>Memory that can be given without swapping; null where the kernel does not say.</summary>
    internal static long? AvailableBytes()
    {
        try
        {
            return Read(File.ReadAllText(Path));
        }
        catch (IOException)
        {
            return null;
        }
    }

    internal static long? Read(string text)
    {
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
