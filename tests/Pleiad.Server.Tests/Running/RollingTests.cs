using Pleiad.TestKit;
using Shouldly;
using Xunit;

namespace Pleiad.Server.Tests.Running;

/// <summary>Real machines that are changed for others of a new image while clients go on asking.</summary>
[Trait("Group", "server")]
public sealed class RollingTests(ITestOutputHelper output)
{
    private const int Machines = 4;
    private const string Bounds = "machinesMin: 4\nmachinesMax: 4\nslots: 2";

    [Theory]
    [InlineData("auto")]
    [InlineData("cold")]
    public async Task No_request_fails_while_the_image_changes_and_in_the_end_all_answers_are_of_the_new_one(string start)
    {
        await VersionImages.EnsureAsync('a', 'b');
        await using var server = await TestServer.StartAsync();
        await server.ApplyAsync($"{Bounds}\nstart: {start}", ready: Machines, "web", VersionImages.Name('a'));
        await using var load = new SteadyLoad(server.Gateway, "/web/version", clients: Machines * 2);
        await Eventually.BecomesTrueAsync(() => load.Count > 50, TestServer.Limit, () => $"{load.Count} answers");

        await ApplyAsync(server, VersionImages.Name('b'), $"start: {start}");
        var fewest = Machines;
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                var service = await server.Client.GetServiceAsync("web", default);
                fewest = Math.Min(fewest, service.Ready);
                return service.Change is null;
            },
            TestServer.Limit,
            server.EventsAsync);
        (await server.EventAsync("serviceChangeDone")).Reason.ShouldContain("4 of 4 machines are of the new kind");
        fewest.ShouldBe(Machines);

        // Those that the last former machine still has in work end first.
        await Eventually.BecomesTrueAsync(
            async () => (await server.Client.ListMachinesAsync(default)) is { Count: Machines } machines && machines.All(machine => machine.State == "ready"), TestServer.Limit, server.EventsAsync);
        var meanwhile = load.Take();
        await Eventually.BecomesTrueAsync(() => load.Count > 100, TestServer.Limit, () => $"{load.Count} answers");
        var after = load.Take();
        output.WriteLine($"{meanwhile.Count} answers until the end of the change, {meanwhile.Count(answer => answer == "b")} of them of the new image; {after.Count} after it; {(await server.EventAsync("serviceChangeDone")).Reason}");
        meanwhile.Where(answer => answer is not ("a" or "b")).ShouldBeEmpty();
        meanwhile.ShouldContain("a");
        after.Skip(Machines * 2).ShouldAllBe(answer => answer == "b");
        (await server.Client.GetServiceAsync("web", default)).Problem.ShouldBeNull();
    }

    [Fact]
    public async Task An_image_that_does_not_come_up_leaves_the_former_one_serving_and_a_good_one_goes_on()
    {
        await VersionImages.EnsureAsync('a', 'b');
        await using var server = await TestServer.StartAsync();
        var silent = await SilentImage.ImportAsync(server.Data);
        await server.ApplyAsync(Bounds, ready: Machines, "web", VersionImages.Name('a'));
        var former = (await server.Client.ListMachinesAsync(default)).Select(machine => machine.Id).Order().ToList();
        await using var load = new SteadyLoad(server.Gateway, "/web/version", clients: Machines);

        await ApplyAsync(server, silent, "addressReservation: 1s");
        var stopped = await server.EventAsync("serviceChangeStopped");
        stopped.Reason.ShouldStartWith($"the change to image {silent} (sha256:");
        stopped.Reason.ShouldContain("no answer within 1 s");
        stopped.Reason.ShouldEndWith("4 of 4 machines are still of the former kind; apply a working image or the former one", customMessage: await server.EventsAsync());
        var service = await server.Client.GetServiceAsync("web", default);
        service.Problem.ShouldBe(stopped.Reason);
        service.Change.ShouldNotBeNull().ShouldSatisfyAllConditions(
            change => change.FormerImage.ShouldBe(VersionImages.Name('a')),
            change => (change.MachinesNew, change.MachinesFormer, change.Stopped).ShouldBe((0, Machines, true)));
        using (var http = new HttpClient { BaseAddress = server.Server.Api })
        {
            var metrics = await http.GetStringAsync("/metrics");
            metrics.ShouldContain("pleiad_service_change_stopped{service=\"web\"} 1");
            metrics.ShouldContain("pleiad_service_change_machines{service=\"web\",kind=\"former\"} 4");
        }

        await Eventually.BecomesTrueAsync(
            async () => (await server.Client.ListMachinesAsync(default)).Select(machine => machine.Id).Order().SequenceEqual(former), TestServer.Limit, server.EventsAsync);

        await ApplyAsync(server, VersionImages.Name('b'), "");
        await server.EventAsync("serviceChangeDone");
        (await server.Client.GetServiceAsync("web", default)).Problem.ShouldBeNull();
        load.Take().Where(answer => answer is not ("a" or "b")).ShouldBeEmpty();
    }

    private static async Task ApplyAsync(TestServer server, string image, string keys) =>
        await server.Client.ApplyServiceAsync("web", $"name: web\nimage: {image}\n{Bounds}\n{keys}\n", default);
}
