using Pleiad.Core.Documents;
using Pleiad.Server.Hosting;
using Pleiad.Server.Tests.Simulation;
using Pleiad.State;
using Pleiad.TestKit;
using Shouldly;
using Xunit;

namespace Pleiad.Server.Tests.Hosting;

public sealed class ServerLeaseTests : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private readonly TempDirectory _directory = new("lease");
    private readonly FastTime _time = new(20);
    private IStateStore _real = null!;
    private FaultyStore _store = null!;

    public async ValueTask InitializeAsync()
    {
        _real = StateStores.Open($"sqlite:{_directory.File("state.db")}");
        await _real.MigrateAsync(default);
        _store = new FaultyStore(_real);
    }

    [Fact]
    public async Task A_second_server_is_refused_and_begins_when_the_first_has_not_renewed()
    {
        await using var first = await ServerLease.TakeAsync(_store, "first", storeIsFile: false, _time, default);
        (await Should.ThrowAsync<InvalidInputException>(() => ServerLease.TakeAsync(_real, "second", storeIsFile: false, _time, default))).Message.ShouldContain("first");
        _store.Out = true;
        (await Should.ThrowAsync<StateException>(first.Lost.WaitAsync(Limit))).Message.ShouldContain("did not renew this server's lease");
        ServerLease? second = null;
        await Eventually.BecomesTrueAsync(async () => (second = await TryTakeAsync("second")) is not null, Limit, () => Task.FromResult("refused"));
        await second!.DisposeAsync();
    }

    [Fact]
    public async Task A_store_that_never_answers_ends_the_server_as_one_that_refuses()
    {
        await using var first = await ServerLease.TakeAsync(_store, "first", storeIsFile: false, _time, default);
        var never = new TaskCompletionSource();
        _store.Before = _ => never.Task;
        await Should.ThrowAsync<StateException>(first.Lost.WaitAsync(Limit));
        never.SetResult();
    }

    [Fact]
    public async Task A_server_whose_lease_was_taken_ends_and_names_who_has_it()
    {
        await using var first = await ServerLease.TakeAsync(_store, "first", storeIsFile: false, _time, default);
        await _real.ReleaseLeaseAsync("server", "first", default);
        await _real.AcquireLeaseAsync("server", "second", _time.GetUtcNow(), TimeSpan.FromHours(1), default);
        (await Should.ThrowAsync<StateException>(first.Lost.WaitAsync(Limit))).Message.ShouldContain("second");
    }

    public async ValueTask DisposeAsync()
    {
        await _real.DisposeAsync();
        _directory.Dispose();
    }

    private async Task<ServerLease?> TryTakeAsync(string holder)
    {
        try
        {
            return await ServerLease.TakeAsync(_real, holder, storeIsFile: false, _time, default);
        }
        catch (InvalidInputException)
        {
            return null;
        }
    }
}
