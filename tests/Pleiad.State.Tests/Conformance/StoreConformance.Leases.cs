using Shouldly;
using Xunit;

namespace Pleiad.State.Tests.Conformance;

public abstract partial class StoreConformance
{
    private static readonly TimeSpan Term = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task The_first_holder_of_a_lease_has_epoch_1() =>
        (await Store.AcquireLeaseAsync("server", "a", Noon, Term, Token)).ShouldBe(new Lease(true, "a", 1, At(10)));

    [Fact]
    public async Task A_lease_in_force_is_refused_to_others_and_names_its_holder()
    {
        await Store.AcquireLeaseAsync("server", "a", Noon, Term, Token);
        (await Store.AcquireLeaseAsync("server", "b", At(9.999), Term, Token)).ShouldBe(new Lease(false, "a", 1, At(10)));
    }

    [Fact]
    public async Task A_renewal_keeps_the_epoch_and_moves_the_end()
    {
        await Store.AcquireLeaseAsync("server", "a", Noon, Term, Token);
        (await Store.AcquireLeaseAsync("server", "a", At(5), Term, Token)).ShouldBe(new Lease(true, "a", 1, At(15)));
        (await Store.AcquireLeaseAsync("server", "a", At(60), Term, Token)).Epoch.ShouldBe(1, "nobody else had it since");
    }

    [Fact]
    public async Task An_expired_lease_goes_to_another_with_the_next_epoch_and_its_old_holder_is_refused()
    {
        await Store.AcquireLeaseAsync("server", "a", Noon, Term, Token);
        (await Store.AcquireLeaseAsync("server", "b", At(10), Term, Token)).ShouldBe(new Lease(true, "b", 2, At(20)));
        (await Store.AcquireLeaseAsync("server", "a", At(11), Term, Token)).ShouldBe(new Lease(false, "b", 2, At(20)));
    }

    [Fact]
    public async Task A_lease_given_back_is_free_at_once_and_its_next_holder_gets_the_next_epoch()
    {
        await Store.AcquireLeaseAsync("server", "a", Noon, Term, Token);
        await Store.ReleaseLeaseAsync("server", "a", Token);
        (await Store.AcquireLeaseAsync("server", "b", At(1), Term, Token)).ShouldBe(new Lease(true, "b", 2, At(11)));
    }

    [Fact]
    public async Task Only_its_holder_can_give_a_lease_back()
    {
        await Store.AcquireLeaseAsync("server", "a", Noon, Term, Token);
        await Store.ReleaseLeaseAsync("server", "b", Token);
        (await Store.AcquireLeaseAsync("server", "b", At(1), Term, Token)).Granted.ShouldBeFalse();
    }

    [Fact]
    public async Task Leases_of_different_names_do_not_meet()
    {
        await Store.AcquireLeaseAsync("one", "a", Noon, Term, Token);
        (await Store.AcquireLeaseAsync("two", "b", Noon, Term, Token)).Granted.ShouldBeTrue();
    }

    [Fact]
    public async Task Of_many_that_ask_at_once_exactly_one_gets_the_lease()
    {
        var other = Open();
        var leases = await AllAtOnceAsync(50, number => (number % 2 == 0 ? Store : other).AcquireLeaseAsync("server", $"h{number}", Noon, Term, Token));
        var winner = leases.ShouldHaveSingleItem(lease => lease.Granted);
        winner.Epoch.ShouldBe(1);
        leases.ShouldAllBe(lease => lease.Holder == winner.Holder && lease.Epoch == 1);
    }

    [Fact]
    public async Task A_lease_needs_a_length() =>
        await Should.ThrowAsync<ArgumentOutOfRangeException>(() => Store.AcquireLeaseAsync("server", "a", Noon, TimeSpan.Zero, Token));
}
