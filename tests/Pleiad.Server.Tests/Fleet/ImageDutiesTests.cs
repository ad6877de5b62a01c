using Pleiad.Core.Events;
using Pleiad.Server.Tests.Simulation;
using Pleiad.State;
using Shouldly;
using Xunit;

namespace Pleiad.Server.Tests.Fleet;

/// <summary>Letting go of images waits for others; nothing else waits for it.</summary>
public sealed class ImageDutiesTests
{
    [Fact]
    public async Task Machines_are_reported_while_another_process_holds_the_image_store()
    {
        await using var rig = await Rig.StartAsync();
        await rig.ApplyAsync("machinesMin: 1");
        await rig.ReadyAsync(1);
        rig.Chance.StartAlways = TimeSpan.FromSeconds(10);
        await rig.ApplyAsync("machinesMin: 1", image: "next");
        using (new FileStream(Path.Combine(rig.Images.StoreDirectory, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None))
        {
            await DoneAsync(rig);
            await ReportsGoOnAsync(rig);
            rig.Images.Pins().Count.ShouldBe(2);
        }

        await rig.UntilAsync(() => Task.FromResult(rig.Images.Pins() is [{ Name: "next" }]));
    }

    [Fact]
    public async Task Machines_are_reported_while_a_service_is_being_changed()
    {
        await using var rig = await Rig.StartAsync();
        await rig.ApplyAsync("machinesMin: 1");
        await rig.ReadyAsync(1);
        rig.Chance.StartAlways = TimeSpan.FromSeconds(10);
        await rig.ApplyAsync("machinesMin: 1", image: "next");
        var written = new TaskCompletionSource();
        rig.Store.Before = name => name == nameof(IStateStore.PutServiceAsync) ? written.Task : Task.CompletedTask;
        var other = rig.ApplyAsync("machinesMin: 0", name: "other", image: "third");
        try
        {
            await DoneAsync(rig);
            await ReportsGoOnAsync(rig);
            other.IsCompleted.ShouldBeFalse();
        }
        finally
        {
            written.SetResult();
        }

        await other;
        await rig.UntilAsync(() => Task.FromResult(rig.Images.Pins().Select(pin => pin.Name).Order().SequenceEqual(["next", "third"])));
    }

    [Fact]
    public async Task A_server_that_ends_just_after_a_change_leaves_nothing_of_it_to_the_next_one()
    {
        // As slow as the real one, so that the end comes before the monitor's next round.
        await using var rig = await Rig.StartAsync(speed: 1);
        await rig.ApplyAsync("machinesMin: 2");
        await rig.ReadyAsync(2);
        await rig.ApplyAsync("machinesMin: 2", image: "next");
        await DoneAsync(rig);
        rig.Host.Forbids = order => order.Image.Manifest.Name == "image" ? "it is of the former image" : null;
        await rig.RestartAsync();
        rig.Fleet().ChangeSeen.ShouldBeNull();
        await rig.ReadyAsync(2);
        rig.Host.Violations.ShouldBeEmpty();
        (await rig.Real.ListEventsAsync(new EventQuery(Kind: EventKind.ServiceChangeBegan), default)).Count.ShouldBe(1);
    }

    private static Task DoneAsync(Rig rig) => rig.UntilAsync(() => Task.FromResult(rig.Fleet().ChangeSeen is null));

    /// <summary>More often than the monitor's rounds can be under way when this begins, its slowest duty included.</summary>
    private static async Task ReportsGoOnAsync(Rig rig)
    {
        var reports = 0;
        var before = rig.Store.Before;
        rig.Store.Before = name =>
        {
            if (name == nameof(IStateStore.ReportMachinesAsync))
            {
                Interlocked.Increment(ref reports);
            }

            return before(name);
        };
        await rig.UntilAsync(() => Task.FromResult(Volatile.Read(ref reports) >= 20));
    }
}
