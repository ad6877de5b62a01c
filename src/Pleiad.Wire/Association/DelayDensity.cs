using System.Numerics;

namespace Pleiad.Wire.Association;

/// <summary>
/// Learned densities of a delay, one for each group and one for all: histograms over logarithmic bins, smoothed, with the group's own share growing with what was seen of it.
/// No shape is assumed: delays of real systems have several humps.
/// </summary>
internal sealed class DelayDensity
{
    private const int BinsPerOctave = 4;
    private const int FirstOctave = 10; // 2^10 ns, about a microsecond
    private const int Octaves = 30; // up to 2^40 ns, about 18 minutes
    private const int Bins = Octaves * BinsPerOctave;
    private const double NsPerSecond = 1e9;

    // Share of the mass that is spread over all bins, so that a delay never seen is unlikely, not impossible.
    private const double Spread = 0.02;

    // What a group's own histogram must hold to weigh as much as that of all.
    private const double OwnWeight = 30;

    private static readonly double[] Widths = MakeWidths();

    private readonly Dictionary<int, Histogram> _groups = [];
    private readonly Histogram _all = new();

    /// <summary>Logarithm of the density, per second, of a delay within a group.</summary>
    public double Log(int group, long delayNs) => (_groups.TryGetValue(group, out var own) ? own : _all).LogDensity[BinOf(delayNs)];

    public void Add(int group, long delayNs, double weight)
    {
        if (!_groups.TryGetValue(group, out var own))
        {
            own = new Histogram();
            _all.LogDensity.CopyTo(own.LogDensity, 0);
            _groups.Add(group, own);
        }

        var bin = BinOf(delayNs);
        own.Counts[bin] += weight;
        _all.Counts[bin] += weight;
    }

    /// <summary>Makes the densities of what was added.</summary>
    public void Update()
    {
        var shared = Smooth(_all.Counts);
        Mix(shared, 1, Spread / Bins);
        SetLog(_all, shared);
        foreach (var own in _groups.Values)
        {
            var total = own.Counts.Sum();
            var mass = Smooth(own.Counts);
            var share = total / (total + OwnWeight);
            for (var bin = 0; bin < Bins; bin++)
            {
                mass[bin] = (share * (((1 - Spread) * mass[bin]) + (Spread / Bins))) + ((1 - share) * shared[bin]);
            }

            SetLog(own, mass);
        }
    }

    /// <summary>Lets what was added count less beside what comes.</summary>
    public void Fade(double keep)
    {
        Fade(_all, keep);
        foreach (var own in _groups.Values)
        {
            Fade(own, keep);
        }
    }

    private static void Fade(Histogram histogram, double keep)
    {
        for (var bin = 0; bin < Bins; bin++)
        {
            histogram.Counts[bin] *= keep;
        }
    }

    private static int BinOf(long delayNs)
    {
        if (delayNs < 1L << FirstOctave)
        {
            return 0;
        }

        var octave = BitOperations.Log2((ulong)delayNs);
        var part = (int)((delayNs >> (octave - 2)) & 3);
        return Math.Min(((octave - FirstOctave) * BinsPerOctave) + part, Bins - 1);
    }

    private static double[] MakeWidths()
    {
        var widths = new double[Bins];
        for (var bin = 0; bin < Bins; bin++)
        {
            widths[bin] = Math.Pow(2, FirstOctave + (bin / BinsPerOctave)) / BinsPerOctave / NsPerSecond;
        }

        // The first holds everything below it too.
        widths[0] += Math.Pow(2, FirstOctave) / NsPerSecond;
        return widths;
    }

    /// <summary>The share of each bin, evened out over its neighbours; even over all when nothing was seen.</summary>
    private static double[] Smooth(double[] counts)
    {
        var mass = new double[Bins];
        var total = counts.Sum();
        for (var bin = 0; bin < Bins; bin++)
        {
            mass[bin] = total <= 0 ? 1.0 / Bins
                : ((counts[Math.Max(bin - 1, 0)] * 0.2) + (counts[bin] * 0.6) + (counts[Math.Min(bin + 1, Bins - 1)] * 0.2)) / total;
        }

        return mass;
    }

    private static void Mix(double[] mass, double share, double each)
    {
        for (var bin = 0; bin < Bins; bin++)
        {
            mass[bin] = ((share - Spread) * mass[bin]) + each;
        }
    }

    private static void SetLog(Histogram histogram, double[] mass)
    {
        for (var bin = 0; bin < Bins; bin++)
        {
            histogram.LogDensity[bin] = Math.Log(mass[bin] / Widths[bin]);
        }
    }

    private sealed class Histogram
    {
        public double[] Counts { get; } = new double[Bins];

        public double[] LogDensity { get; } = new double[Bins];
    }
}
