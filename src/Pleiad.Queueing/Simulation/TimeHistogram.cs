namespace Pleiad.Queueing.Simulation;

/// <summary>Counts of times in buckets 1/64 of an octave wide (at most 1.6 %), from 1 ns to 30 years; quantiles are interpolated within a bucket.</summary>
internal sealed class TimeHistogram
{
    private const int BitsPerOctave = 6;
    private const int Shift = 52 - BitsPerOctave;
    private const int ExponentMin = 1023 - 30;
    private const int Octaves = 60;
    private const long Base = (long)ExponentMin << BitsPerOctave;

    private readonly long[] _counts = new long[(Octaves << BitsPerOctave) + 1];

    public long Count { get; private set; }

    public void Add(double seconds)
    {
        var bucket = (BitConverter.DoubleToInt64Bits(seconds) >> Shift) - Base;
        _counts[(int)Math.Clamp(bucket, 0, _counts.Length - 1)]++;
        Count++;
    }

    private void Clear()
    {
        Array.Clear(_counts);
        Count = 0;
    }

    /// <summary>What was counted, without the empty buckets; the counting begins again.</summary>
    public TimeCounts Take()
    {
        var used = new List<int>();
        for (var bucket = 0; bucket < _counts.Length; bucket++)
        {
            if (_counts[bucket] > 0)
            {
                used.Add(bucket);
            }
        }

        var counts = new TimeCounts([.. used], [.. used.Select(bucket => _counts[bucket])]);
        Clear();
        return counts;
    }

    public void Add(TimeCounts other)
    {
        for (var i = 0; i < other.Buckets.Length; i++)
        {
            _counts[other.Buckets[i]] += other.Counts[i];
            Count += other.Counts[i];
        }
    }

    public void Add(TimeHistogram other)
    {
        for (var i = 0; i < _counts.Length; i++)
        {
            _counts[i] += other._counts[i];
        }

        Count += other.Count;
    }

    /// <summary>The time that the share <paramref name="p"/> does not exceed; NaN without any.</summary>
    public double Quantile(double p)
    {
        if (Count == 0)
        {
            return double.NaN;
        }

        var wanted = p * Count;
        var passed = 0L;
        for (var bucket = 0; bucket < _counts.Length; bucket++)
        {
            if (_counts[bucket] > 0 && passed + _counts[bucket] >= wanted)
            {
                var low = bucket == 0 ? 0 : Edge(bucket);
                return low + ((Edge(bucket + 1) - low) * (wanted - passed) / _counts[bucket]);
            }

            passed += _counts[bucket];
        }

        return Edge(_counts.Length);
    }

    private static double Edge(int bucket) => BitConverter.Int64BitsToDouble((bucket + Base) << Shift);
}

/// <summary>Buckets of a histogram that are not empty, with their counts.</summary>
internal sealed record TimeCounts(int[] Buckets, long[] Counts);
