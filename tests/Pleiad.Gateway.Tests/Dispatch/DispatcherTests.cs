using System.Net;
using Pleiad.Core.Identity;
using Pleiad.Gateway.Dispatch;
using Shouldly;
using Xunit;

namespace Pleiad.Gateway.Tests.Dispatch;

public sealed class DispatcherTests
{
    private static readonly MachineAddress Address = new(IPAddress.Loopback, 8080);
    private static readonly MachineId A = new("m-aaaaaaaaaa");
    private static readonly MachineId B = new("m-bbbbbbbbbb");

    private readonly FakeTime _time = new();
    private int _changes;

    [Fact]
    public async Task A_free_slot_is_granted_at_once_on_the_least_used_and_oldest_machine()
    {
        var dispatcher = New();
        dispatcher.AddMachine(A, Address, 3);
        dispatcher.AddMachine(B, Address, 3);

        var machines = new List<MachineId>();
        for (var index = 0; index < 6; index++)
        {
            machines.Add((await Granted(dispatcher)).Machine);
        }

        machines.ShouldBe([A, B, A, B, A, B]);
    }

    [Fact]
    public async Task Slots_of_a_machine_are_numbered_without_doubles_and_the_last_one_given_back_is_used_first()
    {
        var dispatcher = New();
        dispatcher.AddMachine(A, Address, 3);
        var first = await Granted(dispatcher);
        var second = await Granted(dispatcher);
        var third = await Granted(dispatcher);
        new[] { first.Slot, second.Slot, third.Slot }.Order().ShouldBe([0, 1, 2]);

        third.Dispose();
        first.Dispose();

        (await Granted(dispatcher)).Slot.ShouldBe(first.Slot);
        (await Granted(dispatcher)).Slot.ShouldBe(third.Slot);
    }

    [Fact]
    public async Task More_slots_serve_those_that_wait_and_fewer_let_leases_end()
    {
        var dispatcher = New();
        dispatcher.AddMachine(A, Address, 1);
        var first = await Granted(dispatcher);
        var second = dispatcher.AcquireAsync(WorkKind.Request, default);
        second.IsCompleted.ShouldBeFalse();

        dispatcher.Resize(A, 2);
        var lease = (await second).Lease!;
        lease.Slot.ShouldNotBe(first.Slot);

        dispatcher.Resize(A, 1);
        var third = dispatcher.AcquireAsync(WorkKind.Request, default);
        first.Dispose();
        third.IsCompleted.ShouldBeFalse();
        lease.Dispose();
        (await third).Lease!.Machine.ShouldBe(A);
        dispatcher.Resize(B, 3);
    }

    [Fact]
    public async Task A_lease_disposed_twice_gives_one_slot_back()
    {
        var dispatcher = New();
        dispatcher.AddMachine(A, Address, 1);
        var lease = await Granted(dispatcher);

        lease.Dispose();
        lease.Dispose();

        await Granted(dispatcher);
        dispatcher.AcquireAsync(WorkKind.Request, default).IsCompleted.ShouldBeFalse();
        dispatcher.Observe().InFlight.ShouldBe(1);
    }

    [Fact]
    public async Task Requests_and_jobs_are_served_in_order_of_arrival()
    {
        var dispatcher = New();
        var first = dispatcher.AcquireAsync(WorkKind.Job, default);
        var second = dispatcher.AcquireAsync(WorkKind.Request, default);
        var third = dispatcher.AcquireAsync(WorkKind.Job, default);

        dispatcher.AddMachine(A, Address, 1);
        first.IsCompleted.ShouldBeTrue();
        second.IsCompleted.ShouldBeFalse();
        (await first).Lease!.Dispose();
        second.IsCompleted.ShouldBeTrue();
        third.IsCompleted.ShouldBeFalse();
        (await second).Lease!.Dispose();
        (await third).Outcome.ShouldBe(DispatchOutcome.Granted);
    }

    [Fact]
    public async Task The_queue_limit_counts_requests_and_not_jobs()
    {
        var dispatcher = New(limit: 1);
        dispatcher.AcquireAsync(WorkKind.Job, default).IsCompleted.ShouldBeFalse();
        dispatcher.AcquireAsync(WorkKind.Request, default).IsCompleted.ShouldBeFalse();

        (await dispatcher.AcquireAsync(WorkKind.Request, default)).Outcome.ShouldBe(DispatchOutcome.QueueFull);

        dispatcher.AcquireAsync(WorkKind.Job, default).IsCompleted.ShouldBeFalse();
        var view = dispatcher.Observe();
        view.QueueFull.ShouldBe(1);
        view.Waiting.ShouldBe(3);
    }

    [Fact]
    public async Task A_request_waits_until_its_deadline_and_not_a_moment_less()
    {
        var dispatcher = New(deadline: TimeSpan.FromSeconds(30));
        var waiting = dispatcher.AcquireAsync(WorkKind.Request, default);

        _time.Advance(TimeSpan.FromMilliseconds(29_999));
        waiting.IsCompleted.ShouldBeFalse();
        _time.Advance(TimeSpan.FromMilliseconds(1));

        waiting.IsCompleted.ShouldBeTrue();
        var result = await waiting;
        result.Outcome.ShouldBe(DispatchOutcome.DeadlinePassed);
        result.Lease.ShouldBeNull();
        result.Waited.ShouldBe(TimeSpan.FromSeconds(30));
        dispatcher.Observe().DeadlinePassed.ShouldBe(1);
    }

    [Fact]
    public void A_job_has_no_deadline()
    {
        var dispatcher = New(deadline: TimeSpan.FromSeconds(1));
        var job = dispatcher.AcquireAsync(WorkKind.Job, default);
        _time.Advance(TimeSpan.FromDays(1));
        job.IsCompleted.ShouldBeFalse();
    }

    [Fact]
    public async Task A_changed_deadline_holds_for_those_that_come_later_only()
    {
        var dispatcher = New(deadline: TimeSpan.FromSeconds(30));
        var early = dispatcher.AcquireAsync(WorkKind.Request, default);
        dispatcher.Configure(new DispatcherOptions(100, TimeSpan.FromSeconds(5)));
        var late = dispatcher.AcquireAsync(WorkKind.Request, default);

        _time.Advance(TimeSpan.FromSeconds(5));
        early.IsCompleted.ShouldBeFalse();
        (await late).Outcome.ShouldBe(DispatchOutcome.DeadlinePassed);
        _time.Advance(TimeSpan.FromSeconds(25));
        (await early).Outcome.ShouldBe(DispatchOutcome.DeadlinePassed);
    }

    [Fact]
    public async Task Who_goes_away_leaves_the_queue_and_its_turn_goes_to_the_next()
    {
        var dispatcher = New();
        using var gone = new CancellationTokenSource();
        var first = dispatcher.AcquireAsync(WorkKind.Request, gone.Token);
        var second = dispatcher.AcquireAsync(WorkKind.Request, default);

        await gone.CancelAsync();
        dispatcher.Observe().Waiting.ShouldBe(1);
        dispatcher.AddMachine(A, Address, 1);

        var thrown = await Should.ThrowAsync<OperationCanceledException>(first.AsTask());
        thrown.CancellationToken.ShouldBe(gone.Token);
        (await second).Outcome.ShouldBe(DispatchOutcome.Granted);
    }

    [Fact]
    public void Who_is_gone_before_asking_gets_no_slot()
    {
        var dispatcher = New();
        dispatcher.AddMachine(A, Address, 1);
        dispatcher.AcquireAsync(WorkKind.Request, new CancellationToken(true)).IsCanceled.ShouldBeTrue();
        dispatcher.Observe().InFlight.ShouldBe(0);
    }

    [Fact]
    public async Task A_drained_machine_gets_no_new_work_and_is_drained_when_its_last_lease_is_back()
    {
        var dispatcher = New();
        dispatcher.AddMachine(A, Address, 2);
        var lease = await Granted(dispatcher);

        var drained = dispatcher.DrainAsync(A);
        dispatcher.AcquireAsync(WorkKind.Request, default).IsCompleted.ShouldBeFalse();
        drained.IsCompleted.ShouldBeFalse();
        dispatcher.Observe().Machines.Single().Draining.ShouldBeTrue();
        lease.Dispose();

        await drained.WaitAsync(TimeSpan.FromSeconds(10));
        dispatcher.Observe().Waiting.ShouldBe(1);
    }

    [Fact]
    public async Task Only_an_idle_machine_can_be_drained_as_idle()
    {
        var dispatcher = New();
        dispatcher.AddMachine(A, Address, 1);
        var lease = await Granted(dispatcher);
        dispatcher.TryDrainIdle(A).ShouldBeFalse();
        dispatcher.Observe().Machines.Single().Draining.ShouldBeFalse();
        dispatcher.TryDrainIdle(B).ShouldBeFalse();

        lease.Dispose();
        dispatcher.TryDrainIdle(A).ShouldBeTrue();
        dispatcher.AcquireAsync(WorkKind.Request, default).IsCompleted.ShouldBeFalse();
        dispatcher.DrainAsync(A).IsCompleted.ShouldBeTrue();
    }

    [Fact]
    public async Task A_removed_machine_takes_its_leases_with_it()
    {
        var dispatcher = New();
        dispatcher.AddMachine(A, Address, 1);
        var lease = await Granted(dispatcher);
        var drained = dispatcher.DrainAsync(A);

        dispatcher.RemoveMachine(A);
        await drained.WaitAsync(TimeSpan.FromSeconds(10));
        dispatcher.Observe().InFlight.ShouldBe(0);
        dispatcher.Observe().Machines.ShouldBeEmpty();

        lease.Dispose();
        dispatcher.Observe().InFlight.ShouldBe(0);
        dispatcher.AcquireAsync(WorkKind.Request, default).IsCompleted.ShouldBeFalse();
    }

    [Fact]
    public async Task A_suspended_machine_is_passed_over_until_its_pause_ends()
    {
        var dispatcher = New();
        dispatcher.AddMachine(A, Address, 2);
        dispatcher.AddMachine(B, Address, 1);
        dispatcher.Suspend(A, TimeSpan.FromSeconds(1));

        (await Granted(dispatcher)).Machine.ShouldBe(B);
        var waiting = dispatcher.AcquireAsync(WorkKind.Request, default);
        waiting.IsCompleted.ShouldBeFalse();
        _time.Advance(TimeSpan.FromMilliseconds(999));
        waiting.IsCompleted.ShouldBeFalse();
        _time.Advance(TimeSpan.FromMilliseconds(1));

        var result = await waiting;
        result.Lease!.Machine.ShouldBe(A);
        result.Waited.ShouldBe(TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task Closing_ends_all_that_wait_and_all_that_come()
    {
        var dispatcher = New();
        var request = dispatcher.AcquireAsync(WorkKind.Request, default);
        var job = dispatcher.AcquireAsync(WorkKind.Job, default);

        dispatcher.Close();
        dispatcher.Close();

        (await request).Outcome.ShouldBe(DispatchOutcome.Closed);
        (await job).Outcome.ShouldBe(DispatchOutcome.Closed);
        dispatcher.AddMachine(A, Address, 1);
        (await dispatcher.AcquireAsync(WorkKind.Request, default)).Outcome.ShouldBe(DispatchOutcome.Closed);
    }

    [Fact]
    public async Task Whoever_plans_is_told_of_waits_refusals_returns_and_machines()
    {
        var dispatcher = New(limit: 1);
        Told(() => dispatcher.AddMachine(A, Address, 1));
        var lease = await Granted(dispatcher);
        Told(() => dispatcher.AcquireAsync(WorkKind.Request, default).IsCompleted.ShouldBeFalse());
        Told(() => dispatcher.AcquireAsync(WorkKind.Request, default).IsCompleted.ShouldBeTrue());
        Told(() => lease.Dispose());
        Told(() => dispatcher.RemoveMachine(A));

        void Told(Action action)
        {
            var before = _changes;
            action();
            _changes.ShouldBe(before + 1);
        }
    }

    [Fact]
    public async Task The_last_return_of_a_slot_is_known()
    {
        var dispatcher = New();
        dispatcher.AddMachine(A, Address, 1);
        _time.Advance(TimeSpan.FromSeconds(7));
        dispatcher.Observe().Machines.Single().LastReleased.ShouldBe(_time.GetUtcNow() - TimeSpan.FromSeconds(7));
        (await Granted(dispatcher)).Dispose();
        dispatcher.Observe().Machines.Single().LastReleased.ShouldBe(_time.GetUtcNow());
    }

    [Fact]
    public void A_machine_added_twice_or_without_slots_is_refused()
    {
        var dispatcher = New();
        dispatcher.AddMachine(A, Address, 1);
        Should.Throw<ArgumentException>(() => dispatcher.AddMachine(A, Address, 1)).Message.ShouldContain(A.Value);
        Should.Throw<ArgumentOutOfRangeException>(() => dispatcher.AddMachine(B, Address, 0));
        dispatcher.Observe().Machines.Count.ShouldBe(1);
    }

    private Dispatcher New(int limit = 100, TimeSpan? deadline = null) =>
        new("primes", new DispatcherOptions(limit, deadline ?? TimeSpan.FromSeconds(30)), _time, () => Interlocked.Increment(ref _changes));

    private static async Task<ISlotLease> Granted(Dispatcher dispatcher)
    {
        var asked = dispatcher.AcquireAsync(WorkKind.Request, default);
        asked.IsCompleted.ShouldBeTrue("a slot should be free");
        var result = await asked;
        result.Outcome.ShouldBe(DispatchOutcome.Granted);
        result.Waited.ShouldBe(TimeSpan.Zero);
        return result.Lease!;
    }
}
