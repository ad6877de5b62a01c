using System.Net;
using Pleiad.Core.Identity;
using Pleiad.Machines.Networks;
using Shouldly;
using Xunit;

namespace Pleiad.Machines.Tests.Networks;

public sealed class HomesTests
{
    private static readonly MachineAddress[] Pool = [.. Enumerable.Range(2, 4).Select(last => new MachineAddress(new IPAddress([10, 77, 0, (byte)last]), 8080))];

    [Fact]
    public void Homes_are_found_by_turns_from_the_end_where_nothing_is_ordered()
    {
        var homes = new Homes(Pool);
        homes.Order(Pool[2]);

        var first = homes.Choose()!;
        first.Address.ShouldBe(Pool[3]);
        homes.Choose()!.Address.ShouldBe(Pool[1]);
        homes.Leave(first);
        homes.Choose()!.Address.ShouldBe(Pool[0], "what was free for longest comes before what was left just now");
        homes.Choose()!.Address.ShouldBe(Pool[3]);
        homes.Choose().ShouldBeNull();
        homes.Free(Pool[2]);
        homes.Choose()!.Address.ShouldBe(Pool[2]);
        new Homes([]).Choose().ShouldBeNull();
    }

    [Fact]
    public void A_home_is_offered_until_a_machine_is_ordered_there()
    {
        var homes = new Homes(Pool);
        var home = homes.Choose()!;
        homes.All.ShouldBe([home.Address]);
        homes.IsOpen(home).ShouldBeTrue();

        homes.Order(home.Address);

        homes.All.ShouldBeEmpty();
        homes.IsOpen(home).ShouldBeFalse();
        home.IsLost.ShouldBeFalse("the machine may be made from the spare that lives there");
    }

    [Fact]
    public void A_home_that_is_lost_ends_what_is_done_there()
    {
        var homes = new Homes(Pool);
        var home = homes.Choose()!;
        homes.Order(home.Address);
        home.Loss.IsCancellationRequested.ShouldBeFalse();

        homes.Evict(home.Address);

        home.Loss.IsCancellationRequested.ShouldBeTrue();
    }

    [Fact]
    public void A_home_that_was_lost_is_not_left_again_by_the_spare_that_lived_there()
    {
        var homes = new Homes(Pool);
        var old = homes.Choose()!;
        homes.Order(old.Address);
        homes.Evict(old.Address);
        old.IsLost.ShouldBeTrue();
        homes.Free(old.Address);
        Home next;
        do
        {
            next = homes.Choose()!;
        }
        while (next.Address != old.Address);

        homes.Leave(old);

        homes.All.ShouldContain(old.Address);
        next.IsLost.ShouldBeFalse();
        homes.Evict(Pool[0]);
        next.IsLost.ShouldBeFalse();
    }
}
