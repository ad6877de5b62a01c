namespace Pleiad.Queueing.Exact;

/// <summary>All population vectors from 0 to N, numbered so that a vector comes after all that are below it.</summary>
internal sealed class Lattice
{
    private readonly int[] _strides;

    public Lattice(int[] populations)
    {
        Populations = populations;
        _strides = new int[populations.Length];
        var size = 1;
        for (var r = 0; r < populations.Length; r++)
        {
            _strides[r] = size;
            size = checked(size * (populations[r] + 1));
        }

        Size = size;
    }

    public int[] Populations { get; }

    public int Size { get; }

    public int Last => Size - 1;

    public int Stride(int @class) => _strides[@class];

    /// <summary>How many vectors there would be.</summary>
    public static double SizeOf(IEnumerable<int> populations) => populations.Aggregate(1.0, (size, n) => size * (n + 1.0));

    /// <summary>Goes to the next vector in the order of numbers.</summary>
    public void Advance(int[] vector)
    {
        for (var r = 0; r < vector.Length; r++)
        {
            if (++vector[r] <= Populations[r])
            {
                return;
            }

            vector[r] = 0;
        }
    }
}
