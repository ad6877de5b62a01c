using Pleiad.Distributions.Random;

namespace Pleiad.Distributions;

/// <summary>
/// A distribution of lengths of time, in seconds, 0 or more. Immutable. Samples come from additions, multiplications and square roots only, so that a stream gives the same ones on
/// every machine; probabilities and moments may use the system's mathematics.
/// </summary>
public abstract class Distribution
{
    /// <summary>Its name in model files, for example <c>exponential</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Mean, in seconds; infinity when it has none.</summary>
    public abstract double Mean { get; }

    /// <summary>Variance, in seconds squared; infinity when it has none.</summary>
    public abstract double Variance { get; }

    /// <summary>Variance over the mean squared (c²): 0 for a constant, 1 for the exponential.</summary>
    public double SquaredVariation => Mean == 0 ? 0 : Variance / (Mean * Mean);

    /// <summary>How many parameters a fit chooses; the information criteria count them.</summary>
    public abstract int ParameterCount { get; }

    /// <summary>Draws a sample, in seconds.</summary>
    public abstract double Sample(RandomStream random);

    /// <summary>Probability of a sample of at most <paramref name="x"/> seconds.</summary>
    public abstract double Cumulative(double x);

    /// <summary>Logarithm of the density at <paramref name="x"/>; minus infinity where there is none, NaN for distributions without a density.</summary>
    public virtual double LogDensity(double x) => double.NaN;

    /// <summary>The same shape with all times multiplied by <paramref name="factor"/>, 0 or more.</summary>
    public abstract Distribution Scaled(double factor);

    /// <summary>The smallest x with <see cref="Cumulative"/> ≥ <paramref name="p"/>, by bisection unless there is a closed form.</summary>
    /// <param name="p">From 0 to below 1.</param>
    public virtual double Quantile(double p)
    {
        if (p <= 0)
        {
            return 0;
        }

        var high = Mean is > 0 and < double.PositiveInfinity ? Mean : 1;
        while (Cumulative(high) < p && high < 1e300)
        {
            high *= 2;
        }

        var low = 0.0;
        for (var i = 0; i < 200 && high - low > 1e-15 * high; i++)
        {
            var middle = (low + high) / 2;
            if (Cumulative(middle) < p)
            {
                low = middle;
            }
            else
            {
                high = middle;
            }
        }

        return high;
    }

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"{Name} (mean {Mean:G4} s, c² {SquaredVariation:G3})");

    private protected static double Positive(double value, string name) =>
        value > 0 && double.IsFinite(value) ? value : throw new ArgumentOutOfRangeException(name, value, "give a finite number above 0");

    private protected static double NotNegative(double value, string name) =>
        value >= 0 && double.IsFinite(value) ? value : throw new ArgumentOutOfRangeException(name, value, "give a finite number of at least 0");
}
