using MathNet.Numerics;
using Pleiad.Distributions.Random;

namespace Pleiad.Distributions;

/// <summary>Always the same time.</summary>
/// <param name="value">The time in seconds, 0 or more.</param>
public sealed class Deterministic(double value) : Distribution
{
    private readonly double _value = NotNegative(value, nameof(value));

    /// <inheritdoc/>
    public override string Name => "deterministic";

    /// <inheritdoc/>
    public override double Mean => _value;

    /// <inheritdoc/>
    public override double Variance => 0;

    /// <inheritdoc/>
    public override int ParameterCount => 1;

    /// <inheritdoc/>
    public override double Sample(RandomStream random) => _value;

    /// <inheritdoc/>
    public override double Cumulative(double x) => x >= _value ? 1 : 0;

    /// <inheritdoc/>
    public override double Quantile(double p) => _value;

    /// <inheritdoc/>
    public override Distribution Scaled(double factor) => new Deterministic(_value * factor);
}

/// <summary>The distribution without memory: c² = 1.</summary>
/// <param name="mean">Mean in seconds, above 0.</param>
public sealed class Exponential(double mean) : Distribution
{
    private readonly double _mean = Positive(mean, nameof(mean));

    /// <inheritdoc/>
    public override string Name => "exponential";

    /// <inheritdoc/>
    public override double Mean => _mean;

    /// <inheritdoc/>
    public override double Variance => _mean * _mean;

    /// <inheritdoc/>
    public override int ParameterCount => 1;

    /// <inheritdoc/>
    public override double Sample(RandomStream random) => _mean * random.NextExponential();

    /// <inheritdoc/>
    public override double Cumulative(double x) => x <= 0 ? 0 : -Math.Exp(-x / _mean) + 1;

    /// <inheritdoc/>
    public override double LogDensity(double x) => x < 0 ? double.NegativeInfinity : -Math.Log(_mean) - (x / _mean);

    /// <inheritdoc/>
    public override double Quantile(double p) => -_mean * Math.Log(1 - p);

    /// <inheritdoc/>
    public override Distribution Scaled(double factor) => factor == 0 ? new Deterministic(0) : new Exponential(_mean * factor);
}

/// <summary>The sum of k exponential times of equal mean: c² = 1/k.</summary>
/// <param name="mean">Mean of the sum in seconds, above 0.</param>
/// <param name="phases">k, from 1 to 10,000.</param>
public sealed class Erlang(double mean, int phases) : Distribution
{
    private readonly double _mean = Positive(mean, nameof(mean));

    /// <summary>Number of exponential times in the sum.</summary>
    public int Phases { get; } = phases is >= 1 and <= 10_000 ? phases : throw new ArgumentOutOfRangeException(nameof(phases), phases, "give 1 to 10000");

    /// <inheritdoc/>
    public override string Name => "erlang";

    /// <inheritdoc/>
    public override double Mean => _mean;

    /// <inheritdoc/>
    public override double Variance => _mean * _mean / Phases;

    /// <inheritdoc/>
    public override int ParameterCount => 2;

    /// <inheritdoc/>
    public override double Sample(RandomStream random)
    {
        if (Phases > 32)
        {
            return _mean / Phases * Gamma.SampleStandard(random, Phases);
        }

        var sum = 0.0;
        for (var phase = 0; phase < Phases; phase++)
        {
            sum += random.NextExponential();
        }

        return _mean / Phases * sum;
    }

    /// <inheritdoc/>
    public override double Cumulative(double x) => x <= 0 ? 0 : SpecialFunctions.GammaLowerRegularized(Phases, x * Phases / _mean);

    /// <inheritdoc/>
    public override double LogDensity(double x)
    {
        var rate = Phases / _mean;
        return x < 0 ? double.NegativeInfinity : (Phases * Math.Log(rate)) + (Phases == 1 ? 0 : (Phases - 1) * Math.Log(x)) - (rate * x) - SpecialFunctions.GammaLn(Phases);
    }

    /// <inheritdoc/>
    public override Distribution Scaled(double factor) => factor == 0 ? new Deterministic(0) : new Erlang(_mean * factor, Phases);
}

/// <summary>An exponential time whose mean is drawn first: c² ≥ 1.</summary>
public sealed class HyperExponential : Distribution
{
    private readonly double[] _probabilities;
    private readonly double[] _means;

    /// <summary>From its branches.</summary>
    /// <param name="probabilities">Probability of each branch; they sum to 1.</param>
    /// <param name="means">Mean of each branch in seconds, above 0.</param>
    public HyperExponential(IReadOnlyList<double> probabilities, IReadOnlyList<double> means)
    {
        if (probabilities.Count == 0 || probabilities.Count != means.Count || probabilities.Any(p => p is < 0 or > 1) || Math.Abs(probabilities.Sum() - 1) > 1e-6)
        {
            throw new ArgumentException("give as many probabilities as means, from 0 to 1 and with sum 1", nameof(probabilities));
        }

        _probabilities = [.. probabilities.Select(p => p / probabilities.Sum())];
        _means = [.. means.Select(mean => Positive(mean, nameof(means)))];
    }

    /// <summary>Two branches with balanced means (each contributes half of the mean), from mean and c².</summary>
    /// <param name="mean">Mean in seconds, above 0.</param>
    /// <param name="squaredVariation">c², at least 1.</param>
    public static HyperExponential FromMoments(double mean, double squaredVariation)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(squaredVariation, 1);
        var p = 0.5 * (1 + Math.Sqrt((squaredVariation - 1) / (squaredVariation + 1)));
        return new HyperExponential([p, 1 - p], [mean / (2 * p), mean / (2 * (1 - p))]);
    }

    /// <summary>Probability of each branch.</summary>
    public IReadOnlyList<double> Probabilities => _probabilities;

    /// <summary>Mean of each branch, in seconds.</summary>
    public IReadOnlyList<double> Means => _means;

    /// <inheritdoc/>
    public override string Name => "hyperexponential";

    /// <inheritdoc/>
    public override double Mean => _probabilities.Zip(_means, (p, m) => p * m).Sum();

    /// <inheritdoc/>
    public override double Variance => _probabilities.Zip(_means, (p, m) => 2 * p * m * m).Sum() - (Mean * Mean);

    /// <inheritdoc/>
    public override int ParameterCount => (2 * _means.Length) - 1;

    /// <inheritdoc/>
    public override double Sample(RandomStream random)
    {
        var u = random.NextDouble();
        var branch = 0;
        while (branch < _means.Length - 1 && u >= _probabilities[branch])
        {
            u -= _probabilities[branch++];
        }

        return _means[branch] * random.NextExponential();
    }

    /// <inheritdoc/>
    public override double Cumulative(double x) => x <= 0 ? 0 : 1 - _probabilities.Zip(_means, (p, m) => p * Math.Exp(-x / m)).Sum();

    /// <inheritdoc/>
    public override double LogDensity(double x) => x < 0 ? double.NegativeInfinity : Math.Log(_probabilities.Zip(_means, (p, m) => p / m * Math.Exp(-x / m)).Sum());

    /// <inheritdoc/>
    public override Distribution Scaled(double factor) => factor == 0 ? new Deterministic(0) : new HyperExponential(_probabilities, [.. _means.Select(m => m * factor)]);
}
