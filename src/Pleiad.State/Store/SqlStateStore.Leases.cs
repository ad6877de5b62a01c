using Pleiad.State.Sql;

namespace Pleiad.State.Store;

internal sealed partial class SqlStateStore
{
    public Task<Lease> AcquireLeaseAsync(string name, string holder, DateTimeOffset now, TimeSpan duration, CancellationToken cancellation)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentException.ThrowIfNullOrEmpty(holder);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(duration, TimeSpan.Zero);
        return WriteAsync(
            new Call($"take the lease '{name}'") { Repeatable = true },
            async session =>
            {
                // A lease nobody ever had has epoch 0, so the first holder gets 1 like every later one gets one more.
                await session.ExecuteAsync(
                    "insert into lease (name, holder, epoch, expires) values (@name, null, 0, @never) on conflict (name) do nothing",
                    ("name", name),
                    ("never", DateTimeOffset.UnixEpoch));
                var kept = await session.FirstAsync(
                    row => (Holder: row.TextOrNull("holder"), Epoch: row.Whole("epoch"), Expires: row.Time("expires")),
                    $"select holder, epoch, expires from lease where name = @name {session.Dialect.ForUpdate}",
                    ("name", name));
                var renewed = kept.Holder == Dialect.Storable(holder);
                if (kept.Holder is { } other && !renewed && kept.Expires > now)
                {
                    return new Lease(false, other, kept.Epoch, kept.Expires);
                }

                var lease = new Lease(true, holder, renewed ? kept.Epoch : kept.Epoch + 1, Dialect.Milliseconds(now + duration));
                await session.ExecuteAsync(
                    "update lease set holder = @holder, epoch = @epoch, expires = @expires where name = @name",
                    ("holder", holder),
                    ("epoch", lease.Epoch),
                    ("expires", lease.Expires),
                    ("name", name));
                return lease;
            },
            cancellation);
    }

    public Task ReleaseLeaseAsync(string name, string holder, CancellationToken cancellation) =>
        WriteAsync(
            new Call($"give back the lease '{name}'") { Repeatable = true },
            session => session.ExecuteAsync(
                "update lease set holder = null, expires = @never where name = @name and holder = @holder",
                ("never", DateTimeOffset.UnixEpoch),
                ("name", name),
                ("holder", holder)),
            cancellation);
}
