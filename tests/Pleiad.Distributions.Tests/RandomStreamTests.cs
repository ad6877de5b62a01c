using Pleiad.Distributions.Random;
using Shouldly;
using Xunit;

namespace Pleiad.Distributions.Tests;

public sealed class RandomStreamTests
{
    /// <summary>xoshiro256** from the state 1, 2, 3, 4 begins with 11520, 0, 1509978240, 1215971899390074240 (the authors' reference code). Here the state comes from SplitMix64, whose first numbers of seed 0 are known.</summary>
    [Fact]
    public void The_stream_of_a_seed_is_fixed()
    {
        // SplitMix64(0): e220a8397b1dcdaf, 6e789e6aa1b965f4, 06c45d188009454f, f88bb8a8724c81ec; the first number is rotl(s1 × 5, 7) × 9.
        var expected = unchecked(ulong.RotateLeft(0x6e789e6aa1b965f4UL * 5, 7) * 9);

        new RandomStream(0).NextBits().ShouldBe(expected);
        new RandomStream(1).NextBits().ShouldNotBe(expected);
    }

    [Fact]
    public void Names_and_replications_have_streams_of_their_own()
    {
        var firsts = new HashSet<ulong>();
        foreach (var name in new[] { "a", "b", "service/web/a", "service/web/b" })
        {
            for (var replication = 0; replication < 50; replication++)
            {
                for (var seed = 0UL; seed < 5; seed++)
                {
                    firsts.Add(RandomStream.Named(seed, replication, name).NextBits());
                }
            }
        }

        firsts.Count.ShouldBe(4 * 50 * 5);
        RandomStream.Named(3, 4, "x").NextBits().ShouldBe(RandomStream.Named(3, 4, "x").NextBits());
    }

    [Fact]
    public void Numbers_are_even_and_do_not_depend_on_their_neighbours()
    {
        var random = new RandomStream(11);
        var counts = new int[100];
        double last = 0, product = 0;
        const int n = 1_000_000;
        for (var i = 0; i < n; i++)
        {
            var x = random.NextDouble();
            counts[(int)(x * 100)]++;
            product += (x - 0.5) * (last - 0.5);
            last = x;
        }

        // χ² with 99 degrees of freedom: below 150 with a probability of 0.999.
        counts.Sum(count => (count - 10_000.0) * (count - 10_000.0) / 10_000).ShouldBeLessThan(150);
        Math.Abs(product / n).ShouldBeLessThan(5.0 / 12 / Math.Sqrt(n));
        random.NextIndex(7).ShouldBeInRange(0, 6);
    }

    [Fact]
    public void Exponential_and_normal_numbers_have_their_moments_and_tails()
    {
        var random = new RandomStream(5);
        const int n = 2_000_000;
        double e1 = 0, e2 = 0, n1 = 0, n2 = 0, n4 = 0;
        var tail = 0;
        for (var i = 0; i < n; i++)
        {
            var e = random.NextExponential();
            var z = random.NextNormal();
            e1 += e;
            e2 += e * e;
            n1 += z;
            n2 += z * z;
            n4 += z * z * z * z;
            tail += e > 8 ? 1 : 0;
        }

        (e1 / n).ShouldBe(1, 0.004);
        (e2 / n).ShouldBe(2, 0.02);
        (n1 / n).ShouldBe(0, 0.004);
        (n2 / n).ShouldBe(1, 0.006);
        (n4 / n).ShouldBe(3, 0.06);

        // Beyond the ziggurat's last layer.
        (tail / (n * Math.Exp(-8))).ShouldBe(1, 0.2);
    }

    [Theory]
    [InlineData(1e-300)]
    [InlineData(0.3)]
    [InlineData(0.7071)]
    [InlineData(1)]
    [InlineData(2.5)]
    [InlineData(1e10)]
    [InlineData(5e-324)]
    public void Portable_logarithms_and_powers_are_right_to_the_last_digits(double x)
    {
        PortableMath.Log(x).ShouldBe(Math.Log(x), Math.Abs(Math.Log(x)) * 4e-16 + 1e-300);
        PortableMath.Pow(x, 0.37).ShouldBe(Math.Pow(x, 0.37), Math.Pow(x, 0.37) * 1e-13);
        foreach (var y in new[] { -700.0, -1, -1e-9, 0, 0.5, 10, 700 })
        {
            PortableMath.Exp(y).ShouldBe(Math.Exp(y), Math.Exp(y) * 4e-16);
        }
    }
}
