using System.Buffers.Binary;
using System.Numerics;

namespace Pleiad.Load.Recording;

/// <summary>
/// Counts of lengths of time, log-linear: 128 steps to every doubling, so that a value is known within 0.4 %. Memory is bounded by the range (1 ns to 78 h: at most 43 blocks of
/// 1 KiB, of which a real distribution touches a few), recording is constant time, histograms are merged by addition without loss. Not for several threads at once.
/// </summary>
internal sealed class Histogram
{
    private const int SubBits = 7;
    private const int SubCount = 1 << SubBits;
    private const int BlocksMax = 43;

    /// <summary>Largest value that is told apart, in nanoseconds.</summary>
    public const long NanosecondsMax = (1L << (SubBits + BlocksMax - 1)) - 1;

    /// <summary>Half of a step, relative to the value.</summary>
    public const double RelativeError = 0.5 / SubCount;

    private readonly long[]?[] _blocks = new long[]?[BlocksMax];

    public long Count { get; private set; }

    public long Max { get; private set; }

    public long Min { get; private set; } = long.MaxValue;

    /// <summary>Sum of the values as they were, not as they are counted.</summary>
    public double Sum { get; private set; }

    public double SumOfSquares { get; private set; }

    public double Mean => Count == 0 ? double.NaN : Sum / Count;

    public void Record(long nanoseconds)
    {
        var value = Math.Clamp(nanoseconds, 0, NanosecondsMax);
        var (block, at) = Place(value);
        (_blocks[block] ??= new long[SubCount])[at]++;
        Count++;
        Sum += value;
        SumOfSquares += (double)value * value;
        Max = Math.Max(Max, value);
        Min = Math.Min(Min, value);
    }

    public void Add(Histogram other)
    {
        for (var block = 0; block < BlocksMax; block++)
        {
            if (other._blocks[block] is { } from)
            {
                var to = _blocks[block] ??= new long[SubCount];
                for (var i = 0; i < SubCount; i++)
                {
                    to[i] += from[i];
                }
            }
        }

        Count += other.Count;
        Sum += other.Sum;
        SumOfSquares += other.SumOfSquares;
        Max = Math.Max(Max, other.Max);
        Min = Math.Min(Min, other.Min);
    }

    public void Clear()
    {
        foreach (var block in _blocks)
        {
            block?.AsSpan().Clear();
        }

        (Count, Max, Min, Sum, SumOfSquares) = (0, 0, long.MaxValue, 0, 0);
    }

    /// <summary>The value below or at which the share <paramref name="q"/> of all lies, in nanoseconds; NaN when there are none.</summary>
    public double Quantile(double q)
    {
        if (Count == 0)
        {
            return double.NaN;
        }

        var rank = Math.Clamp((long)Math.Ceiling(q * Count), 1, Count);
        foreach (var (low, high, count) in Buckets())
        {
            rank -= count;
            if (rank <= 0)
            {
                return Math.Clamp((low + high) / 2.0, Min, Max);
            }
        }

        return Max;
    }

    /// <summary>Share of the values of at most <paramref name="nanoseconds"/>.</summary>
    public double ShareUpTo(double nanoseconds)
    {
        long below = 0;
        foreach (var (low, high, count) in Buckets())
        {
            if ((low + high) / 2.0 <= nanoseconds)
            {
                below += count;
            }
        }

        return Count == 0 ? double.NaN : (double)below / Count;
    }

    /// <summary>Buckets that hold something: first and last value, and how many.</summary>
    public IEnumerable<(long Low, long High, long Count)> Buckets()
    {
        for (var block = 0; block < BlocksMax; block++)
        {
            for (var at = 0; _blocks[block] is { } counts && at < SubCount; at++)
            {
                if (counts[at] != 0)
                {
                    var width = block == 0 ? 1L : 1L << (block - 1);
                    var low = block == 0 ? at : (SubCount + at) * width;
                    yield return (low, low + width - 1, counts[at]);
                }
            }
        }
    }

    /// <summary>The whole as bytes: the figures, then each bucket as distance and count in variable length.</summary>
    public byte[] ToBytes()
    {
        var bytes = new List<byte>(64);
        Span<byte> figure = stackalloc byte[8];
        BinaryPrimitives.WriteDoubleLittleEndian(figure, Sum);
        bytes.AddRange(figure);
        BinaryPrimitives.WriteDoubleLittleEndian(figure, SumOfSquares);
        bytes.AddRange(figure);
        Write(bytes, (ulong)Max);
        Write(bytes, (ulong)(Count == 0 ? 0 : Min));
        var last = 0;
        for (var index = 0; index < BlocksMax * SubCount; index++)
        {
            if (_blocks[index / SubCount]?[index % SubCount] is > 0 and var count)
            {
                Write(bytes, (ulong)(index - last));
                Write(bytes, (ulong)count);
                last = index;
            }
        }

        return [.. bytes];
    }

    /// <summary>Reads what <see cref="ToBytes"/> wrote.</summary>
    /// <exception cref="InvalidDataException">It is nothing of the kind.</exception>
    public static Histogram FromBytes(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 18)
        {
            throw new InvalidDataException("A histogram has at least 18 bytes.");
        }

        var result = new Histogram { Sum = BinaryPrimitives.ReadDoubleLittleEndian(bytes), SumOfSquares = BinaryPrimitives.ReadDoubleLittleEndian(bytes[8..]) };
        bytes = bytes[16..];
        result.Max = (long)Read(ref bytes);
        result.Min = (long)Read(ref bytes);
        var index = 0L;
        while (!bytes.IsEmpty)
        {
            index += (long)Read(ref bytes);
            var count = (long)Read(ref bytes);
            if (index is < 0 or >= BlocksMax * SubCount || count < 0)
            {
                throw new InvalidDataException("A bucket of the histogram lies outside.");
            }

            (result._blocks[index / SubCount] ??= new long[SubCount])[index % SubCount] += count;
            result.Count += count;
        }

        if (result.Count == 0)
        {
            result.Min = long.MaxValue;
        }

        return result;
    }

    private static (int Block, int At) Place(long value)
    {
        var block = Math.Max(0, BitOperations.Log2((ulong)value | 1) - SubBits + 1);
        return block == 0 ? (0, (int)value) : (block, (int)(value >> (block - 1)) - SubCount);
    }

    private static void Write(List<byte> bytes, ulong value)
    {
        while (value >= 128)
        {
            bytes.Add((byte)(value | 128));
            value >>= 7;
        }

        bytes.Add((byte)value);
    }

    private static ulong Read(ref ReadOnlySpan<byte> bytes)
    {
        var value = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (bytes.IsEmpty)
            {
                break;
            }

            var each = bytes[0];
            bytes = bytes[1..];
            value |= (ulong)(each & 127) << shift;
            if (each < 128)
            {
                return value;
            }
        }

        throw new InvalidDataException("A number of the histogram does not end.");
    }
}
