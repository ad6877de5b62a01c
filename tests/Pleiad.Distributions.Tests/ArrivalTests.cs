using Pleiad.Distributions.Arrivals;
using Pleiad.Distributions.Random;
using Shouldly;
using Xunit;

namespace Pleiad.Distributions.Tests;

public sealed class ArrivalTests
{
    private static readonly ArrivalProcess[] All =
    [
        new PoissonArrivals(5),
        new RenewalArrivals(new Erlang(0.2, 3)),
        MarkovianArrivals.Modulated([10, 1], [[0, 0.5], [0.3, 0]]),
        new MarkovianArrivals([[-3, 1], [0, -4]], [[1, 1], [2, 2]]),
        new TraceArrivals([0.1, 0.2, 0.25, 0.9], 1.5),
        new TimeVaryingArrivals([(2, 1), (1, 10), (1, 0)]),
    ];

    public static TheoryData<int> Indices => [.. Enumerable.Range(0, All.Length)];

    [Theory]
    [MemberData(nameof(Indices))]
    public void Arrivals_come_in_order_at_the_rate_that_is_claimed(int index)
    {
        const int n = 200_000;
        var source = All[index].Start(new RandomStream(3));
        double last = 0, squares = 0;
        for (var i = 0; i < n; i++)
        {
            var next = source.Next();
            next.ShouldBeGreaterThanOrEqualTo(last);
            squares += (next - last) * (next - last);
            last = next;
        }

        (n / last / All[index].RatePerSecond).ShouldBe(1, 0.03);
        if (!double.IsNaN(All[index].SquaredVariation))
        {
            var mean = last / n;
            (((squares / n) - (mean * mean)) / (mean * mean)).ShouldBe(All[index].SquaredVariation, 0.06 * (1 + All[index].SquaredVariation));
        }
    }

    [Theory]
    [MemberData(nameof(Indices))]
    public void A_process_can_be_made_quicker(int index)
    {
        var quicker = All[index].WithRate(50);

        quicker.RatePerSecond.ShouldBe(50, 1e-9);
        if (!double.IsNaN(quicker.SquaredVariation))
        {
            quicker.SquaredVariation.ShouldBe(All[index].SquaredVariation, 1e-9);
        }
    }

    [Fact]
    public void A_modulated_process_with_equal_rates_is_Poisson()
    {
        var process = MarkovianArrivals.Modulated([4, 4], [[0, 1], [2, 0]]);

        process.RatePerSecond.ShouldBe(4, 1e-12);
        process.SquaredVariation.ShouldBe(1, 1e-9);
    }

    [Fact]
    public void Rates_that_change_with_time_are_met_in_each_step()
    {
        var source = new TimeVaryingArrivals([(2, 1), (1, 10), (1, 0)]).Start(new RandomStream(9));
        var counts = new int[4];
        for (var i = 0; i < 120_000; i++)
        {
            counts[(int)(source.Next() % 4)]++;
        }

        counts[3].ShouldBe(0);
        (counts[2] / (double)counts[0]).ShouldBe(10, 0.5);
        (counts[1] / (double)counts[0]).ShouldBe(1, 0.05);
    }

    [Fact]
    public void Impossible_processes_are_refused()
    {
        Should.Throw<ArgumentException>(() => new MarkovianArrivals([[-1, 0], [0, -1]], [[0.5, 0], [0, 1]]));
        Should.Throw<ArgumentException>(() => new TraceArrivals([2, 1], 3));
        Should.Throw<ArgumentException>(() => new TimeVaryingArrivals([(1, 0)]));
        Should.Throw<ArgumentOutOfRangeException>(() => new PoissonArrivals(0));
    }
}
