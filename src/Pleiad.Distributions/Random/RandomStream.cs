using System.Numerics;
using System.Text;

namespace Pleiad.Distributions.Random;

/// <summary>
/// A stream of random numbers: xoshiro256** (Blackman and Vigna, 2018; period 2²⁵⁶ − 1), seeded through SplitMix64. The same seed gives the same numbers on every machine. One stream
/// serves one source of chance, so that two variants of a model meet the same arrivals and service times (common random numbers). Not safe for several threads at once.
/// </summary>
public sealed class RandomStream
{
    private const double Unit = 1.0 / (1UL << 53);

    private ulong _s0;
    private ulong _s1;
    private ulong _s2;
    private ulong _s3;
    private double _spareNormal = double.NaN;

    /// <summary>Makes the stream of a seed.</summary>
    /// <param name="seed">Any number; 0 too.</param>
    public RandomStream(ulong seed)
    {
        _s0 = SplitMix(ref seed);
        _s1 = SplitMix(ref seed);
        _s2 = SplitMix(ref seed);
        _s3 = SplitMix(ref seed);
    }

    /// <summary>The stream of one source of chance in one replication. Streams of different names or replications are independent for all practical purposes.</summary>
    /// <param name="seed">Seed of the whole experiment.</param>
    /// <param name="replication">Which replication, from 0.</param>
    /// <param name="name">Name of the source, for example <c>service/web/browse</c>.</param>
    public static RandomStream Named(ulong seed, int replication, string name)
    {
        // FNV-1a over the name, then mixed with seed and replication: nearby seeds give streams far apart.
        var hash = 14695981039346656037UL;
        foreach (var each in Encoding.UTF8.GetBytes(name))
        {
            hash = (hash ^ each) * 1099511628211UL;
        }

        var mixed = seed;
        hash ^= SplitMix(ref mixed);
        mixed = hash + (ulong)(uint)replication;
        return new RandomStream(SplitMix(ref mixed) ^ hash);
    }

    /// <summary>64 random bits.</summary>
    public ulong NextBits()
    {
        var result = BitOperations.RotateLeft(_s1 * 5, 7) * 9;
        var t = _s1 << 17;
        _s2 ^= _s0;
        _s3 ^= _s1;
        _s1 ^= _s2;
        _s0 ^= _s3;
        _s2 ^= t;
        _s3 = BitOperations.RotateLeft(_s3, 45);
        return result;
    }

    /// <summary>A number from 0 to below 1, in steps of 2⁻⁵³.</summary>
    public double NextDouble() => (NextBits() >> 11) * Unit;

    /// <summary>A number above 0 and at most 1, safe to take the logarithm of.</summary>
    public double NextPositive() => ((NextBits() >> 11) + 1) * Unit;

    /// <summary>A whole number from 0 to below <paramref name="bound"/>.</summary>
    public int NextIndex(int bound) => (int)(((UInt128)NextBits() * (ulong)bound) >> 64);

    /// <summary>An exponential number with mean 1.</summary>
    public double NextExponential()
    {
        while (true)
        {
            var bits = NextBits();
            var layer = (int)(bits & 255);
            var x = (bits >> 11) * Unit * Ziggurat.Edge[layer];
            if (x < Ziggurat.Edge[layer + 1])
            {
                return x;
            }

            if (layer == 0)
            {
                return Ziggurat.Tail + NextExponential();
            }

            if (Ziggurat.Height[layer] + (NextDouble() * (Ziggurat.Height[layer + 1] - Ziggurat.Height[layer])) < PortableMath.Exp(-x))
            {
                return x;
            }
        }
    }

    /// <summary>A normal number with mean 0 and variance 1 (Marsaglia's polar method).</summary>
    public double NextNormal()
    {
        if (!double.IsNaN(_spareNormal))
        {
            var spare = _spareNormal;
            _spareNormal = double.NaN;
            return spare;
        }

        while (true)
        {
            var u = (2 * NextDouble()) - 1;
            var v = (2 * NextDouble()) - 1;
            var s = (u * u) + (v * v);
            if (s is > 0 and < 1)
            {
                var factor = Math.Sqrt(-2 * PortableMath.Log(s) / s);
                _spareNormal = v * factor;
                return u * factor;
            }
        }
    }

    private static ulong SplitMix(ref ulong state)
    {
        var z = state += 0x9E3779B97F4A7C15UL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }

    /// <summary>256 layers of equal area under e⁻ˣ (Marsaglia and Tsang, The ziggurat method, 2000).</summary>
    private static class Ziggurat
    {
        public const double Tail = 7.69711747013104972;
        private const double Area = 0.0039496598225815571993;

        public static readonly double[] Edge = Edges();
        public static readonly double[] Height = [.. Edge.Select(x => PortableMath.Exp(-x))];

        private static double[] Edges()
        {
            var edge = new double[257];
            edge[0] = Area / PortableMath.Exp(-Tail);
            edge[1] = Tail;
            for (var i = 1; i < 255; i++)
            {
                edge[i + 1] = -PortableMath.Log(PortableMath.Exp(-edge[i]) + (Area / edge[i]));
            }

            edge[256] = 0;
            return edge;
        }
    }
}
