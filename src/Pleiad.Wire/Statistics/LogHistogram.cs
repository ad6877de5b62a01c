namespace Pleiad.Wire.Statistics;

/// <summary>Counts values on a logarithmic scale fine enough that a percentile is exact to 0.3 %; memory grows with the range of the values, not with their number.</summary>
internal sealed class LogHistogram
{
    private const int BinsPerOctave = 256;
    private const double Smallest = 1e-6;

    private const int Octaves = 64;

    private readonly long[]?[] _octaves = new long[]?[Octaves];

    public long Count { get; private set; }

    public void Add(double value)
    {
        var at = Math.Min(BinOf(value), (Octaves * BinsPerOctave) - 1);
        (_octaves[at / BinsPerOctave] ??= new long[BinsPerOctave])[at % BinsPerOctave]++;
        Count++;
    }

    /// <summary>The value of a rank, from 1 to <see cref="Count"/>; 0 for values that are not above 0.</summary>
    public double AtRank(long rank)
    {
        rank = Math.Clamp(rank, 1, Math.Max(Count, 1));
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
                    var index = (octave * BinsPerOctave) + bin;
                    return index == 0 ? 0 : Smallest * Math.Pow(2, (index - 0.5) / BinsPerOctave);
                }
            }
        }

        return 0;
    }

    private static int BinOf(double value) => value <= Smallest ? 0 : 1 + (int)(Math.Log2(value / Smallest) * BinsPerOctave);
}
