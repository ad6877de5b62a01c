using Pleiad.Core.Identity;
using Pleiad.Server.Tests.Simulation;
using Shouldly;
using Xunit;

namespace Pleiad.Server.Tests.Fleet;

public sealed class AddressWishTests
{
    [Fact]
    public async Task A_machine_is_ordered_where_its_host_wishes_and_elsewhere_when_that_is_taken()
    {
        await using var rig = await Rig.StartAsync(addresses: 4);
        var (wished, unwanted) = (rig.Host.Addresses[2], rig.Host.Addresses[0]);
        rig.Host.Wish = new AddressWish([wished], [wished, unwanted]);
        await rig.ApplyAsync("machinesMin: 1");
        await rig.ReadyAsync(1);
        rig.Host.Live.ShouldHaveSingleItem().Order.Address.ShouldBe(wished);

        await rig.ApplyAsync("machinesMin: 3");
        await rig.ReadyAsync(3);
        rig.Host.Live.Select(machine => machine.Order.Address).ShouldBe(rig.Host.Addresses.Except([unwanted]), ignoreOrder: true);
        await rig.HoldsNothingElseAsync();
    }
}
