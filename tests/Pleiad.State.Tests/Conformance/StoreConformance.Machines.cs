using System.Net;
using Pleiad.Core.Identity;
using Shouldly;
using Xunit;

namespace Pleiad.State.Tests.Conformance;

public abstract partial class StoreConformance
{
    [Fact]
    public async Task A_report_comes_back_as_it_was_and_a_later_one_replaces_it()
    {
        var first = Report(MachineId.New(), Noon);
        await Store.ReportMachinesAsync([first], Token);
        (await Store.ListMachinesAsync(Token)).ShouldBe([first]);

        var second = first with { State = "ready", Cpu = 0.337, RamBytes = 9L << 30, FreeCount = 4, LastConnect = At(1.001) };
        await Store.ReportMachinesAsync([second], Token);
        (await Store.ListMachinesAsync(Token)).ShouldBe([second]);
    }

    [Fact]
    public async Task Machines_are_listed_by_their_start_and_go_when_removed()
    {
        MachineReport[] reports = [Report(MachineId.New(), At(2)), Report(MachineId.New(), At(1)), Report(MachineId.New(), At(3))];
        await Store.ReportMachinesAsync(reports, Token);
        (await Store.ListMachinesAsync(Token)).ShouldBe([reports[1], reports[0], reports[2]]);
        await Store.RemoveMachinesAsync([reports[0].Id, MachineId.New(), reports[2].Id], Token);
        (await Store.ListMachinesAsync(Token)).ShouldBe([reports[1]]);
    }

    [Fact]
    public async Task A_machines_row_points_to_its_address()
    {
        await Store.SetAddressPoolAsync(Machines(3), Token);
        await Store.ReserveAddressAsync(MachineId.New(), AddressWish.None, Noon, Token);
        var machine = MachineId.New();
        var address = (await Store.ReserveAddressAsync(machine, AddressWish.None, Noon, Token)).ShouldNotBeNull();
        await Store.ReportMachinesAsync([Report(machine, Noon)], Token);
        (await ExecuteAsync("select id_ip from vmachine")).ShouldBe(address.Id);
    }

    [Fact]
    public async Task Two_servers_may_report_the_same_machines_at_once()
    {
        var other = Open();
        var reports = Enumerable.Range(0, 30).Select(_ => Report(MachineId.New(), Noon)).ToArray();
        await AllAtOnceAsync(20, async number =>
        {
            await (number % 2 == 0 ? Store : other).ReportMachinesAsync(number % 3 == 0 ? [.. reports.Reverse()] : reports, Token);
            return number;
        });
        (await Store.ListMachinesAsync(Token)).ShouldBe(reports, ignoreOrder: true);
    }

    private static MachineReport Report(MachineId id, DateTimeOffset started) =>
        new(id, "primes", "sha256:0123", "starting", IPAddress.Parse("10.77.0.2"), 8080, 0, 4 << 20, 0, null, started, "no free slot");
}
