using Pleiad.Distributions;
using Pleiad.Distributions.Arrivals;
using Pleiad.Distributions.Random;
using Pleiad.Load.Scenarios;
using Pleiad.Load.Shapes;
using Pleiad.Load.Tests.Kit;
using Shouldly;
using Xunit;

namespace Pleiad.Load.Tests.Shapes;

public sealed class ShapeTests
{
    private static readonly LoadStep[] Steps = [new(TimeSpan.FromSeconds(10), 0, 20), new(TimeSpan.FromSeconds(5), 20, 20), new(TimeSpan.FromSeconds(1), 200, 200), new(TimeSpan.FromSeconds(10), 10, 0)];

    [Fact]
    public void The_integral_and_its_inverse_agree_through_ramps_spikes_and_changes()
    {
        var shape = new RateShape(Steps);
        shape.Integral(0, 26).ShouldBe(100 + 100 + 200 + 50, 1e-9);
        shape.SetFactor(12, 2);
        shape.SetFactor(20, 0.5);
        shape.Integral(0, 15).ShouldBe(100 + 40 + 120, 1e-9);
        for (var from = 0.0; from < 25; from += 0.37)
        {
            for (var amount = 0.1; amount < 300; amount *= 3)
            {
                var to = shape.Advance(from, amount);
                if (to < 26)
                {
                    shape.Integral(from, to).ShouldBe(amount, 1e-6 * amount);
                }
            }
        }

        shape.Advance(0, 1e9).ShouldBe(double.PositiveInfinity);
        shape.FirstAtLeast(0, 5).ShouldBe(2.5, 1e-6);
        shape.FirstAtLeast(0, 1e6).ShouldBe(double.PositiveInfinity);
    }

    [Theory]
    [InlineData("poisson")]
    [InlineData("erlang")]
    [InlineData("mmpp")]
    [InlineData("trace")]
    public void Shares_are_together_the_one_process_also_when_the_rate_changes(string kind)
    {
        ArrivalProcess process = kind switch
        {
            "poisson" => new PoissonArrivals(1),
            "erlang" => new RenewalArrivals(new Erlang(1, 4)),
            "mmpp" => MarkovianArrivals.Modulated([0.2, 3], [[0, 0.1], [0.2, 0]]).WithRate(1),
            _ => new TraceArrivals([0.1, 0.2, 2.5], 3),
        };
        var whole = Moments(process, 0, 1);
        var parts = Enumerable.Range(0, 3).SelectMany(share => Moments(process, share, 3)).Order().ToList();

        parts.Count.ShouldBe(whole.Count);
        whole.Count.ShouldBeGreaterThan(100);
        whole.Zip(parts).ShouldAllBe(pair => Math.Abs(pair.First - pair.Second) < 1e-6);
    }

    [Fact]
    public void A_ramp_of_Poisson_arrivals_is_the_inhomogeneous_process()
    {
        var moments = new List<double>();
        for (var replication = 0; replication < 20; replication++)
        {
            var shape = new RateShape([new LoadStep(TimeSpan.FromSeconds(10), 0, 20)]);
            var schedule = new ArrivalSchedule(new PoissonArrivals(1).Start(RandomStream.Named(11, replication, "a")), shape, 0, 1);
            for (; schedule.Next < 10; schedule.Advance())
            {
                moments.Add(schedule.Next);
            }
        }

        // Given their number, arrivals of the ramp have the distribution t² / 100.
        Statistics.KolmogorovSmirnov(moments, t => t * t / 100).ShouldBeGreaterThan(Statistics.FalseAlarm);
        var (low, high) = Statistics.PoissonInterval(2000);
        ((double)moments.Count).ShouldBeInRange(low, high);
    }

    [Fact]
    public void Timers_come_out_in_order()
    {
        var (heap, random) = (new Pleiad.Load.Sessions.TimerHeap(), new RandomStream(9));
        var last = 0L;
        for (var round = 0; round < 20_000; round++)
        {
            if (random.NextIndex(5) < 3 || heap.Count == 0)
            {
                heap.Push(new Pleiad.Load.Sessions.Timer(last + random.NextIndex(1000), null!, 0, false));
            }
            else
            {
                var due = heap.Pop().Due;
                due.ShouldBeGreaterThanOrEqualTo(last);
                last = due;
            }
        }
    }

    private static List<double> Moments(ArrivalProcess process, int share, int shares)
    {
        var shape = new RateShape(Steps);
        var schedule = new ArrivalSchedule(process.Start(new RandomStream(42)), shape, share, shares);
        var moments = new List<double>();
        while (schedule.Next < 26)
        {
            moments.Add(schedule.Next);
            schedule.Advance();
            if (shape.Version == 0 && schedule.Next > 7)
            {
                // As while running: the change comes when everything before it is past.
                shape.SetFactor(7, 0.5);
                schedule.Refresh();
            }
        }

        return moments;
    }
}
