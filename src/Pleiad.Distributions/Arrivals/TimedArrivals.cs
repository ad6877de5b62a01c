using Pleiad.Distributions.Random;

namespace Pleiad.Distributions.Arrivals;

/// <summary>Arrivals at recorded moments, repeated from the beginning when they are used up.</summary>
public sealed class TraceArrivals : ArrivalProcess
{
    private readonly double[] _times;
    private readonly double _period;

    /// <summary>From recorded moments.</summary>
    /// <param name="times">Seconds since the start of the recording, 0 or more, rising, at least one.</param>
    /// <param name="period">Length of the recording in seconds, at least the last moment; after it the recording begins again.</param>
    public TraceArrivals(IReadOnlyList<double> times, double period)
    {
        if (times.Count == 0 || times[0] < 0 || times.Zip(times.Skip(1)).Any(pair => !(pair.Second >= pair.First)) || !(period >= times[^1]) || !(period > 0) || !double.IsFinite(period))
        {
            throw new ArgumentException("give rising moments of at least 0 and a period of at least the last", nameof(times));
        }

        (_times, _period) = ([.. times], period);
        var intervals = times.Zip(times.Skip(1), (a, b) => b - a).Append(period - times[^1] + times[0]).ToArray();
        var mean = intervals.Average();
        SquaredVariation = intervals.Select(x => (x - mean) * (x - mean)).Average() / (mean * mean);
    }

    /// <inheritdoc/>
    public override string Name => "trace";

    /// <summary>Time after which the recording begins again, in seconds.</summary>
    public double Period => _period;

    /// <inheritdoc/>
    public override double RatePerSecond => _times.Length / _period;

    /// <inheritdoc/>
    public override double SquaredVariation { get; }

    /// <inheritdoc/>
    public override ArrivalSource Start(RandomStream random) => new Source(_times, _period);

    /// <inheritdoc/>
    public override ArrivalProcess WithRate(double ratePerSecond)
    {
        var factor = RatePerSecond / ratePerSecond;
        return new TraceArrivals([.. _times.Select(time => time * factor)], _period * factor);
    }

    private sealed class Source(double[] times, double period) : ArrivalSource
    {
        private long _next;

        public override double Next()
        {
            var (round, at) = Math.DivRem(_next++, times.Length);
            return (round * period) + times[at];
        }
    }
}

/// <summary>A Poisson process whose rate changes in steps, for example over a day; the steps repeat.</summary>
public sealed class TimeVaryingArrivals : ArrivalProcess
{
    private readonly (double Length, double Rate)[] _steps;

    /// <summary>From its steps.</summary>
    /// <param name="steps">Length of each step in seconds, above 0, and its rate per second, 0 or more; one rate is above 0. After the last the first begins again.</param>
    public TimeVaryingArrivals(IReadOnlyList<(double Length, double Rate)> steps)
    {
        if (steps.Any(step => !(step.Length > 0) || !(step.Rate >= 0) || !double.IsFinite(step.Length + step.Rate)) || !steps.Any(step => step.Rate > 0))
        {
            throw new ArgumentException("give lengths above 0 and rates of at least 0, one of them above", nameof(steps));
        }

        _steps = [.. steps];
        RatePerSecond = steps.Sum(step => step.Length * step.Rate) / steps.Sum(step => step.Length);
    }

    /// <inheritdoc/>
    public override string Name => "timeVarying";

    /// <inheritdoc/>
    public override double RatePerSecond { get; }

    /// <inheritdoc/>
    public override double SquaredVariation => double.NaN;

    /// <summary>Time after which the steps repeat, in seconds.</summary>
    public double Period => _steps.Sum(step => step.Length);

    /// <summary>Highest rate of any step, per second.</summary>
    public double RateMax => _steps.Max(step => step.Rate);

    /// <inheritdoc/>
    public override ArrivalSource Start(RandomStream random) => new Source(_steps, random);

    /// <inheritdoc/>
    public override ArrivalProcess WithRate(double ratePerSecond) => new TimeVaryingArrivals([.. _steps.Select(step => (step.Length, step.Rate * ratePerSecond / RatePerSecond))]);

    /// <summary>An exponential amount of hazard is used up step by step: exact, without thinning.</summary>
    private sealed class Source((double Length, double Rate)[] steps, RandomStream random) : ArrivalSource
    {
        private int _step;
        private double _stepStart;
        private double _now;

        public override double Next()
        {
            var hazard = random.NextExponential();
            while (true)
            {
                var (length, rate) = steps[_step];
                var left = _stepStart + length - _now;
                if (rate * left >= hazard && rate > 0)
                {
                    return _now += hazard / rate;
                }

                hazard -= rate * left;
                _stepStart += length;
                _now = _stepStart;
                _step = (_step + 1) % steps.Length;
            }
        }
    }
}
