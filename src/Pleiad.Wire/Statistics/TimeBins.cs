namespace Pleiad.Wire.Statistics;

/// <summary>Sums over time in a bounded number of bins: when time outgrows them, two become one.</summary>
internal sealed class TimeBins(int values, long firstNs)
{
    public const int BinsMax = 240;

    private readonly List<Bin> _bins = [];

    /// <summary>Width of a bin in nanoseconds.</summary>
    public long WidthNs { get; private set; } = 50_000_000;

    public IReadOnlyList<Bin> Bins => _bins;

    public Bin At(long timeNs)
    {
        var since = Math.Max(0, timeNs - firstNs);
        while (since / WidthNs >= BinsMax)
        {
            Halve();
        }

        var index = (int)(since / WidthNs);
        while (_bins.Count <= index)
        {
            _bins.Add(new Bin(values));
        }

        return _bins[index];
    }

    private void Halve()
    {
        for (var index = 0; index < _bins.Count; index += 2)
        {
            if (index + 1 < _bins.Count)
            {
                _bins[index].Add(_bins[index + 1]);
            }

            _bins[index / 2] = _bins[index];
        }

        _bins.RemoveRange((_bins.Count + 1) / 2, _bins.Count - ((_bins.Count + 1) / 2));
        WidthNs *= 2;
    }

    /// <summary>One bin: how many requests began in it, and sums of their times.</summary>
    internal sealed class Bin(int values)
    {
        public long Count { get; set; }

        public double[] Sums { get; } = new double[values];

        public long[] Counts { get; } = new long[values];

        public void Add(Bin other)
        {
            Count += other.Count;
            for (var index = 0; index < values; index++)
            {
                Sums[index] += other.Sums[index];
                Counts[index] += other.Counts[index];
            }
        }
    }
}
