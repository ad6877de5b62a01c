using Pleiad.Distributions.Random;

namespace Pleiad.Distributions.Arrivals;

/// <summary>How requests arrive from outside. Immutable; <see cref="Start"/> makes what has a state.</summary>
public abstract class ArrivalProcess
{
    /// <summary>Its name in model files, for example <c>poisson</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Mean number of arrivals per second in the long run.</summary>
    public abstract double RatePerSecond { get; }

    /// <summary>Variance over squared mean of the time between arrivals: 1 for Poisson. NaN where there is no such stationary figure.</summary>
    public abstract double SquaredVariation { get; }

    /// <summary>Begins at time 0.</summary>
    public abstract ArrivalSource Start(RandomStream random);

    /// <summary>The same process, quicker or slower.</summary>
    /// <param name="ratePerSecond">The new mean rate, above 0.</param>
    public abstract ArrivalProcess WithRate(double ratePerSecond);
}

/// <summary>One run of an arrival process.</summary>
public abstract class ArrivalSource
{
    /// <summary>Time of the next arrival in seconds since the start, not before the previous one; infinity when there are no more.</summary>
    public abstract double Next();
}

/// <summary>Arrivals without memory, the result of many independent clients.</summary>
/// <param name="ratePerSecond">Mean arrivals per second, above 0.</param>
public sealed class PoissonArrivals(double ratePerSecond) : ArrivalProcess
{
    /// <inheritdoc/>
    public override string Name => "poisson";

    /// <inheritdoc/>
    public override double RatePerSecond { get; } = ratePerSecond > 0 && double.IsFinite(ratePerSecond) ? ratePerSecond : throw new ArgumentOutOfRangeException(nameof(ratePerSecond));

    /// <inheritdoc/>
    public override double SquaredVariation => 1;

    /// <inheritdoc/>
    public override ArrivalSource Start(RandomStream random) => new Source(1 / RatePerSecond, random);

    /// <inheritdoc/>
    public override ArrivalProcess WithRate(double ratePerSecond) => new PoissonArrivals(ratePerSecond);

    private sealed class Source(double mean, RandomStream random) : ArrivalSource
    {
        private double _now;

        public override double Next() => _now += mean * random.NextExponential();
    }
}

/// <summary>Independent times between arrivals, all of one distribution.</summary>
/// <param name="interval">The time between two arrivals; its mean is above 0 and finite.</param>
public sealed class RenewalArrivals(Distribution interval) : ArrivalProcess
{
    private readonly Distribution _interval = interval.Mean > 0 && double.IsFinite(interval.Mean) ? interval : throw new ArgumentOutOfRangeException(nameof(interval));

    /// <summary>The time between two arrivals.</summary>
    public Distribution Interval => _interval;

    /// <inheritdoc/>
    public override string Name => "renewal";

    /// <inheritdoc/>
    public override double RatePerSecond => 1 / _interval.Mean;

    /// <inheritdoc/>
    public override double SquaredVariation => _interval.SquaredVariation;

    /// <inheritdoc/>
    public override ArrivalSource Start(RandomStream random) => new Source(_interval, random);

    /// <inheritdoc/>
    public override ArrivalProcess WithRate(double ratePerSecond) => new RenewalArrivals(_interval.Scaled(RatePerSecond / ratePerSecond));

    private sealed class Source(Distribution interval, RandomStream random) : ArrivalSource
    {
        private double _now;

        public override double Next() => _now += interval.Sample(random);
    }
}
