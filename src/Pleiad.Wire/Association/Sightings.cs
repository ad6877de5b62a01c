using System.Runtime.InteropServices;

namespace Pleiad.Wire.Association;

/// <summary>How much was seen of a call and its request being alike in something, and how much of that chance alone would explain.</summary>
internal struct Sightings
{
    /// <summary>All that was seen.</summary>
    public double Weight { get; private set; }

    /// <summary>What was equal.</summary>
    public double Equal { get; private set; }

    /// <summary>What would be equal by chance.</summary>
    public double ByChance { get; private set; }

    public void Add(double weight, bool isEqual, double chance)
    {
        Weight += weight;
        Equal += isEqual ? weight : 0;
        ByChance += weight * chance;
    }

    /// <summary>Lets what was seen weigh less beside what comes.</summary>
    public static void Fade<T>(Dictionary<T, Sightings> all, double keep)
        where T : notnull
    {
        foreach (var key in all.Keys)
        {
            ref var seen = ref CollectionsMarshal.GetValueRefOrNullRef(all, key);
            seen.Weight *= keep;
            seen.Equal *= keep;
            seen.ByChance *= keep;
        }
    }
}
