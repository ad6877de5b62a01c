using Pleiad.Core.Events;
using Pleiad.Core.Settings;
using Pleiad.Gateway.Dispatch;
using Pleiad.Scaling;
using Pleiad.Server.Tests.Simulation;
using Pleiad.State;
using Shouldly;
using Xunit;

namespace Pleiad.Server.Tests.Fleet;

/// <summary>Machines that are changed for others of a new image, on a host without QEMU.</summary>
public sealed class RollingTests
{
    [Fact]
    public async Task A_new_image_takes_over_machine_by_machine_and_as_many_take_work_all_the_time()
    {
        await using var rig = await Rig.StartAsync(speed: 5);
        await rig.ApplyAsync("machinesMin: 5\nmachinesMax: 5");
        await rig.ReadyAsync(5);
        rig.Host.Forbids = _ => rig.Host.Live.Count >= 5 + RollingPlanner.Surge(5) ? $"{rig.Host.Live.Count} are there" : null;
        await rig.ApplyAsync("machinesMin: 5\nmachinesMax: 5", image: "next");
        var fewest = 5;
        await rig.UntilAsync(() =>
        {
            fewest = Math.Min(fewest, Working(rig));
            return Task.FromResult(rig.Fleet().ChangeSeen is null);
        });
        fewest.ShouldBe(5);
        Of(rig, "next").ShouldBe(5);
        await rig.UntilAsync(() => Task.FromResult(rig.Host.Live.Count == 5));
        (await EventAsync(rig, EventKind.ServiceChangeBegan)).Reason.ShouldContain("0 of 5 machines are of the new kind, 5 are needed");
        (await EventAsync(rig, EventKind.ServiceChangeDone)).Reason.ShouldContain("5 of 5 machines are of the new kind");
        await rig.HoldsNothingElseAsync();
    }

    [Fact]
    public async Task An_image_that_does_not_start_leaves_the_former_one_at_work_until_a_good_one_is_applied()
    {
        await using var rig = await Rig.StartAsync();
        await rig.ApplyAsync("machinesMin: 4");
        await rig.ReadyAsync(4);
        var former = rig.Host.Live.Select(machine => machine.Order.Id).ToHashSet();
        rig.Host.Fails = order => order.Image.Manifest.Name == "next";
        await rig.ApplyAsync("machinesMin: 4", image: "next");
        var stopped = await EventAsync(rig, EventKind.ServiceChangeStopped);
        stopped.Reason.ShouldStartWith("the change to image next (sha256:");
        stopped.Reason.ShouldEndWith("4 of 4 machines are still of the former kind; apply a working image or the former one");
        rig.Fleet().Problem.ShouldBe(stopped.Reason);
        rig.Host.Live.Select(machine => machine.Order.Id).ToHashSet().SetEquals(former).ShouldBeTrue();
        var tried = rig.Host.Started - 4;
        tried.ShouldBe(RollingPlanner.FailuresMax);

        // It stays stopped, and what dies or is needed more is of the former kind.
        var dead = rig.Host.Live[0];
        dead.Die();
        await rig.UntilAsync(() => Task.FromResult(rig.Fleet().Machines.All(machine => machine.Id != dead.Order.Id) && Of(rig, "image") == 4));
        rig.Host.Started.ShouldBe(4 + tried + 1);

        await rig.ApplyAsync("machinesMin: 4", image: "third");
        await rig.UntilAsync(() => Task.FromResult(Of(rig, "third") == 4 && rig.Fleet().ChangeSeen is null));
        rig.Fleet().Problem.ShouldBeNull();
        await rig.HoldsNothingElseAsync();
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(2, 8)]
    [InlineData(4, 3)]
    [InlineData(5, 8)]
    public async Task An_image_whose_machines_answer_and_soon_end_never_takes_the_place_of_more_than_a_quarter_and_is_given_up(int machines, int seconds)
    {
        await using var rig = await Rig.StartAsync(speed: 10);
        var bounds = $"machinesMin: {machines}\nmachinesMax: {machines}";
        await rig.ApplyAsync(bounds);
        await rig.ReadyAsync(machines);
        rig.Host.LivesFor = order => order.Image.Manifest.Name == "next" ? TimeSpan.FromSeconds(seconds) : null;
        await rig.ApplyAsync(bounds, image: "next");
        var fewest = machines;
        await rig.UntilAsync(() =>
        {
            fewest = Math.Min(fewest, Of(rig, "image"));
            return Task.FromResult(rig.Fleet().ChangeSeen is { Stopped: true });
        });
        fewest.ShouldBeGreaterThanOrEqualTo(machines - RollingPlanner.Surge(machines));
        (await EventAsync(rig, EventKind.ServiceChangeStopped)).Reason.ShouldContain("machines end soon after their start");
        await rig.UntilAsync(() => Task.FromResult(Of(rig, "image") == machines && Of(rig, "next") == 0));
        rig.Fleet().Problem.ShouldNotBeNull().ShouldStartWith("the change to image next (sha256:");

        rig.Host.LivesFor = _ => null;
        await rig.ApplyAsync(bounds, image: "next");
        await rig.UntilAsync(() => Task.FromResult(Of(rig, "next") == machines && rig.Fleet().ChangeSeen is null));
        rig.Fleet().Machines.ShouldContain(machine => machine.Worked(rig.Time.GetUtcNow()) >= RollingPlanner.TrialTime);
        await rig.HoldsNothingElseAsync();
    }

    [Fact]
    public async Task Applying_the_former_image_goes_back_without_another_machine()
    {
        await using var rig = await Rig.StartAsync();
        await rig.ApplyAsync("machinesMin: 3");
        await rig.ReadyAsync(3);
        rig.Host.Fails = order => order.Image.Manifest.Name == "next";
        await rig.ApplyAsync("machinesMin: 3", image: "next");
        await EventAsync(rig, EventKind.ServiceChangeStopped);
        var started = rig.Host.Started;
        await rig.ApplyAsync("machinesMin: 3");
        rig.Fleet().ChangeSeen.ShouldBeNull();
        rig.Fleet().Problem.ShouldBeNull();
        await rig.HoldsNothingElseAsync();
        rig.Host.Started.ShouldBe(started);
        Of(rig, "image").ShouldBe(3);
    }

    [Fact]
    public async Task A_server_that_ends_in_the_middle_of_a_change_goes_on_with_it()
    {
        await using var rig = await Rig.StartAsync();
        await rig.ApplyAsync("machinesMin: 4");
        await rig.ReadyAsync(4);

        // From the second new machine on nothing starts, so that the end comes in the middle.
        rig.Host.Fails = order => order.Image.Manifest.Name == "next" && Of(rig, "next") >= 2;
        await rig.ApplyAsync("machinesMin: 4", image: "next");
        await rig.UntilAsync(() => Task.FromResult(Of(rig, "next") >= 2 && Of(rig, "image") is > 0 and < 4 && Working(rig) == 4));
        var there = rig.Host.Live.Where(machine => machine.IsLive).Select(machine => machine.Order.Id).ToHashSet();
        await rig.RestartAsync(keepMachines: true);
        rig.Fleet().Machines.Select(machine => machine.Id).Where(there.Contains).Count().ShouldBeGreaterThanOrEqualTo(4);
        rig.Fleet().ChangeSeen!.MachinesNew.ShouldBe(2);
        (await EventAsync(rig, EventKind.ServiceChangeBegan, number: 2)).Reason.ShouldContain("going on from image image (");

        rig.Host.Fails = _ => false;
        await rig.UntilAsync(() => Task.FromResult(rig.Fleet().ChangeSeen is null));
        Of(rig, "image").ShouldBe(0);
        await rig.HoldsNothingElseAsync();
        await rig.UntilAsync(() => Task.FromResult(rig.Images.Pins().Count == 1));
        await rig.RestartAsync(keepMachines: true);
        rig.Fleet().ChangeSeen.ShouldBeNull();
    }

    [Fact]
    public async Task A_server_that_begins_without_machines_goes_back_to_the_former_image_until_the_new_one_works()
    {
        await using var rig = await Rig.StartAsync();
        await rig.ApplyAsync("machinesMin: 2");
        await rig.ReadyAsync(2);
        rig.Host.Fails = order => order.Image.Manifest.Name == "next";
        await rig.ApplyAsync("machinesMin: 2", image: "next");
        await EventAsync(rig, EventKind.ServiceChangeStopped);
        await rig.RestartAsync();
        await rig.ReadyAsync(2);
        Of(rig, "image").ShouldBe(2);
        await rig.UntilAsync(() => Task.FromResult(rig.Fleet().ChangeSeen is { Stopped: true }));

        // A setting that is changed is a reason to try again.
        rig.Host.Fails = _ => false;
        await rig.Fleets.SetAsync(SettingKey.AddressReservation, 90_000, default);
        await rig.UntilAsync(() => Task.FromResult(Of(rig, "next") == 2 && rig.Fleet().ChangeSeen is null));
        await rig.HoldsNothingElseAsync();
    }

    [Fact]
    public async Task Machines_without_work_that_no_minimum_keeps_just_end()
    {
        await using var rig = await Rig.StartAsync(speed: 50);
        await rig.ApplyAsync("machinesMin: 2\nidleTimeout: 1h");
        await rig.ReadyAsync(2);
        await rig.ApplyAsync("machinesMin: 0\nidleTimeout: 1h");
        await rig.UntilAsync(() => Task.FromResult(rig.Fleet().Dispatcher.Observe().Machines.All(machine => rig.Time.GetUtcNow() - machine.LastReleased > TimeSpan.FromSeconds(11))));
        await rig.ApplyAsync("machinesMin: 0\nidleTimeout: 1h", image: "next");
        rig.Fleet().ChangeSeen.ShouldBeNull();
        await rig.UntilAsync(() => Task.FromResult(rig.Host.Live.Count == 0));
        rig.Host.Started.ShouldBe(2);
        await rig.EndsAsync(await rig.SubmitAsync("one"));
        Of(rig, "next").ShouldBe(1);
    }

    [Fact]
    public async Task What_needs_no_new_machines_replaces_none()
    {
        await using var rig = await Rig.StartAsync();
        await rig.ApplyAsync("machinesMin: 2\nslots: 2");
        await rig.ReadyAsync(2);
        var machines = rig.Host.Live.Select(machine => machine.Order.Id).ToHashSet();
        foreach (var keys in (string[])["machinesMin: 1\nmachinesMax: 7", "slots: 5", "spares: 4", "idleTimeout: 3m", "addressReservation: 9s", "hangTimeout: 9s", "queue: { limit: 3, deadline: 4s }", "start: cold"])
        {
            await rig.ApplyAsync(keys.Contains("machinesMin") ? keys : "machinesMin: 2\n" + keys);
            rig.Fleet().ChangeSeen.ShouldBeNull();
        }

        await rig.Fleets.SetAsync(SettingKey.Slots, 7, default);
        await rig.UntilAsync(() => Task.FromResult(rig.Fleet().Dispatcher.Observe().Machines.All(machine => machine is { Slots: 7, Draining: false })));
        rig.Fleet().Machines.ShouldAllBe(machine => machine.Slots == 7);
        rig.Host.Live.Select(machine => machine.Order.Id).ToHashSet().SetEquals(machines).ShouldBeTrue();
        rig.Host.Started.ShouldBe(2);
    }

    [Theory]
    [InlineData(4, 40, "no address of the pool is free")]
    [InlineData(40, 4, "the host's memory has no room for another 5 MiB")]
    public async Task Without_room_for_one_more_one_machine_ends_first_and_the_reason_says_so(int addresses, int inMemory, string why)
    {
        await using var rig = await Rig.StartAsync(addresses: addresses);
        await rig.ApplyAsync("machinesMin: 4\nmachinesMax: 4");
        await rig.ReadyAsync(4);
        rig.MemoryAvailableBytes = () => (inMemory - rig.Host.Live.Count(machine => machine.Snapshot.Usage.ResidentBytes > 0)) * FakeMachine.ResidentBytes;
        rig.Host.Forbids = _ => rig.Host.Live.Count >= 4 ? $"{rig.Host.Live.Count} are there" : null;
        await rig.ApplyAsync("machinesMin: 4\nmachinesMax: 4", image: "next");
        (await EventAsync(rig, EventKind.MachineDraining)).Reason.ShouldContain($"{why}, so one of the former kind ends first");
        await rig.UntilAsync(() => Task.FromResult(Of(rig, "next") == 4 && rig.Fleet().ChangeSeen is null));
        rig.Fleet().Problem.ShouldBeNull();
        (await rig.Real.ListEventsAsync(new EventQuery(Kind: EventKind.MachineStartFailed), default)).ShouldBeEmpty();
        await rig.HoldsNothingElseAsync();
    }

    [Fact]
    public async Task An_image_that_never_started_is_given_up_at_once_for_another()
    {
        await using var rig = await Rig.StartAsync(speed: 1);
        rig.Chance.StartAlways = TimeSpan.FromMinutes(10);
        await rig.ApplyAsync("machinesMin: 3");
        await rig.UntilAsync(() => Task.FromResult(rig.Host.Live.Count == 3));
        rig.Chance.StartAlways = TimeSpan.Zero;
        await rig.ApplyAsync("machinesMin: 3", image: "next");
        rig.Fleet().ChangeSeen.ShouldBeNull();
        await rig.UntilAsync(() => Task.FromResult(Of(rig, "next") == 3 && rig.Host.Live.Count == 3));
        await rig.HoldsNothingElseAsync();
    }

    [Fact]
    public async Task Work_that_comes_while_the_new_image_does_not_start_gets_machines_of_the_former_one()
    {
        await using var rig = await Rig.StartAsync(speed: 1);
        rig.Chance.WorkAlways = TimeSpan.FromMilliseconds(200);
        await rig.ApplyAsync("machinesMin: 1\nmachinesMax: 6\nslots: 1");
        await rig.ReadyAsync(1);
        rig.Host.Fails = order => order.Image.Manifest.Name == "next";
        await rig.ApplyAsync("machinesMin: 1\nmachinesMax: 6\nslots: 1", image: "next");
        var leases = new List<ISlotLease>();
        for (var one = 0; one < 4; one++)
        {
            leases.Add((await rig.Fleet().Dispatcher.AcquireAsync(WorkKind.Request, default)).Lease!);
        }

        rig.Fleet().Machines.Count(machine => leases.Exists(lease => lease.Machine == machine.Id) && machine.Digest == Digest(rig, "image")).ShouldBe(4);
        leases.ForEach(lease => lease.Dispose());
        await EventAsync(rig, EventKind.ServiceChangeStopped);
        await rig.HoldsNothingElseAsync();
    }

    private static int Working(Rig rig) => rig.Fleet().Dispatcher.Observe().Machines.Count(machine => !machine.Draining);

    /// <summary>Machines of an image that take work.</summary>
    private static int Of(Rig rig, string image)
    {
        var digests = rig.Fleet().Machines.ToDictionary(machine => machine.Id, machine => machine.Digest);
        return rig.Fleet().Dispatcher.Observe().Machines.Count(machine => !machine.Draining && digests.GetValueOrDefault(machine.Machine) == Digest(rig, image));
    }

    private static string Digest(Rig rig, string image) => rig.Images.Find(image)!.Digest;

    private static async Task<PleiadEvent> EventAsync(Rig rig, EventKind kind, int number = 1)
    {
        IReadOnlyList<PleiadEvent> found = [];
        await rig.UntilAsync(async () => (found = await rig.Real.ListEventsAsync(new EventQuery(Kind: kind), default)).Count >= number);
        return found[number - 1];
    }
}
