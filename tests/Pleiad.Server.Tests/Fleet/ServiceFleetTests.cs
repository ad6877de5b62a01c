using Pleiad.Core.Documents;
using Pleiad.Core.Events;
using Pleiad.Core.Settings;
using Pleiad.Gateway.Dispatch;
using Pleiad.Machines.Images;
using Pleiad.Server.Fleet;
using Pleiad.Server.Tests.Simulation;
using Pleiad.State;
using Shouldly;
using Xunit;

namespace Pleiad.Server.Tests.Fleet;

/// <summary>Fleets on a host without QEMU: what is hard to bring about with real machines.</summary>
public sealed class ServiceFleetTests
{
    [Fact]
    public async Task A_start_that_takes_longer_than_the_reservation_time_of_today_keeps_its_address()
    {
        await using var rig = await Rig.StartAsync(speed: 50);
        rig.Chance.StartAlways = TimeSpan.FromSeconds(30);
        await rig.ApplyAsync("machinesMin: 1\naddressReservation: 10m");
        await rig.UntilAsync(() => Task.FromResult(rig.Host.Live.Count == 1));
        await rig.ApplyAsync("machinesMin: 1\naddressReservation: 1s");
        await rig.Fleets.SetAsync(SettingKey.AddressReservation, 1_000, default);
        await rig.ReadyAsync(1);
        rig.Host.Started.ShouldBe(1);
        await rig.HoldsNothingElseAsync();
    }

    [Fact]
    public async Task An_address_and_a_row_that_could_not_be_given_back_are_freed_when_the_store_answers_again()
    {
        await using var rig = await Rig.StartAsync();
        await rig.ApplyAsync("machinesMin: 1\nmachinesMax: 1");
        await rig.ReadyAsync(1);
        rig.Store.FailsBefore = name => name is nameof(IStateStore.ReleaseAddressAsync) or nameof(IStateStore.RemoveMachinesAsync);
        var first = rig.Host.Live.ShouldHaveSingleItem();
        first.Die();
        await rig.UntilAsync(() => Task.FromResult(rig.Host.Live is [var next] && next != first));
        (await rig.Real.ListAddressesAsync(default)).ShouldContain(address => address.Machine == first.Order.Id);
        rig.Store.FailsBefore = _ => false;
        await rig.HoldsNothingElseAsync();
    }

    [Fact]
    public async Task A_machine_that_dies_while_it_drains_is_gone_at_once_although_its_work_has_not_ended()
    {
        // Real time: the longest drain would outlast the test.
        await using var rig = await Rig.StartAsync(speed: 1);
        await rig.ApplyAsync("machinesMin: 1\nmachinesMax: 1\nslots: 1");
        await rig.ReadyAsync(1);
        var got = await rig.Fleet().Dispatcher.AcquireAsync(WorkKind.Request, default);
        using var lease = got.Lease!;
        await rig.ApplyAsync("machinesMin: 0\nmachinesMax: 1\nslots: 1", image: "next");
        await rig.UntilAsync(() => Task.FromResult(rig.Fleet().Dispatcher.Observe().Machines.Any(machine => machine.Draining)));
        var draining = rig.Host.Live.Single(machine => machine.Order.Id == lease.Machine);
        draining.Die();
        await rig.UntilAsync(() => Task.FromResult(rig.Fleet().Machines.All(machine => machine.Id != lease.Machine)));
        await rig.HoldsNothingElseAsync();
    }

    [Fact]
    public async Task A_machine_that_is_killed_gets_no_new_work_while_it_ends()
    {
        await using var rig = await Rig.StartAsync();
        await rig.ApplyAsync("machinesMin: 1\nmachinesMax: 1\nslots: 2");
        await rig.ReadyAsync(1);
        var got = await rig.Fleet().Dispatcher.AcquireAsync(WorkKind.Request, default);
        using var lease = got.Lease!;
        rig.Fleet().Kill(lease.Machine, "killed by the test");
        var next = await rig.Fleet().Dispatcher.AcquireAsync(WorkKind.Request, default);
        next.Lease!.Machine.ShouldNotBe(lease.Machine);
        next.Lease.Dispose();
    }

    [Fact]
    public async Task A_service_whose_start_is_under_way_can_be_removed_at_once()
    {
        await using var rig = await Rig.StartAsync(speed: 1);
        rig.Chance.StartAlways = TimeSpan.FromMinutes(10);
        await rig.ApplyAsync("machinesMin: 3");
        await rig.UntilAsync(() => Task.FromResult(rig.Host.Live.Count == 3));
        await rig.Fleets.RemoveAsync("work", TimeSpan.FromMinutes(10), default).WaitAsync(TimeSpan.FromSeconds(30));
        await rig.HoldsNothingElseAsync();
    }

    [Fact]
    public async Task A_service_that_could_not_be_written_is_not_there_and_a_changed_one_stays_as_it_was()
    {
        await using var rig = await Rig.StartAsync();
        await rig.ApplyAsync("machinesMin: 0\nslots: 3");
        rig.Store.FailsBefore = name => name == nameof(IStateStore.PutServiceAsync);
        await Should.ThrowAsync<StateException>(() => rig.ApplyAsync("machinesMin: 0", "other"));
        await Should.ThrowAsync<StateException>(() => rig.ApplyAsync("machinesMin: 0\nslots: 4"));
        rig.Fleets.All.ShouldHaveSingleItem().Fleet.Service.Slots.ShouldBe(3);
        (await rig.Real.ListServicesAsync(default)).ShouldHaveSingleItem().Slots.ShouldBe(3);
    }

    [Fact]
    public async Task An_image_that_cannot_be_kept_changes_nothing()
    {
        await using var rig = await Rig.StartAsync();
        await rig.ApplyAsync("machinesMin: 0\nslots: 3");
        var pins = Path.Combine(rig.Images.StoreDirectory, "pins");
        Directory.Move(pins, pins + "-away");
        await File.WriteAllTextAsync(pins, "in the way");
        await Should.ThrowAsync<ImageStoreException>(() => rig.ApplyAsync("machinesMin: 0", "other"));
        await Should.ThrowAsync<ImageStoreException>(() => rig.ApplyAsync("machinesMin: 0\nslots: 4"));
        rig.Fleets.All.ShouldHaveSingleItem().Fleet.Service.Slots.ShouldBe(3);
        (await rig.Real.ListServicesAsync(default)).ShouldHaveSingleItem().Slots.ShouldBe(3);
    }

    [Fact]
    public async Task A_service_whose_image_is_away_is_there_with_its_problem_and_runs_when_the_image_is_back()
    {
        await using var rig = await Rig.StartAsync();
        await rig.ApplyAsync("machinesMin: 1");
        await rig.ReadyAsync(1);
        var kernel = rig.Fleet().Image.Stored!.Manifest.Kernel;
        File.Move(kernel, kernel + ".away");
        await rig.RestartAsync();
        rig.Fleet().Problem!.ShouldContain("is missing");
        await rig.UntilAsync(() => Task.FromResult(rig.Fleet().LastPlan.Contains("nothing can start", StringComparison.Ordinal)));
        rig.Host.Live.ShouldBeEmpty();
        File.Move(kernel + ".away", kernel);
        await rig.ReadyAsync(1);
        rig.Fleet().Problem.ShouldBeNull();
    }

    [Fact]
    public async Task A_start_that_fails_beside_a_machine_that_works_long_is_tried_again_ever_later()
    {
        await using var rig = await Rig.StartAsync(addresses: 1);
        await rig.ApplyAsync("machinesMin: 1\nmachinesMax: 2");
        await rig.ReadyAsync(1);
        await rig.UntilAsync(() => Task.FromResult(rig.Fleet().Machines.All(machine => machine.Worked(rig.Time.GetUtcNow()) > StartFailures.StableAfter)));
        await rig.ApplyAsync("machinesMin: 2\nmachinesMax: 2");
        await rig.UntilAsync(() => Task.FromResult(rig.Fleet().LastPlan.Contains("after 4 failed in a row", StringComparison.Ordinal)));
        (await rig.Real.ListEventsAsync(new EventQuery(Kind: EventKind.MachineStartFailed), default)).Count.ShouldBeLessThanOrEqualTo(4);
        rig.Fleet().Problem!.ShouldContain("no free address");
    }

    [Fact]
    public async Task Nothing_can_be_changed_once_the_server_stops()
    {
        await using var rig = await Rig.StartAsync();
        await rig.ApplyAsync("machinesMin: 0");
        await rig.Fleets.EndAsync("the test ends", TimeSpan.Zero, keepMachines: false);
        await Should.ThrowAsync<StateException>(() => rig.ApplyAsync("machinesMin: 1", "late"));
        await Should.ThrowAsync<InvalidInputException>(() => rig.Fleets.ApplyAsync(new Core.Services.ServiceSpec("late", "no-image"), default));
    }
}
