using Pleiad.Core.Events;
using Pleiad.State.Sql;

namespace Pleiad.State.Store;

internal sealed partial class SqlStateStore
{
    private const string EventColumns = "id_event, time, kind, reason, service, machine, job";

    public Task<long> AppendEventsAsync(IReadOnlyList<PleiadEvent> events, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(events);
        return WriteAsync(
            new Call("record events") { Grouped = true },
            async session =>
            {
                // The order of ids is the order of commit, so that nobody who follows misses an event.
                await session.LockAsync(SharedPart.EventOrder);
                foreach (var happened in events.SkipLast(1))
                {
                    await AppendAsync(session, happened);
                }

                return events.Count > 0 ? await AppendAsync(session, events[^1]) : await session.NumberAsync("select coalesce(max(id_event), 0) as n from event");
            },
            cancellation);
    }

    public Task<IReadOnlyList<PleiadEvent>> ListEventsAsync(EventQuery query, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(query.Limit);
        var filter = new Filter()
            .Where("id_event > @after", "after", query.After)
            .Where("service = @service", "service", query.Service)
            .Where("machine = @machine", "machine", query.Machine)
            .Where("kind = @kind", "kind", query.Kind);
        return ReadAsync<IReadOnlyList<PleiadEvent>>(
            "list events",
            async session =>
            {
                var events = await session.QueryAsync(
                    ReadEvent, $"select {EventColumns} from event {filter} order by id_event {(query.Newest ? "desc" : "")} limit @limit", filter.Values(query.Limit));
                return [.. query.Newest ? events.Reverse() : events];
            },
            cancellation);
    }

    public Task PurgeEventsAsync(int keep, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(keep);
        return WriteAsync(
            new Call("remove old events") { Repeatable = true },
            session => session.ExecuteAsync(
                "delete from event where id_event <= (select id_event from event order by id_event desc limit 1 offset @keep)", ("keep", keep)),
            cancellation);
    }

    private static Task<long> AppendAsync(Session session, PleiadEvent happened) => session.NumberAsync(
        """
        insert into event (time, kind, reason, service, machine, job) values (@time, @kind, @reason, @service, @machine, @job)
        returning id_event as n
        """,
        ("time", happened.Time),
        ("kind", happened.Kind),
        ("reason", happened.Reason),
        ("service", happened.Service),
        ("machine", happened.Machine),
        ("job", happened.Job));

    private PleiadEvent ReadEvent(Row row)
    {
        var id = row.Whole("id_event");
        return Enum.TryParse<EventKind>(row.Text("kind"), out var kind) && Enum.IsDefined(kind)
            ? new PleiadEvent(kind, row.Time("time"), row.Text("reason"))
            {
                Id = id,
                Service = row.TextOrNull("service"),
                Machine = row.TextOrNull("machine"),
                Job = row.TextOrNull("job"),
            }
            : throw new StateException($"{database.Name}: event {id} is of kind '{row.Text("kind")}', which this program does not know; use a newer Pleiad");
    }
}
