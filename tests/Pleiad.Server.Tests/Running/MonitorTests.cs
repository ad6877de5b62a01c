using Pleiad.TestKit;
using Shouldly;
using Xunit;

namespace Pleiad.Server.Tests.Running;

[Trait("Group", "server")]
public sealed class MonitorTests
{
    [Fact]
    public async Task A_machine_that_dies_is_noticed_and_replaced()
    {
        await using var server = await TestServer.StartAsync();
        await server.ApplyAsync("machinesMin: 1", ready: 1);
        var first = (await server.Client.ListMachinesAsync(default)).ShouldHaveSingleItem();
        Signals.Send(first.ProcessId!.Value, Signals.Kill);
        var died = await server.EventAsync("machineDied");
        died.Machine.ShouldBe(first.Id);
        await Replaced(server, first.Id);
        (await server.Gateway.GetStringAsync("/primes/primes?n=10")).ShouldContain("\"primes\":4");
    }

    [Fact]
    public async Task A_machine_that_hangs_is_noticed_and_replaced()
    {
        await using var server = await TestServer.StartAsync();
        await server.ApplyAsync("machinesMin: 1\nhangTimeout: 1s", ready: 1);
        var first = (await server.Client.ListMachinesAsync(default)).ShouldHaveSingleItem();
        Signals.Send(first.ProcessId!.Value, Signals.Stop);
        (await server.EventAsync("machineHung")).Machine.ShouldBe(first.Id);
        await Replaced(server, first.Id);
    }

    [Fact]
    public async Task A_request_in_a_machine_that_dies_goes_to_another_when_it_may_be_repeated()
    {
        await using var server = await TestServer.StartAsync();
        await server.ApplyAsync("machinesMin: 1\nmachinesMax: 1\nslots: 1", ready: 1);
        var first = (await server.Client.ListMachinesAsync(default)).ShouldHaveSingleItem();
        var working = server.Gateway.GetAsync("/primes/primes?n=80000");
        await Eventually.BecomesTrueAsync(async () => (await server.Client.GetMachineAsync(first.Id, default)).FreeSlots == 0, TestServer.Limit, server.EventsAsync);
        Signals.Send(first.ProcessId!.Value, Signals.Kill);
        using var answer = await working;
        (await answer.Content.ReadAsStringAsync()).ShouldContain("\"primes\":7837");
        answer.Headers.GetValues("Pleiad-Machine").ShouldNotBe([first.Id]);
        await server.EventAsync("retried");
    }

    [Fact]
    public async Task A_machine_ended_by_request_is_replaced_and_its_log_stays()
    {
        await using var server = await TestServer.StartAsync();
        await server.ApplyAsync("machinesMin: 1", ready: 1);
        var first = (await server.Client.ListMachinesAsync(default)).ShouldHaveSingleItem();
        await server.Client.EndMachineAsync(first.Id, default);
        await Replaced(server, first.Id);
        using var log = new MemoryStream();
        await server.Client.CopyMachineLogAsync(first.Id, log, default);
        System.Text.Encoding.UTF8.GetString(log.ToArray()).ShouldContain("pleiad: ready service=primes");
    }

    [Fact]
    public async Task Machines_report_what_they_use_and_how_much_is_free()
    {
        await using var server = await TestServer.StartAsync();
        await server.ApplyAsync("machinesMin: 1\nslots: 4", ready: 1);
        await Eventually.BecomesTrueAsync(
            async () => (await server.Client.ListMachinesAsync(default)).All(machine => machine.GuestMemoryTotalBytes == 4 << 20 && machine.RamBytes > 1 << 20 && machine.LastContact is not null),
            TestServer.Limit,
            server.EventsAsync);
        var machine = (await server.Client.ListMachinesAsync(default)).ShouldHaveSingleItem();
        machine.FreeSlots.ShouldBe(4);
        machine.GuestMemoryUsedBytes!.Value.ShouldBeInRange(1, 4 << 20);
        machine.StartMs!.Value.ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task A_machine_that_never_answers_frees_its_address_and_is_tried_again_ever_later()
    {
        await using var server = await TestServer.StartAsync();
        var image = await SilentImage.ImportAsync(server.Data);
        await server.Client.ApplyServiceAsync("silent", $"name: silent\nimage: {image}\nmachinesMin: 1\naddressReservation: 1s\n", default);
        var failed = await server.EventAsync("machineStartFailed");
        failed.Reason.ShouldStartWith("no answer within 1 s");
        failed.Reason.ShouldEndWith($"see 'pleiad machine log {failed.Machine}', or give it longer by addressReservation");
        await Eventually.BecomesTrueAsync(
            async () => (await server.Client.GetServiceAsync("silent", default)) is { Problem: not null, Plan: var plan } && plan.Contains("failed in a row"), TestServer.Limit, server.EventsAsync);
        await server.Client.RemoveServiceAsync("silent", default);
        var info = await server.Client.GetServerAsync(default);
        info.AddressesFree.ShouldBe(info.AddressesTotal);
    }

    [Fact]
    public async Task Another_slot_count_is_taken_up_by_the_machines_that_run()
    {
        await using var server = await TestServer.StartAsync();
        await server.ApplyAsync("machinesMin: 1\nslots: 2", ready: 1);
        var first = (await server.Client.ListMachinesAsync(default)).ShouldHaveSingleItem();
        await server.ApplyAsync("machinesMin: 1\nslots: 3", ready: 1);
        (await server.Client.ListMachinesAsync(default)).ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            machine => machine.Id.ShouldBe(first.Id),
            machine => (machine.Slots, machine.FreeSlots).ShouldBe((3, 3)));
    }

    [Fact]
    public async Task Settings_change_the_bounds_of_services_that_set_none()
    {
        await using var server = await TestServer.StartAsync();
        await server.ApplyAsync("slots: 1", ready: 2);
        await server.Client.SetSettingAsync("min_vm_count", "3", default);
        await server.ReadyAsync(3);
        (await server.EventAsync("settingChanged")).Reason.ShouldContain("min_vm_count is 3");
    }

    private static Task Replaced(TestServer server, string machine) => Eventually.BecomesTrueAsync(
        async () => (await server.Client.ListMachinesAsync(default)) is [{ State: "ready" } now] && now.Id != machine, TestServer.Limit, server.EventsAsync);
}
