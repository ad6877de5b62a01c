using Pleiad.Core.Services;
using Pleiad.Core.Settings;
using Shouldly;
using Xunit;

namespace Pleiad.Scaling.Tests;

public sealed class RollingPlannerTests
{
    private const int StepsMax = 2_000;

    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static EffectiveService Service(int min, int max) => new ServiceSpec("primes", "b") { Slots = 2, MachinesMin = min, MachinesMax = max }.Effective(new SystemSettings());

    [Theory]
    [InlineData(1, 1)]
    [InlineData(4, 1)]
    [InlineData(5, 2)]
    [InlineData(16, 4)]
    public void A_quarter_more_start_first_and_nothing_ends_before_they_answer(int machines, int surge)
    {
        var plan = Plan(Service(machines, machines), ready: machines, former: machines, held: machines);
        (plan.Start, plan.StartFormer, plan.Replace.Count, plan.Stop.Count).ShouldBe((surge, 0, 0, 0));
        plan.Reason.ShouldContain($"changing: 0 of {machines} {(machines == 1 ? "machine is" : "machines are")} of the new kind");
    }

    [Fact]
    public void For_each_new_machine_that_answers_a_former_one_makes_way_those_without_work_first()
    {
        var former = Former(inUse: [2, 0, 1, 0]);
        var plan = Plan(Service(4, 8), ready: 6, former, held: 4);
        plan.Replace.ShouldBe([former[1].Machine, former[3].Machine]);
    }

    [Fact]
    public void A_former_machine_that_still_drains_is_counted_among_those_that_exist() =>
        Plan(Service(4, 4), ready: 4, former: 3, held: 4, draining: 1).Start.ShouldBe(0);

    [Fact]
    public void Machines_that_no_work_and_no_bound_needs_end_without_another_in_their_place()
    {
        var plan = Plan(Service(0, 4), ready: 3, former: 3, held: 0, kept: false);
        (plan.Start, plan.StartFormer, plan.Replace.Count).ShouldBe((0, 0, 3));
        Plan(Service(0, 4), ready: 0, former: 0, held: 0, kept: false).Change.ShouldBe(ChangeStep.Done);
    }

    [Fact]
    public void Without_room_for_one_more_one_former_machine_ends_first_and_the_plan_says_so()
    {
        var plan = Plan(Service(4, 4), ready: 4, former: 4, held: 4, room: 0);
        (plan.Start, plan.Replace.Count).ShouldBe((0, 1));
        plan.Reason.ShouldContain("no address of the pool is free, so one of the former kind ends first");

        Plan(Service(4, 4), ready: 3, former: 3, held: 4, room: 0, draining: 1).ShouldSatisfyAllConditions(
            then => then.Replace.ShouldBeEmpty(),
            then => (then.Start, then.StartFormer).ShouldBe((0, 0)));
        var freed = Plan(Service(4, 4), ready: 3, former: 3, held: 4, room: 1);
        (freed.Start, freed.StartFormer).ShouldBe((1, 0));
    }

    [Fact]
    public void A_place_that_somebody_else_took_costs_no_second_machine()
    {
        var plan = Plan(Service(4, 4), ready: 3, former: 3, held: 4, room: 0);
        (plan.Start, plan.StartFormer, plan.Replace.Count).ShouldBe((0, 0, 0));
        plan.Reason.ShouldContain("no address of the pool is free, the change waits for it");
    }

    [Fact]
    public void Without_memory_for_one_more_the_place_of_a_former_machine_goes_to_a_new_one_and_work_gets_what_it_needs()
    {
        var first = Plan(Service(4, 4), ready: 4, former: 4, held: 4, memory: 0);
        (first.Start, first.StartFormer, first.Replace.Count).ShouldBe((0, 0, 1));
        var then = Plan(Service(4, 4), ready: 3, former: 3, held: 4, memory: 0);
        (then.Start, then.StartFormer, then.Replace.Count).ShouldBe((1, 0, 0));

        // Memory bounds what a change has beyond the work, never what the work needs; what drains has its memory still.
        Plan(Service(1, 8), ready: 2, former: 1, held: 2, waiting: 12, memory: 0).Start.ShouldBe(4);
        Plan(Service(1, 8), ready: 2, former: 1, held: 2, waiting: 12, draining: 1, memory: 0).Start.ShouldBe(3);
    }

    [Fact]
    public void More_work_than_the_pool_has_addresses_for_keeps_no_change_from_its_end()
    {
        Plan(Service(10, 10), ready: 8, former: 8, held: 8, room: 0).Replace.Count.ShouldBe(1);
        Plan(Service(10, 10), ready: 8, former: 0, held: 10, room: 0).Change.ShouldBe(ChangeStep.Done);
    }

    [Fact]
    public void What_the_work_needed_once_is_held_until_the_change_ends()
    {
        Plan(Service(1, 8), ready: 2, former: 2, held: 2, starting: 1, waiting: 16).Held.ShouldBe(8);
        var lull = Plan(Service(1, 8), ready: 8, former: 8, held: 8, starting: 1);
        (lull.Replace.Count, lull.Held).ShouldBe((0, 8));
    }

    [Fact]
    public void A_new_image_that_is_away_leaves_growing_work_to_the_former_one()
    {
        var plan = Plan(Service(1, 8), ready: 3, former: 1, held: 3, waiting: 12, gone: true);
        (plan.Start, plan.StartFormer).ShouldBe((0, 3));
    }

    [Fact]
    public void Work_that_grows_before_a_new_machine_answered_gets_former_ones_and_later_new_ones()
    {
        var before = Plan(Service(1, 8), ready: 2, former: 2, held: 2, starting: 1, waiting: 8);
        (before.Start, before.StartFormer).ShouldBe((0, 2));
        var after = Plan(Service(1, 8), ready: 3, former: 2, held: 2, waiting: 8);
        after.StartFormer.ShouldBe(0);
        after.Start.ShouldBe(2);
    }

    [Fact]
    public void Work_that_grows_while_starts_of_the_new_kind_fail_again_gets_former_ones()
    {
        var plan = Plan(Service(1, 8), ready: 3, former: 2, held: 2, waiting: 8, failed: 1);
        (plan.Start, plan.StartFormer).ShouldBe((0, 1));
    }

    [Fact]
    public void After_starts_that_failed_in_a_row_the_change_stops_and_the_former_kind_is_scaled_as_ever()
    {
        Plan(Service(4, 4), ready: 4, former: 4, held: 4, failed: 2).ShouldSatisfyAllConditions(
            plan => plan.Change.ShouldBe(ChangeStep.UnderWay),
            plan => plan.Start.ShouldBe(0),
            plan => plan.NextLook.ShouldBe(TimeSpan.FromSeconds(2)),
            plan => plan.Reason.ShouldContain("waits 2 s after 2 failed in a row"));
        var stopped = Plan(Service(4, 4), ready: 3, former: 3, held: 4, failed: RollingPlanner.FailuresMax);
        stopped.Change.ShouldBe(ChangeStep.Stopped);
        (stopped.Start, stopped.StartFormer, stopped.Replace.Count).ShouldBe((0, 1, 0));

        // A start of the new kind that is still under way makes no former machine one too many.
        var former = Former(new int[4]);
        RollingPlanner.Plan(
            new FleetObservation(4, 1, 0, 0, [.. former.Select(machine => new IdleMachine(machine.Machine, TimeSpan.Zero))], Now, RollingPlanner.FailuresMax, Now),
            new ChangeObservation(former, 0, 0, 4, 100) { CanStartFormer = true, Failures = RollingPlanner.FailuresMax },
            Service(4, 4)).Stop.ShouldBeEmpty();
    }

    [Fact]
    public void A_change_is_done_once_a_machine_of_the_new_kind_has_worked_for_a_while_and_nothing_ends_before()
    {
        var trial = Plan(Service(1, 4), ready: 2, former: 0, held: 1, trialLeft: 7);
        (trial.Change, trial.Start, trial.StartFormer, trial.Stop.Count, trial.NextLook).ShouldBe((ChangeStep.UnderWay, 0, 0, 0, TimeSpan.FromSeconds(7)));
        trial.Reason.ShouldContain("2 of 2 machines are of the new kind");
        trial.Reason.ShouldEndWith("no more than 1 of the new kind until one has worked for 10 s");
        Plan(Service(1, 4), ready: 2, former: 0, held: 1, trialLeft: 0).Change.ShouldBe(ChangeStep.Done);

        // Work that comes and machines that died are the former kind's.
        Plan(Service(1, 4), ready: 1, former: 0, held: 1, waiting: 6, trialLeft: 7).StartFormer.ShouldBe(2);
        Plan(Service(2, 4), ready: 1, former: 0, held: 2, failed: 1, trialLeft: 7).StartFormer.ShouldBe(1);
        Plan(Service(2, 4), ready: 2, former: 0, held: 2, failed: RollingPlanner.FailuresMax, trialLeft: 7).Change.ShouldBe(ChangeStep.Stopped);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(4, 1)]
    [InlineData(8, 2)]
    public void Until_one_has_worked_for_a_while_no_more_than_a_quarter_is_of_the_new_kind(int machines, int surge)
    {
        var first = Plan(Service(machines, machines), ready: machines + surge, former: machines, held: machines, trialLeft: 9);
        (first.Start, first.StartFormer, first.Replace.Count).ShouldBe((0, 0, surge));
        var then = Plan(Service(machines, machines), ready: machines, former: machines - surge, held: machines, trialLeft: 8);
        (then.Start, then.StartFormer, then.Replace.Count, then.NextLook).ShouldBe((0, 0, 0, TimeSpan.FromSeconds(8)));
        Plan(Service(machines, machines), ready: machines, former: machines - surge, held: machines).Start.ShouldBe(Math.Min(surge, machines - surge));
    }

    [Fact]
    public void A_former_image_that_is_away_leaves_the_work_to_the_new_kind() =>
        Plan(Service(4, 4), ready: 3, former: 3, held: 4, kept: false).Start.ShouldBe(2);

    [Fact]
    public void With_nothing_to_do_one_new_machine_shows_whether_its_kind_works()
    {
        var plan = Plan(Service(0, 4), ready: 0, former: 0, held: 0);
        (plan.Start, plan.StartFormer, plan.Change).ShouldBe((1, 0, ChangeStep.UnderWay));
    }

    [Fact]
    public void Whatever_comes_when_capacity_stays_the_surge_is_not_passed_and_all_become_new()
    {
        for (var seed = 0; seed < 400; seed++)
        {
            var random = new Random(seed);
            var machines = random.Next(1, 20);
            var service = Service(random.Next(0, machines + 1), machines + random.Next(0, 5));
            var addresses = random.Next(machines, machines + 6);
            var world = new RollingWorld(service, addresses, random) { Held = machines, Work = random.Next(0, machines * 2), MemoryIsShort = random.Next(3) == 0 };
            world.Add(isNew: false, machines);
            var limit = machines + RollingPlanner.Surge(machines);
            while (world.Step != ChangeStep.Done)
            {
                world.Advance();
                world.Ready.ShouldBeGreaterThanOrEqualTo(machines - (addresses > machines && !world.MemoryIsShort ? 0 : 1), $"seed {seed}: {world}");
                world.Live.ShouldBeLessThanOrEqualTo(limit, $"seed {seed}: {world}");
                world.Steps.ShouldBeLessThan(StepsMax, $"seed {seed}: {world}");
            }

            (world.New, world.Former).ShouldBe((machines, 0), $"seed {seed}: {world}");
        }
    }

    [Fact]
    public void However_others_take_and_give_back_addresses_no_more_than_one_machine_is_missing_and_it_ends_all_new()
    {
        for (var seed = 0; seed < 400; seed++)
        {
            var random = new Random(seed);
            var machines = random.Next(1, 12);
            var world = new RollingWorld(Service(machines, machines + 2), addresses: machines + random.Next(0, 4), random) { Held = machines };
            world.Add(isNew: false, machines);
            while (world.Step != ChangeStep.Done)
            {
                world.TakeOthers(random.Next(0, 3));
                world.Advance();
                world.Ready.ShouldBeGreaterThanOrEqualTo(machines - 1, $"seed {seed}: {world}");
                world.Steps.ShouldBeLessThan(StepsMax, $"seed {seed}: {world}");
            }

            (world.New >= machines - 1 && world.Former == 0).ShouldBeTrue($"seed {seed}: {world}");
        }
    }

    [Fact]
    public void Whatever_comes_when_with_deaths_and_changing_work_it_ends_all_new_within_the_bounds()
    {
        for (var seed = 0; seed < 400; seed++)
        {
            var random = new Random(seed);
            var machines = random.Next(1, 12);
            var service = Service(random.Next(0, machines + 1), machines + random.Next(0, 8));
            var world = new RollingWorld(service, addresses: random.Next(service.MachinesMax, 40), random) { Held = machines };
            world.Add(isNew: false, machines);
            var limit = service.MachinesMax + RollingPlanner.Surge(service.MachinesMax);
            while (world.Step != ChangeStep.Done)
            {
                world.Work = random.Next(4) == 0 ? random.Next(0, 30) : world.Work;
                world.NewFails = random.Next(3) == 0 && world.FailuresSeen < RollingPlanner.FailuresMax - 1;
                if (random.Next(20) == 0 && world.Steps < 100)
                {
                    world.Die();
                }

                world.Advance();
                world.Counted.ShouldBeLessThanOrEqualTo(limit, $"seed {seed}: {world}");
                world.Steps.ShouldBeLessThan(StepsMax, $"seed {seed}: {world}");
            }

            world.New.ShouldBeGreaterThan(0, $"seed {seed}: {world}");
            world.FormerLeft.ShouldBe(0, $"seed {seed}: {world}");
        }
    }

    [Fact]
    public void A_new_kind_whose_machines_soon_end_never_has_the_place_of_more_than_a_quarter_and_is_given_up()
    {
        for (var seed = 0; seed < 400; seed++)
        {
            var random = new Random(seed);
            var machines = random.Next(1, 12);
            var service = Service(machines, machines + random.Next(0, 4));
            var world = new RollingWorld(service, addresses: random.Next(machines, 30), random) { Held = machines, NewLives = random.Next(1, 9) };
            world.Add(isNew: false, machines);
            for (var step = 0; step < 300; step++)
            {
                world.Advance();
                world.Former.ShouldBeGreaterThanOrEqualTo(machines - RollingPlanner.Surge(machines), $"seed {seed}: {world}");
            }

            world.Step.ShouldBe(ChangeStep.Stopped, $"seed {seed}: {world}");
            (world.Former, world.New).ShouldBe((machines, 0), $"seed {seed}: {world}");
        }
    }

    [Fact]
    public void A_new_kind_that_never_starts_leaves_the_former_kind_whole_whatever_comes_when()
    {
        for (var seed = 0; seed < 400; seed++)
        {
            var random = new Random(seed);
            var machines = random.Next(1, 12);
            var service = Service(machines, machines + random.Next(0, 4));
            var world = new RollingWorld(service, addresses: random.Next(machines, 30), random) { Held = machines, NewFails = true };
            world.Add(isNew: false, machines);
            for (var step = 0; step < 200; step++)
            {
                if (random.Next(40) == 0 && step < 150)
                {
                    world.Die();
                }

                world.Advance();
                world.New.ShouldBe(0);
            }

            world.Step.ShouldBe(ChangeStep.Stopped, $"seed {seed}: {world}");
            world.Former.ShouldBe(machines, $"seed {seed}: {world}");
            world.FailuresSeen.ShouldBe(RollingPlanner.FailuresMax, $"seed {seed}: {world}");
        }
    }

    private static ScalePlan Plan(
        EffectiveService service, int ready, int former, int held, int room = 100, int draining = 0, int starting = 0, int waiting = 0, int failed = 0, bool kept = true, int memory = 100, bool gone = false, int trialLeft = 0) =>
        Plan(service, ready, Former(new int[former]), held, room, draining, starting, waiting, failed, kept, memory, gone, trialLeft);

    private static ScalePlan Plan(
        EffectiveService service, int ready, IReadOnlyList<FormerMachine> former, int held, int room = 100, int draining = 0, int starting = 0, int waiting = 0, int failed = 0, bool kept = true, int memory = 100, bool gone = false, int trialLeft = 0) =>
        RollingPlanner.Plan(
            new FleetObservation(ready, starting, 0, waiting, [], Now, failed, failed > 0 ? Now : null),
            new ChangeObservation(former, 0, draining, held, room) { CanStartFormer = kept, Failures = failed, MemoryRoom = memory, CanStartNew = !gone, TrialLeft = TimeSpan.FromSeconds(trialLeft) },
            service);

    private static IReadOnlyList<FormerMachine> Former(int[] inUse) => [.. inUse.Select(used => new FormerMachine(Core.Identity.MachineId.New(), used, TimeSpan.Zero))];
}
