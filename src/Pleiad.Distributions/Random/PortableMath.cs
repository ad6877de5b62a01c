namespace Pleiad.Distributions.Random;

/// <summary>
/// Logarithm, exponential and power from additions and multiplications only. The system's mathematical library differs between machines in the last digit, and one digit is enough
/// to change the order of two events: a seed shall give the same answer everywhere. Relative error below 1e-15 within the range that sampling uses.
/// </summary>
internal static class PortableMath
{
    private const double Ln2 = 0.693147180559945309417;
    private const double Ln2High = 0.69314718036912381649;
    private const double Ln2Low = 1.9082149292705877e-10;
    private const double SqrtHalf = 0.70710678118654752440;
    private const double MinNormal = 2.2250738585072014e-308;

    /// <summary>Natural logarithm of a positive number.</summary>
    public static double Log(double x)
    {
        var exponent = 0;
        if (x < MinNormal)
        {
            x *= 18014398509481984.0;
            exponent = -54;
        }

        var bits = BitConverter.DoubleToInt64Bits(x);
        exponent += (int)((bits >> 52) & 0x7ff) - 1022;
        var mantissa = BitConverter.Int64BitsToDouble((bits & 0x000fffffffffffffL) | 0x3fe0000000000000L);
        if (mantissa < SqrtHalf)
        {
            mantissa *= 2;
            exponent--;
        }

        // ln m = 2 artanh((m − 1) / (m + 1)); |s| ≤ 0.1716, so that eleven terms reach full precision.
        var s = (mantissa - 1) / (mantissa + 1);
        var q = s * s;
        var series = 1.0 / 23;
        series = (series * q) + (1.0 / 21);
        series = (series * q) + (1.0 / 19);
        series = (series * q) + (1.0 / 17);
        series = (series * q) + (1.0 / 15);
        series = (series * q) + (1.0 / 13);
        series = (series * q) + (1.0 / 11);
        series = (series * q) + (1.0 / 9);
        series = (series * q) + (1.0 / 7);
        series = (series * q) + (1.0 / 5);
        series = (series * q) + (1.0 / 3);
        return (exponent * Ln2High) + ((2 * s) + ((2 * s * q * series) + (exponent * Ln2Low)));
    }

    /// <summary>e to the power of <paramref name="x"/>.</summary>
    public static double Exp(double x)
    {
        if (x > 709)
        {
            return double.PositiveInfinity;
        }

        if (x < -740)
        {
            return 0;
        }

        var k = Math.Floor((x / Ln2) + 0.5);
        var r = x - (k * Ln2High) - (k * Ln2Low);
        var sum = 1.0;
        for (var n = 14; n >= 1; n--)
        {
            sum = 1 + (r / n * sum);
        }

        return Math.ScaleB(sum, (int)k);
    }

    /// <summary>A positive number to any power.</summary>
    public static double Pow(double x, double y) => x == 0 ? 0 : Exp(y * Log(x));
}
