namespace Pleiad.Wire.Statistics;

/// <summary>
/// Counts values in bins that divide each octave evenly, so fine that a percentile is exact to 0.2 %; memory grows with the range of the values, not with their number. A value's
/// bin stands in its bits: exponent and first digits.
/// </summary>
internal sealed class LogHistogram
{
    private const int BinBits = 8;
    private const int BinsPerOctave = 1 << BinBits;
    private const int MantissaBits = 52;
    private const double Smallest = 1.0 / (1 << 20);
    private const int Octaves = 64;

    private static readonly long First = BitConverter.DoubleToInt64Bits(Smallest) >> (MantissaBits - BinBits);

    private readonly long[]?[] _octaves = new long[]?[Octaves];

    // Values that are not above the smallest one: most of all zeros.
    private long _none;

    public long Count { get; private set; }

    public void Add(double value)
    {
        Count++;
        if (!(value >= Smallest))
        {
            _none++;
            return;
        }

        var at = (int)Math.Min((BitConverter.DoubleToInt64Bits(value) >> (MantissaBits - BinBits)) - First, (Octaves * BinsPerOctave) - 1);
        (_octaves[at >> BinBits] ??= new long[BinsPerOctave])[at & (BinsPerOctave - 1)]++;
    }

    /// <summary>The value of a rank, from 1 to <see cref="Count"/>; 0 for values that are not above 0.</summary>
    public double AtRank(long rank)
    {
        rank = Math.Clamp(rank, 1, Math.Max(Count, 1)) - _none;
        if (rank <= 0)
        {
            return 0;
        }

        for (var octave = 0; octave < Octaves; octave++)
        {
            if (_octaves[octave] is not { } bins)
            {
                continue;
            }

            for (var bin = 0; bin < BinsPerOctave; bin++)
            {
                rank -= bins[bin];
                if (rank <= 0)
                {
                    return Math.ScaleB(Smallest * (1 + ((bin + 0.5) / BinsPerOctave)), octave);
                }
            }
        }

        return 0;
    }
}
