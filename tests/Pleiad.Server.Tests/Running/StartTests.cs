using Pleiad.TestKit;
using Shouldly;
using Xunit;

namespace Pleiad.Server.Tests.Running;

/// <summary>How machines of a service start.</summary>
[Trait("Group", "server")]
public sealed class StartTests
{
    [Fact]
    public async Task A_request_to_a_service_at_zero_wakes_a_spare()
    {
        await using var server = await TestServer.StartAsync();
        await server.ApplyAsync("machinesMin: 0\nspares: 1", ready: 0);
        (await server.EventAsync("templateReady")).Reason.ShouldContain("machines of it are cloned from now on");
        await SparesAsync(server, 1);

        (await server.Gateway.GetStringAsync(new Uri("/primes/primes?n=10", UriKind.Relative))).ShouldContain("\"primes\":4");

        var machine = (await server.Client.ListMachinesAsync(default)).ShouldHaveSingleItem();
        machine.StartWay.ShouldBe("resume");
        machine.StartNote.ShouldBeNull();
        (await server.EventAsync("machineReady")).Reason.ShouldContain("(resume)");
        await SparesAsync(server, 1);
    }

    [Fact]
    public async Task A_service_that_starts_cold_keeps_nothing_ready()
    {
        await using var server = await TestServer.StartAsync();
        await server.ApplyAsync("machinesMin: 1\nmachinesMax: 1\nstart: cold\nspares: 5", ready: 1);

        (await server.Client.ListMachinesAsync(default)).ShouldHaveSingleItem().StartWay.ShouldBe("cold");
        (await server.Client.GetServiceAsync("primes", default)).SparesReady.ShouldBe(0);
        Leftovers.Qemus(server.Data).Count.ShouldBe(1);
        (await server.EventsAsync()).ShouldNotContain("template");
    }

    [Fact]
    public async Task Spares_of_a_service_that_was_removed_go()
    {
        await using var server = await TestServer.StartAsync();
        await server.ApplyAsync("machinesMin: 0\nspares: 2\nstart: clone", ready: 0);
        await SparesAsync(server, 2);
        Leftovers.Qemus(server.Data).Count.ShouldBe(2);

        await server.Client.RemoveServiceAsync("primes", default);

        await Eventually.BecomesTrueAsync(() => Leftovers.Qemus(server.Data).Count == 0, TestServer.Limit, () => string.Join(' ', Leftovers.Qemus(server.Data)));
    }

    private static Task SparesAsync(TestServer server, int count) => Eventually.BecomesTrueAsync(
        async () => (await server.Client.GetServiceAsync("primes", default)).SparesReady == count,
        TestServer.Limit,
        server.EventsAsync);
}
