using Pleiad.Core.Services;
using Pleiad.State.Sql;

namespace Pleiad.State.Store;

internal sealed partial class SqlStateStore
{
    public Task<IReadOnlyList<ServiceSpec>> ListServicesAsync(CancellationToken cancellation) =>
        ReadAsync<IReadOnlyList<ServiceSpec>>(
            "list the services",
            async session =>
            {
                var services = await session.QueryAsync(ReadService, "select * from service");

                // Sorted here: the order of the database's collation may differ.
                return [.. services.OrderBy(service => service.Name, StringComparer.Ordinal)];
            },
            cancellation);

    public Task<bool> PutServiceAsync(ServiceSpec service, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(service);
        return WriteAsync(
            new Call($"keep service '{service.Name}'"),
            async session =>
            {
                await session.LockAsync(SharedPart.Services);
                var isNew = await session.NumberAsync("select count(*) as n from service where name = @name", ("name", service.Name)) == 0;
                await session.ExecuteAsync(
                    """
                    insert into service (name, image, slots, machines_min, machines_max, idle_timeout_ms, address_reservation_ms,
                        queue_limit, queue_deadline_ms, hang_timeout_ms, start_mode, spares)
                    values (@name, @image, @slots, @machines_min, @machines_max, @idle_timeout_ms, @address_reservation_ms,
                        @queue_limit, @queue_deadline_ms, @hang_timeout_ms, @start_mode, @spares)
                    on conflict (name) do update set image = excluded.image, slots = excluded.slots,
                        machines_min = excluded.machines_min, machines_max = excluded.machines_max,
                        idle_timeout_ms = excluded.idle_timeout_ms, address_reservation_ms = excluded.address_reservation_ms,
                        queue_limit = excluded.queue_limit, queue_deadline_ms = excluded.queue_deadline_ms, hang_timeout_ms = excluded.hang_timeout_ms,
                        start_mode = excluded.start_mode, spares = excluded.spares
                    """,
                    ("name", service.Name),
                    ("image", service.Image),
                    ("slots", service.Slots),
                    ("machines_min", service.MachinesMin),
                    ("machines_max", service.MachinesMax),
                    ("idle_timeout_ms", Milliseconds(service.IdleTimeout)),
                    ("address_reservation_ms", Milliseconds(service.AddressReservation)),
                    ("queue_limit", service.QueueLimit),
                    ("queue_deadline_ms", Milliseconds(service.QueueDeadline)),
                    ("hang_timeout_ms", Milliseconds(service.HangTimeout)),
                    ("start_mode", service.Start is { } start ? ServiceDocument.WordOf(start) : null),
                    ("spares", service.Spares));
                return isNew;
            },
            cancellation);
    }

    public Task<bool> RemoveServiceAsync(string name, string reason, DateTimeOffset now, CancellationToken cancellation) =>
        WriteAsync(
            new Call($"remove service '{name}'"),
            async session =>
            {
                await session.LockAsync(SharedPart.Services);

                // Waits for submissions under way, which hold the row: their jobs are seen by the next statement.
                if (await session.ExecuteAsync("delete from service where name = @name", ("name", name)) == 0)
                {
                    return false;
                }

                await session.ExecuteAsync(
                    $"update job set {Cancel} where service = @service and state in ('waiting', 'running')",
                    ("service", name),
                    ("reason", reason),
                    ("now", now));
                return true;
            },
            cancellation);

    private static ServiceSpec ReadService(Row row) => new(row.Text("name"), row.Text("image"))
    {
        Slots = (int?)row.WholeOrNull("slots"),
        MachinesMin = (int?)row.WholeOrNull("machines_min"),
        MachinesMax = (int?)row.WholeOrNull("machines_max"),
        IdleTimeout = Length(row.WholeOrNull("idle_timeout_ms")),
        AddressReservation = Length(row.WholeOrNull("address_reservation_ms")),
        QueueLimit = (int?)row.WholeOrNull("queue_limit"),
        QueueDeadline = Length(row.WholeOrNull("queue_deadline_ms")),
        HangTimeout = Length(row.WholeOrNull("hang_timeout_ms")),
        Start = ServiceDocument.StartOf(row.TextOrNull("start_mode")),
        Spares = (int?)row.WholeOrNull("spares"),
    };

    private static long? Milliseconds(TimeSpan? length) => length is { } given ? (long)given.TotalMilliseconds : null;

    private static TimeSpan? Length(long? milliseconds) => milliseconds is { } given ? TimeSpan.FromMilliseconds(given) : null;
}
