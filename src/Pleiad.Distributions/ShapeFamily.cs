using MathNet.Numerics;
using Pleiad.Distributions.Random;

namespace Pleiad.Distributions;

/// <summary>The gamma distribution: any c² from one shape.</summary>
/// <param name="shape">Shape, above 0; c² = 1/shape.</param>
/// <param name="scale">Scale in seconds, above 0; the mean is shape × scale.</param>
public sealed class Gamma(double shape, double scale) : Distribution
{
    /// <summary>Shape: c² = 1/shape.</summary>
    public double Shape { get; } = Positive(shape, nameof(shape));

    /// <summary>Scale, in seconds.</summary>
    public double Scale { get; } = Positive(scale, nameof(scale));

    /// <inheritdoc/>
    public override string Name => "gamma";

    /// <inheritdoc/>
    public override double Mean => Shape * Scale;

    /// <inheritdoc/>
    public override double Variance => Shape * Scale * Scale;

    /// <inheritdoc/>
    public override int ParameterCount => 2;

    /// <inheritdoc/>
    public override double Sample(RandomStream random) => Scale * SampleStandard(random, Shape);

    /// <inheritdoc/>
    public override double Cumulative(double x) => x <= 0 ? 0 : SpecialFunctions.GammaLowerRegularized(Shape, x / Scale);

    /// <inheritdoc/>
    public override double LogDensity(double x) =>
        x <= 0 ? double.NegativeInfinity : ((Shape - 1) * Math.Log(x)) - (x / Scale) - SpecialFunctions.GammaLn(Shape) - (Shape * Math.Log(Scale));

    /// <inheritdoc/>
    public override Distribution Scaled(double factor) => factor == 0 ? new Deterministic(0) : new Gamma(Shape, Scale * factor);

    /// <summary>Scale 1 (Marsaglia and Tsang, A simple method for generating gamma variables, 2000).</summary>
    internal static double SampleStandard(RandomStream random, double shape)
    {
        if (shape < 1)
        {
            return SampleStandard(random, shape + 1) * PortableMath.Pow(random.NextPositive(), 1 / shape);
        }

        var d = shape - (1.0 / 3);
        var c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            var x = random.NextNormal();
            var v = 1 + (c * x);
            if (v <= 0)
            {
                continue;
            }

            v = v * v * v;
            var u = random.NextPositive();
            if (PortableMath.Log(u) < (0.5 * x * x) + d - (d * v) + (d * PortableMath.Log(v)))
            {
                return d * v;
            }
        }
    }
}

/// <summary>A time whose logarithm is normal: many service times of real programs.</summary>
/// <param name="mu">Mean of the logarithm of the time in seconds.</param>
/// <param name="sigma">Standard deviation of the logarithm, above 0.</param>
public sealed class LogNormal(double mu, double sigma) : Distribution
{
    /// <summary>Mean of the logarithm of the time in seconds; the median is e^μ.</summary>
    public double Mu { get; } = double.IsFinite(mu) ? mu : throw new ArgumentOutOfRangeException(nameof(mu), mu, "give a finite number");

    /// <summary>Standard deviation of the logarithm.</summary>
    public double Sigma { get; } = Positive(sigma, nameof(sigma));

    /// <inheritdoc/>
    public override string Name => "lognormal";

    /// <inheritdoc/>
    public override double Mean => Math.Exp(Mu + (Sigma * Sigma / 2));

    /// <inheritdoc/>
    public override double Variance => (Math.Exp(Sigma * Sigma) - 1) * Mean * Mean;

    /// <inheritdoc/>
    public override int ParameterCount => 2;

    /// <summary>From mean in seconds and c², both above 0.</summary>
    public static LogNormal FromMoments(double mean, double squaredVariation)
    {
        var variance = Math.Log(1 + Positive(squaredVariation, nameof(squaredVariation)));
        return new LogNormal(Math.Log(Positive(mean, nameof(mean))) - (variance / 2), Math.Sqrt(variance));
    }

    /// <inheritdoc/>
    public override double Sample(RandomStream random) => PortableMath.Exp(Mu + (Sigma * random.NextNormal()));

    /// <inheritdoc/>
    public override double Cumulative(double x) => x <= 0 ? 0 : 0.5 * SpecialFunctions.Erfc(-(Math.Log(x) - Mu) / (Sigma * Constants.Sqrt2));

    /// <inheritdoc/>
    public override double LogDensity(double x)
    {
        var z = (Math.Log(x) - Mu) / Sigma;
        return x <= 0 ? double.NegativeInfinity : (-z * z / 2) - Math.Log(x * Sigma) - (0.5 * Math.Log(2 * Math.PI));
    }

    /// <inheritdoc/>
    public override double Quantile(double p) => p <= 0 ? 0 : Math.Exp(Mu + (Sigma * MathNet.Numerics.Distributions.Normal.InvCDF(0, 1, p)));

    /// <inheritdoc/>
    public override Distribution Scaled(double factor) => factor == 0 ? new Deterministic(0) : new LogNormal(Mu + Math.Log(factor), Sigma);
}

/// <summary>The Weibull distribution.</summary>
/// <param name="shape">Shape, above 0; 1 is the exponential, less has a heavier tail.</param>
/// <param name="scale">Scale in seconds, above 0.</param>
public sealed class Weibull(double shape, double scale) : Distribution
{
    /// <summary>Shape: 1 is the exponential.</summary>
    public double Shape { get; } = Positive(shape, nameof(shape));

    /// <summary>Scale, in seconds.</summary>
    public double Scale { get; } = Positive(scale, nameof(scale));

    /// <inheritdoc/>
    public override string Name => "weibull";

    /// <inheritdoc/>
    public override double Mean => Scale * SpecialFunctions.Gamma(1 + (1 / Shape));

    /// <inheritdoc/>
    public override double Variance => (Scale * Scale * SpecialFunctions.Gamma(1 + (2 / Shape))) - (Mean * Mean);

    /// <inheritdoc/>
    public override int ParameterCount => 2;

    /// <inheritdoc/>
    public override double Sample(RandomStream random) => Scale * PortableMath.Pow(random.NextExponential(), 1 / Shape);

    /// <inheritdoc/>
    public override double Cumulative(double x) => x <= 0 ? 0 : 1 - Math.Exp(-Math.Pow(x / Scale, Shape));

    /// <inheritdoc/>
    public override double LogDensity(double x) =>
        x <= 0 ? double.NegativeInfinity : Math.Log(Shape / Scale) + ((Shape - 1) * Math.Log(x / Scale)) - Math.Pow(x / Scale, Shape);

    /// <inheritdoc/>
    public override double Quantile(double p) => Scale * Math.Pow(-Math.Log(1 - p), 1 / Shape);

    /// <inheritdoc/>
    public override Distribution Scaled(double factor) => factor == 0 ? new Deterministic(0) : new Weibull(Shape, Scale * factor);
}

/// <summary>The Pareto distribution: a tail so heavy that moments may be missing.</summary>
/// <param name="shape">Tail exponent, above 0; no mean at 1 or less, no variance at 2 or less.</param>
/// <param name="minimum">Smallest time in seconds, above 0.</param>
public sealed class Pareto(double shape, double minimum) : Distribution
{
    /// <summary>Tail exponent α: P(X &gt; x) = (minimum/x)^α.</summary>
    public double Shape { get; } = Positive(shape, nameof(shape));

    /// <summary>Smallest time, in seconds.</summary>
    public double Minimum { get; } = Positive(minimum, nameof(minimum));

    /// <inheritdoc/>
    public override string Name => "pareto";

    /// <inheritdoc/>
    public override double Mean => Shape > 1 ? Shape * Minimum / (Shape - 1) : double.PositiveInfinity;

    /// <inheritdoc/>
    public override double Variance => Shape > 2 ? Minimum * Minimum * Shape / ((Shape - 1) * (Shape - 1) * (Shape - 2)) : double.PositiveInfinity;

    /// <inheritdoc/>
    public override int ParameterCount => 2;

    /// <inheritdoc/>
    public override double Sample(RandomStream random) => Minimum * PortableMath.Exp(random.NextExponential() / Shape);

    /// <inheritdoc/>
    public override double Cumulative(double x) => x <= Minimum ? 0 : 1 - Math.Pow(Minimum / x, Shape);

    /// <inheritdoc/>
    public override double LogDensity(double x) =>
        x < Minimum ? double.NegativeInfinity : Math.Log(Shape) + (Shape * Math.Log(Minimum)) - ((Shape + 1) * Math.Log(x));

    /// <inheritdoc/>
    public override double Quantile(double p) => Minimum * Math.Pow(1 - p, -1 / Shape);

    /// <inheritdoc/>
    public override Distribution Scaled(double factor) => factor == 0 ? new Deterministic(0) : new Pareto(Shape, Minimum * factor);
}

/// <summary>All times between two bounds equally likely.</summary>
/// <param name="min">Smallest time in seconds, 0 or more.</param>
/// <param name="max">Largest time in seconds, above the smallest.</param>
public sealed class Uniform(double min, double max) : Distribution
{
    private readonly double _min = NotNegative(min, nameof(min));
    private readonly double _max = max > min && double.IsFinite(max) ? max : throw new ArgumentOutOfRangeException(nameof(max), max, "give a number above the smallest");

    /// <summary>Smallest time, in seconds.</summary>
    public double Min => _min;

    /// <summary>Largest time, in seconds.</summary>
    public double Max => _max;

    /// <inheritdoc/>
    public override string Name => "uniform";

    /// <inheritdoc/>
    public override double Mean => (_min + _max) / 2;

    /// <inheritdoc/>
    public override double Variance => (_max - _min) * (_max - _min) / 12;

    /// <inheritdoc/>
    public override int ParameterCount => 2;

    /// <inheritdoc/>
    public override double Sample(RandomStream random) => _min + ((_max - _min) * random.NextDouble());

    /// <inheritdoc/>
    public override double Cumulative(double x) => Math.Clamp((x - _min) / (_max - _min), 0, 1);

    /// <inheritdoc/>
    public override double LogDensity(double x) => x < _min || x > _max ? double.NegativeInfinity : -Math.Log(_max - _min);

    /// <inheritdoc/>
    public override double Quantile(double p) => _min + (p * (_max - _min));

    /// <inheritdoc/>
    public override Distribution Scaled(double factor) => factor == 0 ? new Deterministic(0) : new Uniform(_min * factor, _max * factor);
}
