using Pleiad.Core.Events;
using Shouldly;
using Xunit;

namespace Pleiad.State.Tests.Conformance;

public abstract partial class StoreConformance
{
    [Fact]
    public async Task Events_come_back_in_the_order_given_with_ascending_ids()
    {
        PleiadEvent[] events =
        [
            new(EventKind.ScaleOut, At(2), "3 waiting, 0 free slots") { Service = "primes" },
            new(EventKind.MachineStarting, At(1), "причина 🦀") { Service = "primes", Machine = "m-0", Job = "j" },
            new(EventKind.SettingChanged, At(3), ""),
        ];
        var last = await Store.AppendEventsAsync(events, Token);
        var kept = await Store.ListEventsAsync(new EventQuery(), Token);
        kept.Select(happened => happened with { Id = 0 }).ShouldBe(events);
        kept.Select(happened => happened.Id).ShouldBeInOrder();
        kept[^1].Id.ShouldBe(last);
        kept[0].Id.ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task Appending_nothing_gives_the_id_of_the_newest()
    {
        (await Store.AppendEventsAsync([], Token)).ShouldBe(0);
        var last = await Store.AppendEventsAsync([Happened("x")], Token);
        (await Store.AppendEventsAsync([], Token)).ShouldBe(last);
    }

    [Fact]
    public async Task Every_kind_of_event_can_be_kept()
    {
        var events = Enum.GetValues<EventKind>().Select(kind => new PleiadEvent(kind, Noon, "reason")).ToArray();
        await Store.AppendEventsAsync(events, Token);
        (await Store.ListEventsAsync(new EventQuery(Limit: 1000), Token)).Select(happened => happened.Kind).ShouldBe(Enum.GetValues<EventKind>());
    }

    [Fact]
    public async Task Events_are_listed_by_service_machine_kind_and_after_an_id()
    {
        await Store.AppendEventsAsync(
            [
                Happened("1") with { Service = "a" },
                Happened("2") with { Service = "a", Machine = "m-1" },
                Happened("3") with { Service = "b", Machine = "m-2", Kind = EventKind.MachineDied },
                Happened("4"),
            ],
            Token);
        (await ReasonsAsync(new EventQuery(Service: "a"))).ShouldBe("12");
        (await ReasonsAsync(new EventQuery(Machine: "m-2"))).ShouldBe("3");
        (await ReasonsAsync(new EventQuery(Kind: EventKind.MachineDied))).ShouldBe("3");
        (await ReasonsAsync(new EventQuery(Limit: 3))).ShouldBe("123");
        (await ReasonsAsync(new EventQuery(Limit: 2, Newest: true))).ShouldBe("34");
        (await ReasonsAsync(new EventQuery(Limit: 1, Newest: true, Service: "a"))).ShouldBe("2");
        var third = (await Store.ListEventsAsync(new EventQuery(Machine: "m-2"), Token)).Single().Id;
        (await ReasonsAsync(new EventQuery(After: third))).ShouldBe("4");
        (await ReasonsAsync(new EventQuery(After: third - 1, Newest: true, Limit: 100))).ShouldBe("34");
    }

    [Fact]
    public async Task Someone_who_follows_while_many_write_misses_no_event()
    {
        const int Writers = 20;
        const int EventsEach = 10;
        var other = Open();
        var writing = AllAtOnceAsync(Writers, async writer =>
        {
            for (var number = 0; number < EventsEach; number++)
            {
                await (writer % 2 == 0 ? Store : other).AppendEventsAsync([Happened($"{writer}/{number}"), Happened($"{writer}/{number}b")], Token);
            }

            return writer;
        });

        var seen = new List<PleiadEvent>();
        bool ended;
        do
        {
            ended = writing.IsCompleted;
            seen.AddRange(await Store.ListEventsAsync(new EventQuery(After: seen.Count > 0 ? seen[^1].Id : 0, Limit: 50), Token));
        }
        while (!ended || seen.Count < Writers * EventsEach * 2 && seen[^1].Id < await Store.AppendEventsAsync([], Token));

        await writing;
        seen.Select(happened => happened.Reason).ShouldBeUnique();
        seen.Count.ShouldBe(Writers * EventsEach * 2);
    }

    [Fact]
    public async Task Only_the_newest_events_are_kept_and_ids_are_never_used_again()
    {
        await Store.AppendEventsAsync([.. "123456".Select(digit => Happened($"{digit}"))], Token);
        await Store.PurgeEventsAsync(10, Token);
        (await ReasonsAsync(new EventQuery())).ShouldBe("123456");
        await Store.PurgeEventsAsync(2, Token);
        (await ReasonsAsync(new EventQuery())).ShouldBe("56");
        var last = (await Store.ListEventsAsync(new EventQuery(), Token))[^1].Id;
        await Store.PurgeEventsAsync(0, Token);
        (await ReasonsAsync(new EventQuery())).ShouldBeEmpty();
        (await Store.AppendEventsAsync([Happened("7")], Token)).ShouldBeGreaterThan(last);
    }

    private static PleiadEvent Happened(string reason) => new(EventKind.MachineReady, Noon, reason);

    private async Task<string> ReasonsAsync(EventQuery query) => string.Concat((await Store.ListEventsAsync(query, Token)).Select(happened => happened.Reason));
}
