using Microsoft.Extensions.Logging.Abstractions;
using Pleiad.Core.Events;
using Pleiad.Gateway.Front;
using Pleiad.Server.Events;
using Pleiad.Server.Tests.Simulation;
using Pleiad.State;
using Pleiad.TestKit;
using Shouldly;
using Xunit;

namespace Pleiad.Server.Tests.Events;

public sealed class EventTests : IAsyncLifetime
{
    private readonly TempDirectory _directory = new("events");
    private FaultyStore _store = null!;
    private EventLog _log = null!;

    public async ValueTask InitializeAsync()
    {
        _store = new FaultyStore(StateStores.Open($"sqlite:{_directory.File("state.db")}"));
        await _store.MigrateAsync(default);
        _log = new EventLog(_store, new FastTime(200), NullLogger<EventLog>.Instance);
    }

    [Fact]
    public async Task Events_recorded_while_the_store_is_away_are_written_when_it_is_back()
    {
        var calls = 0;
        _store.FailsBefore = name => name == nameof(IStateStore.AppendEventsAsync) && ++calls < 5;
        for (var one = 0; one < 50; one++)
        {
            _log.Record(EventKind.JobDone, $"{one}");
        }

        await Eventually.BecomesTrueAsync(async () => (await _store.ListEventsAsync(new EventQuery(), default)).Count == 50, TimeSpan.FromSeconds(30), () => Task.FromResult($"{calls} calls"));
        (await _store.ListEventsAsync(new EventQuery(), default)).Select(one => one.Reason).ShouldBe(Enumerable.Range(0, 50).Select(one => $"{one}"));
        _log.Lost.ShouldBe(0);
    }

    [Fact]
    public async Task A_store_that_stays_away_loses_events_in_number_and_later_ones_are_written()
    {
        _store.Out = true;
        _log.Record(EventKind.JobDone, "lost");
        await Eventually.BecomesTrueAsync(() => _log.Lost == 1, TimeSpan.FromSeconds(30), () => $"{_log.Lost} lost");
        _store.Out = false;
        _log.Record(EventKind.JobDone, "kept");
        await Eventually.BecomesTrueAsync(
            async () => (await _store.ListEventsAsync(new EventQuery(), default)) is [{ Reason: "kept" }], TimeSpan.FromSeconds(30), () => Task.FromResult("not written"));
    }

    [Fact]
    public async Task No_refusal_is_lost_between_counting_and_recording()
    {
        const int each = 20_000;
        var sums = new GatewayEvents(_log);
        var counting = Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (var one = 0; one < each; one++)
            {
                sums.Count(new GatewayEvent(GatewayEventKind.QueueFull, "work", null, "full"));
            }
        })).ToList();
        var all = Task.WhenAll(counting);
        while (!all.IsCompleted)
        {
            sums.Flush();
            await Task.Yield();
        }

        sums.Flush();
        await _log.DisposeAsync();
        long counted = 0;
        for (long after = 0; (await _store.ListEventsAsync(new EventQuery(after, 1_000), default)) is { Count: > 0 } page; after = page[^1].Id)
        {
            counted += page.Sum(one => one.Reason == "full" ? 1 : int.Parse(one.Reason.Split(' ')[0]));
        }

        _log.Lost.ShouldBe(0);
        counted.ShouldBe(4 * each);
    }

    public async ValueTask DisposeAsync()
    {
        await _log.DisposeAsync();
        await _store.DisposeAsync();
        _directory.Dispose();
    }
}
