using Pleiad.Core.Events;
using Pleiad.Core.Services;
using Pleiad.Server.Fleet;
using Pleiad.Server.Tests.Simulation;
using Pleiad.State;
using Shouldly;
using Xunit;

namespace Pleiad.Server.Tests.Fleet;

/// <summary>What the next server finds of a service's images, whenever the one before it ends. Each case in both orders of the images, for their digests have an order too.</summary>
public sealed class ServiceImagesTests
{
    [Theory]
    [InlineData("image", "next")]
    [InlineData("next", "image")]
    public async Task Going_back_in_the_middle_of_a_change_is_a_change_for_the_next_server_too(string first, string second)
    {
        await using var rig = await Rig.StartAsync();
        await rig.ApplyAsync("machinesMin: 4", image: first);
        await rig.ReadyAsync(4);

        // From the second new machine on nothing starts, so that it is applied in the middle.
        rig.Host.Fails = order => order.Image.Manifest.Name == second && rig.Fleet().ChangeSeen is { MachinesNew: >= 2 };
        await rig.ApplyAsync("machinesMin: 4", image: second);
        await rig.UntilAsync(() => Task.FromResult(rig.Fleet().ChangeSeen is { MachinesNew: >= 2, MachinesFormer: > 0 }));
        var found = new List<(string?, string?)>();
        rig.Store.Before = async name => await AddAsync(found, name, rig);
        rig.Store.After = rig.Store.Before;
        rig.Chance.StartAlways = TimeSpan.FromMinutes(10); // The change back is not over when it is looked at.
        await rig.ApplyAsync("machinesMin: 4", image: first);
        found.ShouldBe([(second, first), (first, second)]);
        (await FoundAsync(rig)).ShouldBe((first, second));
    }

    [Theory]
    [InlineData(5, 6)]
    [InlineData(6, 5)]
    public async Task An_image_that_was_built_again_is_not_taken_up_by_an_apply_that_is_refused(int before, int after)
    {
        await using var rig = await Rig.StartAsync();
        var first = await rig.ImportAsync("same", before);
        await rig.ApplyAsync("machinesMin: 1", image: "same");
        await rig.ReadyAsync(1);
        var second = await rig.ImportAsync("same", after);
        rig.Store.FailsBefore = name => name == nameof(IStateStore.PutServiceAsync);
        var found = new List<(string?, string?)>();
        await Should.ThrowAsync<StateException>(() => rig.ApplyAsync("machinesMin: 1", image: "same"));
        rig.Images.Pins().Select(pin => pin.Digest).ShouldBe([first]);

        rig.Store.FailsBefore = _ => false;
        rig.Store.Before = async name => await AddAsync(found, name, rig);
        await rig.ApplyAsync("machinesMin: 1", image: "same");
        found.ShouldBe([(first, null)]);
        (await FoundAsync(rig)).Applied.ShouldBe(second);
    }

    [Theory]
    [InlineData(5, 6)]
    [InlineData(6, 5)]
    public async Task An_image_that_was_built_again_stays_taken_up_when_the_one_before_could_not_be_let_go(int before, int after)
    {
        await using var rig = await Rig.StartAsync();
        var pins = new ServiceImages(rig.Images, rig.Data);
        var spec = new ServiceSpec("work", "same");
        await rig.ImportAsync("same", before);
        var first = rig.Images.Find("same")!;
        await pins.OfferAsync(spec.Name, first, null, default);
        await pins.TakeAsync(spec.Name, first, default);
        await rig.ImportAsync("same", after);
        var second = rig.Images.Find("same")!;
        await pins.SettleAsync(spec.Name, FleetImage.Of(first), null, default);
        await pins.OfferAsync(spec.Name, second, first, default);
        (await pins.AppliedAsync(spec, default)).Digest.ShouldBe(first.Digest);
        pins.Former(spec.Name, first.Digest).ShouldBeNull();
        await pins.TakeAsync(spec.Name, second, default);
        (await pins.AppliedAsync(spec, default)).Digest.ShouldBe(second.Digest);
        pins.Former(spec.Name, second.Digest)!.Digest.ShouldBe(first.Digest);
        await pins.SettleAsync(spec.Name, FleetImage.Of(second), null, default);
        rig.Images.Pins().Select(pin => pin.Digest).ShouldBe([second.Digest]);
    }

    [Fact]
    public async Task A_service_that_was_written_although_the_answer_was_lost_gets_the_image_that_it_names()
    {
        await using var rig = await Rig.StartAsync();
        await rig.ApplyAsync("machinesMin: 1");
        await rig.ReadyAsync(1);
        rig.Store.FailsAfter = name => name == nameof(IStateStore.PutServiceAsync);
        await Should.ThrowAsync<StateException>(() => rig.ApplyAsync("machinesMin: 1", image: "next"));
        rig.Store.FailsAfter = _ => false;
        await rig.RestartAsync(keepMachines: true);
        rig.Fleet().Image.Stored!.Manifest.Name.ShouldBe("next");
        await rig.UntilAsync(async () => (await rig.Real.ListEventsAsync(new EventQuery(Kind: EventKind.ServiceChangeDone), default)).Count == 1);
        await rig.UntilAsync(() => Task.FromResult(rig.Images.Pins() is [{ Name: "next" }]));
    }

    [Fact]
    public async Task A_former_image_that_a_kill_left_pinned_is_let_go()
    {
        await using var rig = await Rig.StartAsync();
        await rig.ApplyAsync("machinesMin: 1");
        await rig.ReadyAsync(1);
        var image = rig.Images.Find("image")!;
        await new ServiceImages(rig.Images, rig.Data).OfferAsync("work", rig.Images.Find("next")!, image, default);
        await rig.RestartAsync(keepMachines: true);
        rig.Fleet().ChangeSeen.ShouldBeNull();
        rig.Fleet().Image.Digest.ShouldBe(image.Digest);
        await rig.UntilAsync(() => Task.FromResult(rig.Images.Pins() is [{ Name: "image" }]));
    }

    private static async Task AddAsync(List<(string?, string?)> found, string call, Rig rig)
    {
        if (call == nameof(IStateStore.PutServiceAsync))
        {
            found.Add(await FoundAsync(rig));
        }
    }

    /// <summary>What a server that begins now takes for the applied image and the former one: names, or digests where the name is <c>same</c>.</summary>
    private static async Task<(string? Applied, string? Former)> FoundAsync(Rig rig)
    {
        await using var fleets = new Fleets(rig.Context, rig.Images, rig.Data);
        await fleets.LoadAsync(default);
        var fleet = fleets.Get("work")!.Fleet;
        return (Told(fleet.Image), fleet.ChangeSeen is { } change ? Told(change.Former) : null);
    }

    private static string? Told(FleetImage image) => image.Stored?.Manifest.Name is { } name and not "same" ? name : image.Digest;
}
