namespace Pleiad.Queueing.Exact;

/// <summary>A number of 0 or more with the precision of a double and an exponent without practical bound: normalization constants of big populations leave the range of doubles.</summary>
internal readonly struct Wide
{
    private const double Step = 1.3407807929942597e154; // 2^512
    private const double High = 1.157920892373162e77; // 2^256
    private const double Low = 1 / High;

    private readonly double _mantissa;
    private readonly long _steps;

    private Wide(double mantissa, long steps)
    {
        if (mantissa >= High)
        {
            (mantissa, steps) = (mantissa / Step, steps + 1);
        }
        else if (mantissa < Low && mantissa > 0)
        {
            (mantissa, steps) = (mantissa * Step, steps - 1);
        }

        (_mantissa, _steps) = (mantissa, steps);
    }

    public static Wide One => new(1, 0);

    public bool IsZero => _mantissa == 0;

    public static implicit operator Wide(double value) => new(value, 0);

    public static Wide operator +(Wide a, Wide b)
    {
        if (a._mantissa == 0)
        {
            return b;
        }

        if (b._mantissa == 0)
        {
            return a;
        }

        return (a._steps - b._steps) switch
        {
            0 => new Wide(a._mantissa + b._mantissa, a._steps),
            1 => new Wide(a._mantissa + (b._mantissa / Step), a._steps),
            -1 => new Wide((a._mantissa / Step) + b._mantissa, b._steps),
            > 1 => a,
            _ => b,
        };
    }

    public static Wide operator *(Wide a, Wide b) => new(a._mantissa * b._mantissa, a._steps + b._steps);

    public static Wide operator *(double a, Wide b) => new(a * b._mantissa, b._steps);

    public static Wide operator /(Wide a, double b) => new(a._mantissa / b, a._steps);

    /// <summary>The ratio as a plain number.</summary>
    public static double Ratio(Wide a, Wide b)
    {
        var ratio = a._mantissa / b._mantissa;
        return (a._steps - b._steps) switch
        {
            0 => ratio,
            1 => ratio * Step,
            -1 => ratio / Step,
            > 1 => double.PositiveInfinity,
            _ => 0,
        };
    }
}
