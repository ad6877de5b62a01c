using Pleiad.Wire.Reports;

namespace Pleiad.Wire.Statistics;

/// <summary>A sample of times in milliseconds, in the order of their coming; gives its figures with intervals at any time.</summary>
internal sealed class Series
{
    private const double Normal95 = 1.959964;

    private static readonly double[] Percents = [50, 75, 90, 95, 99];

    private readonly LogHistogram _histogram = new();
    private readonly BatchMeans _batches = new();
    private double _mean;
    private double _squares;
    private double _min = double.PositiveInfinity;
    private double _max = double.NegativeInfinity;

    public long Count => _histogram.Count;

    public double Mean => Count == 0 ? 0 : _mean;

    public double Sum => _mean * Count;

    /// <summary>Half the width of the mean's 95 % interval.</summary>
    public double HalfWidth => Math.Min(_batches.HalfWidth(), Count == 0 ? 0 : Math.Max(_max - _min, 0));

    public void Add(double value)
    {
        _histogram.Add(value);
        _batches.Add(value);
        var from = value - _mean;
        _mean += from / Count;
        _squares += from * (value - _mean);
        _min = Math.Min(_min, value);
        _max = Math.Max(_max, value);
    }

    public Distribution ToDistribution()
    {
        if (Count == 0)
        {
            return new Distribution(0, 0, 0, 0, 0, 0, 0, []);
        }

        var half = HalfWidth;
        return new Distribution(Count, _mean, _mean - half, _mean + half, Count > 1 ? Math.Sqrt(_squares / (Count - 1)) : 0, _min, _max, [.. Percents.Select(AtPercent)]);
    }

    private Percentile AtPercent(double percent)
    {
        var share = percent / 100;
        var rank = (long)Math.Ceiling(share * Count);
        var spread = Normal95 * Math.Sqrt(Count * share * (1 - share));
        return new Percentile(percent, Within(_histogram.AtRank(rank)), Within(_histogram.AtRank((long)Math.Floor(rank - spread))), Within(_histogram.AtRank((long)Math.Ceiling(rank + spread + 1))));
    }

    private double Within(double value) => Math.Clamp(value, _min, _max);
}
