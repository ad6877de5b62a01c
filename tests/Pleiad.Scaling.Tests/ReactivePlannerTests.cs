using Pleiad.Core.Identity;
using Pleiad.Core.Services;
using Pleiad.Core.Settings;
using Shouldly;
using Xunit;

namespace Pleiad.Scaling.Tests;

public sealed class ReactivePlannerTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly EffectiveService Service = new ServiceSpec("primes", "primes-unikernel")
    {
        Slots = 5,
        MachinesMin = 1,
        MachinesMax = 4,
        IdleTimeout = TimeSpan.FromMinutes(10),
    }.Effective(new SystemSettings());

    [Fact]
    public void Without_machines_the_minimum_is_started()
    {
        var plan = ReactivePlanner.Plan(Seen(), Service);
        plan.Start.ShouldBe(1);
        plan.Reason.ShouldContain("machinesMin is 1");
    }

    [Theory]
    [InlineData(1, 0, 5, 0, 0)]
    [InlineData(1, 0, 5, 1, 1)]
    [InlineData(1, 1, 5, 1, 0)]
    [InlineData(1, 0, 5, 6, 2)]
    [InlineData(1, 1, 5, 6, 1)]
    [InlineData(1, 0, 5, 1_000, 3)]
    [InlineData(2, 2, 10, 1_000, 0)]
    public void Starts_cover_the_work_in_hand_counting_those_under_way(int ready, int starting, int inFlight, int waiting, int start) =>
        ReactivePlanner.Plan(Seen(ready, starting, inFlight, waiting), Service).Start.ShouldBe(start);

    [Fact]
    public void A_machine_past_its_idle_time_ends_down_to_the_minimum()
    {
        var (first, second, third) = (Idle(20), Idle(11), Idle(9));
        var plan = ReactivePlanner.Plan(Seen(ready: 3, idle: [second, first, third]), Service);
        plan.Stop.ShouldBe([first.Machine, second.Machine]);
        plan.Start.ShouldBe(0);
        plan.Reason.ShouldContain("without work for 660 s");
    }

    [Fact]
    public void The_minimum_stays_however_long_it_is_idle() =>
        ReactivePlanner.Plan(Seen(ready: 1, idle: [Idle(10_000)]), Service).ShouldSatisfyAllConditions(
            plan => plan.Stop.ShouldBeEmpty(),
            plan => plan.NextLook.ShouldBeNull());

    [Fact]
    public void The_next_look_is_when_the_longest_idle_machine_falls_due() =>
        ReactivePlanner.Plan(Seen(ready: 3, idle: [Idle(2), Idle(7)]), Service).NextLook.ShouldBe(TimeSpan.FromMinutes(3));

    [Fact]
    public void More_machines_than_the_maximum_end_as_soon_as_they_are_idle()
    {
        var plan = ReactivePlanner.Plan(Seen(ready: 6, inFlight: 16, idle: [Idle(0), Idle(0), Idle(0)]), Service);
        plan.Stop.Count.ShouldBe(2);
        plan.Reason.ShouldContain("more machines than machinesMax 4");
    }

    [Fact]
    public void A_machine_that_the_work_in_hand_needs_is_kept_though_it_is_idle_now() =>
        ReactivePlanner.Plan(Seen(ready: 2, inFlight: 5, waiting: 1, idle: [Idle(60)]), Service).Stop.ShouldBeEmpty();

    [Fact]
    public void A_failed_start_is_tried_again_after_a_pause_that_doubles()
    {
        var seen = Seen(waiting: 1) with { FailedStarts = 3, LastFailedStart = Now - TimeSpan.FromSeconds(1) };
        ReactivePlanner.Plan(seen, Service).ShouldSatisfyAllConditions(
            plan => plan.Start.ShouldBe(0),
            plan => plan.NextLook.ShouldBe(TimeSpan.FromSeconds(3)),
            plan => plan.Reason.ShouldContain("3 failed in a row"));
        ReactivePlanner.Plan(seen with { LastFailedStart = Now - TimeSpan.FromSeconds(4) }, Service).Start.ShouldBe(1);
        ReactivePlanner.BackOff(1_000).ShouldBe(ReactivePlanner.BackOffMax);
    }

    [Fact]
    public void Any_observation_gives_a_plan_within_the_bounds()
    {
        var random = new Random(20_261_122);
        for (var round = 0; round < 20_000; round++)
        {
            var min = random.Next(0, 5);
            var service = Service with { Slots = random.Next(1, 10), MachinesMin = min, MachinesMax = min + random.Next(1, 10), IdleTimeout = TimeSpan.FromMinutes(random.Next(1, 20)) };
            var ready = random.Next(0, 12);
            var idle = Enumerable.Range(0, random.Next(0, ready + 1)).Select(_ => Idle(random.Next(0, 40))).ToArray();
            var seen = Seen(ready, random.Next(0, 6), (ready - idle.Length) * random.Next(0, service.Slots + 1), random.Next(0, 30), idle);
            var plan = ReactivePlanner.Plan(seen, service);
            var have = seen.Ready + seen.Starting;
            (plan.Start > 0 && plan.Stop.Count > 0).ShouldBeFalse();
            if (plan.Start > 0)
            {
                (have + plan.Start).ShouldBeLessThanOrEqualTo(service.MachinesMax);
            }

            if (plan.Stop.Count > 0)
            {
                var left = have - plan.Stop.Count;
                left.ShouldBeGreaterThanOrEqualTo(service.MachinesMin);
                (left * service.Slots >= Math.Min(seen.InFlight + seen.Waiting, service.MachinesMax * service.Slots)).ShouldBeTrue();
                plan.Stop.All(machine => idle.Any(one => one.Machine == machine)).ShouldBeTrue();
            }
        }
    }

    private static FleetObservation Seen(int ready = 0, int starting = 0, int inFlight = 0, int waiting = 0, IReadOnlyList<IdleMachine>? idle = null) =>
        new(ready, starting, inFlight, waiting, idle ?? [], Now, 0, null);

    private static IdleMachine Idle(double minutes) => new(MachineId.New(), TimeSpan.FromMinutes(minutes));
}
