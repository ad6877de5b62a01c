using Pleiad.Distributions.Random;

namespace Pleiad.Distributions;

/// <summary>What was measured, as it was measured: linear between the points of a quantile function, or exactly the values given.</summary>
public sealed class Empirical : Distribution
{
    private readonly double[] _probabilities;
    private readonly double[] _values;
    private readonly bool _interpolates;

    private Empirical(double[] probabilities, double[] values, bool interpolates)
    {
        (_probabilities, _values, _interpolates) = (probabilities, values, interpolates);
        double first = 0, second = 0;
        for (var i = 0; i < values.Length - 1; i++)
        {
            var (a, b, weight) = (values[i], interpolates ? values[i + 1] : values[i], probabilities[i + 1] - probabilities[i]);
            first += weight * (a + b) / 2;
            second += weight * ((a * a) + (a * b) + (b * b)) / 3;
        }

        (Mean, Variance) = (first, Math.Max(0, second - (first * first)));
    }

    /// <inheritdoc/>
    public override string Name => "empirical";

    /// <inheritdoc/>
    public override double Mean { get; }

    /// <inheritdoc/>
    public override double Variance { get; }

    /// <inheritdoc/>
    public override int ParameterCount => _values.Length;

    /// <summary>The points: probability and value in seconds, both rising.</summary>
    public IEnumerable<(double Probability, double Value)> Points => _probabilities.Zip(_values);

    /// <summary>From measured values.</summary>
    /// <param name="samples">Times in seconds, 0 or more, at least one.</param>
    /// <param name="interpolates">Whether times between neighbours occur too, or only those given.</param>
    public static Empirical FromSamples(IEnumerable<double> samples, bool interpolates = true)
    {
        double[] sorted = [.. samples.Select(sample => NotNegative(sample, nameof(samples))).Order()];
        ArgumentOutOfRangeException.ThrowIfZero(sorted.Length, nameof(samples));
        if (!interpolates || sorted.Length == 1)
        {
            // One step of height 1/n for each value; the last value is repeated to close the last step.
            return new Empirical([.. Enumerable.Range(0, sorted.Length + 1).Select(i => (double)i / sorted.Length)], [.. sorted, sorted[^1]], interpolates: false);
        }

        return new Empirical([.. sorted.Select((_, i) => (double)i / (sorted.Length - 1))], sorted, interpolates: true);
    }

    /// <summary>From a quantile function, linear between its points.</summary>
    /// <param name="points">Probability from 0 to 1 and time in seconds, both rising; the first probability is 0 and the last is 1.</param>
    public static Empirical FromQuantiles(IReadOnlyList<(double Probability, double Value)> points)
    {
        if (points.Count < 2 || points[0].Probability != 0 || points[^1].Probability != 1
            || points.Zip(points.Skip(1)).Any(pair => pair.Second.Probability <= pair.First.Probability || pair.Second.Value < pair.First.Value) || points[0].Value < 0)
        {
            throw new ArgumentException("give probabilities from 0 to 1 and times of at least 0, both rising", nameof(points));
        }

        return new Empirical([.. points.Select(point => point.Probability)], [.. points.Select(point => NotNegative(point.Value, nameof(points)))], interpolates: true);
    }

    /// <inheritdoc/>
    public override double Sample(RandomStream random) => Quantile(random.NextDouble());

    /// <inheritdoc/>
    public override double Quantile(double p)
    {
        var at = Array.BinarySearch(_probabilities, p);
        at = Math.Clamp(at < 0 ? ~at - 1 : at, 0, _values.Length - 2);
        if (!_interpolates)
        {
            return _values[at];
        }

        var share = (p - _probabilities[at]) / (_probabilities[at + 1] - _probabilities[at]);
        return _values[at] + (Math.Min(share, 1) * (_values[at + 1] - _values[at]));
    }

    /// <inheritdoc/>
    public override double Cumulative(double x)
    {
        if (x < _values[0])
        {
            return 0;
        }

        // The last point at or below x.
        var (low, high) = (0, _values.Length);
        while (high - low > 1)
        {
            var middle = (low + high) / 2;
            (low, high) = _values[middle] <= x ? (middle, high) : (low, middle);
        }

        if (low == _values.Length - 1)
        {
            return 1;
        }

        var step = _values[low + 1] - _values[low];
        return _interpolates ? _probabilities[low] + ((x - _values[low]) / step * (_probabilities[low + 1] - _probabilities[low])) : _probabilities[low + 1];
    }

    /// <inheritdoc/>
    public override Distribution Scaled(double factor) => new Empirical(_probabilities, [.. _values.Select(value => value * factor)], _interpolates);
}
