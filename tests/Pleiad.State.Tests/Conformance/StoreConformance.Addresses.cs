using System.Net;
using Pleiad.Core.Identity;
using Shouldly;
using Xunit;

namespace Pleiad.State.Tests.Conformance;

public abstract partial class StoreConformance
{
    [Fact]
    public async Task The_pool_is_listed_in_order_of_address()
    {
        MachineAddress[] pool = [Machine(10), Machine(9), Machine(9, 80), new(IPAddress.Parse("10.8.0.1"), 8080), new(IPAddress.Parse("fd00::1"), 8080)];
        await Store.SetAddressPoolAsync(pool, Token);
        var kept = await Store.ListAddressesAsync(Token);
        kept.Select(address => address.Address).ShouldBe([pool[3], pool[2], pool[1], pool[0], pool[4]]);
        kept.ShouldAllBe(address => address.State == AddressState.Free && address.Machine == null && address.LastReserve == null);
    }

    [Fact]
    public async Task An_address_goes_from_free_to_reserved_to_taken_to_free()
    {
        await Store.SetAddressPoolAsync(Machines(1), Token);
        var machine = MachineId.New();

        var reserved = (await Store.ReserveAddressAsync(machine, AddressWish.None, At(1), Token)).ShouldNotBeNull();
        reserved.ShouldBe(new PooledAddress(reserved.Id, Machine(2), AddressState.Reserved, machine, At(1)));
        (await Store.TakeAddressAsync(machine, Token)).ShouldBeTrue();
        (await Store.ListAddressesAsync(Token)).ShouldBe([reserved with { State = AddressState.Taken }]);
        await Store.ReleaseAddressAsync(machine, At(2), Token);
        (await Store.ListAddressesAsync(Token)).ShouldBe([new PooledAddress(reserved.Id, Machine(2), AddressState.Free, null, At(2))]);
        (await Store.TakeAddressAsync(machine, Token)).ShouldBeFalse();
    }

    [Fact]
    public async Task Addresses_never_used_come_first_and_then_the_one_free_longest()
    {
        await Store.SetAddressPoolAsync(Machines(3), Token);
        MachineId[] machines = [MachineId.New(), MachineId.New(), MachineId.New()];
        await Store.ReserveAddressAsync(machines[0], AddressWish.None, At(1), Token);
        await Store.ReserveAddressAsync(machines[1], AddressWish.None, At(2), Token);
        await Store.ReleaseAddressAsync(machines[1], At(3), Token);
        await Store.ReleaseAddressAsync(machines[0], At(4), Token);

        var order = new List<MachineAddress>();
        for (var number = 0; number < 3; number++)
        {
            order.Add((await Store.ReserveAddressAsync(MachineId.New(), AddressWish.None, At(5 + number), Token)).ShouldNotBeNull().Address);
        }

        order.ShouldBe([Machine(4), Machine(3), Machine(2)]);
    }

    [Fact]
    public async Task A_wished_address_comes_first_and_an_unwanted_one_last_and_among_equals_the_one_free_longest()
    {
        await Store.SetAddressPoolAsync(Machines(5), Token);
        var before = MachineId.New();
        await Store.ReserveAddressAsync(before, new AddressWish([Machine(4)], []), At(1), Token);
        await Store.ReleaseAddressAsync(before, At(2), Token);
        var wish = new AddressWish([Machine(5), Machine(4), Machine(99)], [Machine(2), Machine(5), Machine(4)]);

        var order = new List<MachineAddress?>();
        for (var number = 0; number < 6; number++)
        {
            order.Add((await Store.ReserveAddressAsync(MachineId.New(), wish, At(5 + number), Token))?.Address);
        }

        order.ShouldBe([Machine(5), Machine(4), Machine(3), Machine(6), Machine(2), null]);
    }

    [Fact]
    public async Task A_wish_takes_nothing_from_a_machine_that_has_it()
    {
        await Store.SetAddressPoolAsync(Machines(2), Token);
        var wish = new AddressWish([Machine(3)], []);
        var reserved = await AllAtOnceAsync(3, _ => Store.ReserveAddressAsync(MachineId.New(), wish, Noon, Token));
        reserved.Select(address => address?.Address).ShouldBe([Machine(2), Machine(3), null], ignoreOrder: true);
    }

    [Fact]
    public async Task A_pool_that_is_used_up_gives_none()
    {
        await Store.SetAddressPoolAsync(Machines(1), Token);
        await Store.ReserveAddressAsync(MachineId.New(), AddressWish.None, Noon, Token);
        (await Store.ReserveAddressAsync(MachineId.New(), AddressWish.None, Noon, Token)).ShouldBeNull();
    }

    [Fact]
    public async Task A_machine_that_asks_again_keeps_its_address()
    {
        await Store.SetAddressPoolAsync(Machines(2), Token);
        var machine = MachineId.New();
        var first = await Store.ReserveAddressAsync(machine, AddressWish.None, Noon, Token);
        (await Store.ReserveAddressAsync(machine, AddressWish.None, At(1), Token)).ShouldBe(first);
    }

    [Fact]
    public async Task No_address_goes_to_two_machines_and_none_is_left_over()
    {
        await Store.SetAddressPoolAsync(Machines(40), Token);
        var other = Open();
        var reserved = await AllAtOnceAsync(50, number => (number % 2 == 0 ? Store : other).ReserveAddressAsync(MachineId.New(), AddressWish.None, Noon, Token));
        reserved.OfType<PooledAddress>().Select(address => address.Address).Distinct().Count().ShouldBe(40);
        reserved.Count(address => address is null).ShouldBe(10);
    }

    [Fact]
    public async Task A_new_pool_keeps_what_it_shares_with_the_old_one()
    {
        await Store.SetAddressPoolAsync(Machines(2), Token);
        var machine = MachineId.New();
        var held = (await Store.ReserveAddressAsync(machine, AddressWish.None, Noon, Token)).ShouldNotBeNull();
        await Store.SetAddressPoolAsync([Machine(2), Machine(2), Machine(200)], Token);
        var pool = await Store.ListAddressesAsync(Token);
        pool[0].ShouldBe(held);
        pool.Select(address => address.Address).ShouldBe([Machine(2), Machine(200)]);
    }

    [Fact]
    public async Task An_address_in_use_that_left_the_pool_stays_until_it_is_released()
    {
        await Store.SetAddressPoolAsync(Machines(1), Token);
        var machine = MachineId.New();
        await Store.ReserveAddressAsync(machine, AddressWish.None, Noon, Token);
        await Store.SetAddressPoolAsync([], Token);
        (await Store.TakeAddressAsync(machine, Token)).ShouldBeTrue();
        (await Store.ListAddressesAsync(Token)).ShouldHaveSingleItem().State.ShouldBe(AddressState.Taken);
        await Store.ReleaseAddressAsync(machine, At(1), Token);
        (await Store.ListAddressesAsync(Token)).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_address_that_left_the_pool_and_came_back_while_in_use_stays_for_good()
    {
        await Store.SetAddressPoolAsync(Machines(1), Token);
        var machine = MachineId.New();
        await Store.ReserveAddressAsync(machine, AddressWish.None, Noon, Token);
        await Store.SetAddressPoolAsync([], Token);
        await Store.SetAddressPoolAsync(Machines(1), Token);
        await Store.ReleaseAddressAsync(machine, At(1), Token);
        (await Store.ListAddressesAsync(Token)).ShouldHaveSingleItem().State.ShouldBe(AddressState.Free);
    }
}
