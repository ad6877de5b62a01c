namespace Pleiad.Queueing.Exact;

/// <summary>Single queues. λ: arrivals per second, S: mean service time in seconds, c: servers, a = λS: offered load, ρ = a/c: utilization, c²: variance over squared mean.</summary>
internal static class Formulas
{
    /// <summary>Erlang's B: share of arrivals lost by c servers without a queue.</summary>
    public static double ErlangB(int c, double a)
    {
        var b = 1.0;
        for (var i = 1; i <= c; i++)
        {
            b = a * b / (i + (a * b));
        }

        return b;
    }

    /// <summary>Erlang's C: probability that an arrival at M/M/c waits; a below c.</summary>
    public static double ErlangC(int c, double a)
    {
        var b = ErlangB(c, a);
        return b / (1 - (a / c * (1 - b)));
    }

    /// <summary>Mean wait in M/M/c, in seconds.</summary>
    public static double WaitMMc(double rate, double service, int c) => ErlangC(c, rate * service) * service / (c - (rate * service));

    /// <summary>Mean wait in M/G/1 (Pollaczek and Khinchine), in seconds.</summary>
    public static double WaitMG1(double rate, double service, double secondMoment) => rate * secondMoment / (2 * (1 - (rate * service)));

    /// <summary>Mean wait in M/G/c, about (Kimura 1986, with Cosmetatos 1976 for M/D/c); exact for c = 1 and for exponential times.</summary>
    public static double WaitMGc(double rate, double service, double variation, int c)
    {
        var exponential = WaitMMc(rate, service, c);
        var load = rate * service / c;
        if (load <= 0 || exponential <= 0)
        {
            // Nobody waits, or so seldom that the number cannot say it.
            return 0;
        }

        var constant = exponential / 2 * (1 + ((1 - load) * (c - 1) * (Math.Sqrt(4 + (5.0 * c)) - 2) / (16 * load * c)));
        return (1 + variation) / ((2 * variation / exponential) + ((1 - variation) / constant));
    }

    /// <summary>Mean wait in GI/G/c, about (Allen and Cunneen 1978, corrected by Krämer and Langenbach-Belz 1976); exact for M/M/c and M/G/1.</summary>
    public static double WaitGGc(double rate, double service, double arrivalVariation, double serviceVariation, int c)
    {
        if (Math.Abs(arrivalVariation - 1) < 1e-9)
        {
            return WaitMGc(rate, service, serviceVariation, c);
        }

        var load = rate * service / c;
        var both = arrivalVariation + serviceVariation;
        var correction = load <= 0 || both <= 0 ? 1
            : arrivalVariation < 1 ? Math.Exp(-2 * (1 - load) / (3 * load) * (1 - arrivalVariation) * (1 - arrivalVariation) / both)
            : Math.Exp(-(1 - load) * (arrivalVariation - 1) / (arrivalVariation + (4 * serviceVariation)));
        return both / 2 * WaitMMc(rate, service, c) * correction;
    }

    /// <summary>Probabilities of 0 … K customers in M/M/c/K; also M/G/c/c (K = c) and M/G/1-PS/K, which depend on the mean only.</summary>
    public static double[] BoundedQueue(double rate, double service, int c, int capacity)
    {
        var p = new double[capacity + 1];
        p[0] = 1;
        var sum = 1.0;
        for (var n = 1; n <= capacity; n++)
        {
            p[n] = p[n - 1] * rate * service / Math.Min(n, c);
            sum += p[n];
            if (sum > 1e200)
            {
                for (var i = 0; i <= n; i++)
                {
                    p[i] /= sum;
                }

                sum = 1;
            }
        }

        for (var n = 0; n <= capacity; n++)
        {
            p[n] /= sum;
        }

        return p;
    }

    /// <summary>The response time that a share of the customers of M/M/c (first come, first served) does not exceed, in seconds.</summary>
    public static double ResponseQuantileMMc(double rate, double service, int c, double share)
    {
        var wait = ErlangC(c, rate * service);
        var (mu, drain) = (1 / service, (c / service) - rate);
        var (low, high) = (0.0, service);
        while (Above(high) > 1 - share)
        {
            high *= 2;
        }

        for (var i = 0; i < 100; i++)
        {
            var middle = (low + high) / 2;
            (low, high) = Above(middle) > 1 - share ? (middle, high) : (low, middle);
        }

        return high;

        double Above(double t)
        {
            var service = Math.Exp(-mu * t);
            var both = Math.Abs(drain - mu) < 1e-9 * mu ? (1 + (mu * t)) * service : ((drain * service) - (mu * Math.Exp(-drain * t))) / (drain - mu);
            return ((1 - wait) * service) + (wait * both);
        }
    }
}
