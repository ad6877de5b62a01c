namespace Pleiad.Wire.Association;

/// <summary>Counts of how common values are.</summary>
internal static class Frequencies
{
    /// <summary>Lets what was counted weigh half beside what comes; what was seen once is forgotten.</summary>
    public static void Halve<T>(Dictionary<T, int> counts)
        where T : notnull
    {
        foreach (var (key, count) in counts)
        {
            if (count > 1)
            {
                counts[key] = count / 2;
            }
            else
            {
                counts.Remove(key);
            }
        }
    }
}
