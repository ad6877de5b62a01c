namespace Pleiad.Wire.Statistics;

/// <summary>
/// The uncertainty of a mean from the means of consecutive batches: times of successive requests depend on each other, and a formula for independent ones would promise too
/// much. Keeps between 20 and 40 batches by doubling their size.
/// </summary>
internal sealed class BatchMeans
{
    private const int BatchesMax = 40;

    // Student's t for 95 %, by degrees of freedom; above the table it is taken for the last.
    private static readonly double[] Student = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086];

    private readonly List<double> _means = [];
    private int _size = 1;
    private int _inBatch;
    private double _sum;

    public void Add(double value)
    {
        _sum += value;
        if (++_inBatch < _size)
        {
            return;
        }

        _means.Add(_sum / _size);
        (_sum, _inBatch) = (0, 0);
        if (_means.Count == BatchesMax)
        {
            for (var index = 0; index < BatchesMax / 2; index++)
            {
                _means[index] = (_means[2 * index] + _means[(2 * index) + 1]) / 2;
            }

            _means.RemoveRange(BatchesMax / 2, BatchesMax / 2);
            _size *= 2;
        }
    }

    /// <summary>Half the width of the 95 % interval; infinite below two batches.</summary>
    public double HalfWidth()
    {
        if (_means.Count < 2)
        {
            return double.PositiveInfinity;
        }

        var mean = _means.Average();
        var variance = _means.Sum(each => (each - mean) * (each - mean)) / (_means.Count - 1);
        return Student[Math.Min(_means.Count - 2, Student.Length - 1)] * Math.Sqrt(variance / _means.Count);
    }
}
