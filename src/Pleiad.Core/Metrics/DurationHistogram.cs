namespace Pleiad.Core.Metrics;

/// <summary>Counts lengths of time in fixed buckets, as Prometheus' histograms do; bounded memory, safe for use from many threads, without a lock.</summary>
public sealed class DurationHistogram
{
    private readonly long[] _counts = new long[UpperBounds.Count + 1];
    private long _ticks;

    /// <summary>Upper bounds of the buckets, in order: from 0.5 ms to 1 min, each 2 to 2.5 times the one before; a last bucket has what is longer.</summary>
    public static IReadOnlyList<TimeSpan> UpperBounds { get; } =
        [.. new[] { 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000 }.Select(TimeSpan.FromMilliseconds)];

    /// <summary>Counts one.</summary>
    /// <param name="duration">Its length; below 0 counts as 0.</param>
    public void Observe(TimeSpan duration)
    {
        var bucket = 0;
        while (bucket < UpperBounds.Count && duration > UpperBounds[bucket])
        {
            bucket++;
        }

        Interlocked.Increment(ref _counts[bucket]);
        Interlocked.Add(ref _ticks, Math.Max(0, duration.Ticks));
    }

    /// <summary>What was counted so far.</summary>
    /// <returns>Cumulative counts, one for each of <see cref="UpperBounds"/> and one for all, and the sum; what is counted meanwhile may be in the one and not yet in the other.</returns>
    public (IReadOnlyList<long> Cumulative, TimeSpan Sum) Read()
    {
        var cumulative = new long[_counts.Length];
        var all = 0L;
        for (var bucket = 0; bucket < cumulative.Length; bucket++)
        {
            cumulative[bucket] = all += Interlocked.Read(ref _counts[bucket]);
        }

        return (cumulative, TimeSpan.FromTicks(Interlocked.Read(ref _ticks)));
    }
}
