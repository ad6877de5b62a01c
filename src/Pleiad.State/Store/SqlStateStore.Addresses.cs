using System.Net;
using Pleiad.Core.Identity;
using Pleiad.State.Sql;

namespace Pleiad.State.Store;

internal sealed partial class SqlStateStore
{
    private const string AddressColumns = "id_ip, ip, port, reserve, last_reserve, id_vmachine";

    public Task SetAddressPoolAsync(IReadOnlyList<MachineAddress> addresses, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(addresses);
        var wanted = addresses.ToHashSet();
        return WriteAsync(
            new Call("set the address pool") { Repeatable = true },
            async session =>
            {
                await session.LockAsync(SharedPart.Addresses);
                var kept = await AddressesAsync(session, $"select {AddressColumns} from ip_pool");
                foreach (var address in kept.Where(address => !wanted.Contains(address.Address)))
                {
                    // One in use stays until it is released; see ReleaseAsync.
                    await session.ExecuteAsync("update ip_pool set retired = 1 where id_ip = @id", ("id", address.Id));
                }

                await session.ExecuteAsync("delete from ip_pool where retired = 1 and reserve = 0");
                foreach (var address in addresses.Distinct())
                {
                    await session.ExecuteAsync(
                        "insert into ip_pool (ip, port) values (@ip, @port) on conflict (ip, port) do update set retired = 0",
                        ("ip", address.Ip.ToString()),
                        ("port", address.Port));
                }

                return true;
            },
            cancellation);
    }

    public Task<PooledAddress?> ReserveAddressAsync(MachineId machine, AddressWish wish, DateTimeOffset now, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(wish);
        var first = Listed("f", wish.First);
        var last = Listed("l", wish.Last);
        return WriteAsync(
            new Call($"reserve an address for {machine}") { Repeatable = true },
            async session =>
            {
                await session.LockAsync(SharedPart.Addresses);
                if (await session.FirstAsync(ReadAddress, $"select {AddressColumns} from ip_pool where id_vmachine = @machine", ("machine", machine)) is { } held)
                {
                    return held;
                }

                return await session.FirstAsync(
                    ReadAddress,
                    $"""
                    update ip_pool set reserve = 1, last_reserve = @now, id_vmachine = @machine
                    where id_ip = (
                        select id_ip from ip_pool where reserve = 0
                        order by case when {first.Condition} then 0 when {last.Condition} then 2 else 1 end, last_reserve nulls first, id_ip limit 1)
                    returning {AddressColumns}
                    """,
                    [("now", now), ("machine", machine), .. first.Values, .. last.Values]);
            },
            cancellation);
    }

    public Task<bool> TakeAddressAsync(MachineId machine, CancellationToken cancellation) =>
        WriteAsync(
            new Call($"take the address of {machine}") { Repeatable = true },
            async session => await session.ExecuteAsync("update ip_pool set reserve = 2 where id_vmachine = @machine", ("machine", machine)) > 0,
            cancellation);

    public Task ReleaseAddressAsync(MachineId machine, DateTimeOffset now, CancellationToken cancellation) =>
        WriteAsync(
            new Call($"release the address of {machine}") { Repeatable = true },
            async session =>
            {
                await session.LockAsync(SharedPart.Addresses);
                await ReleaseAsync(session, machine, now);
                return true;
            },
            cancellation);

    public Task<IReadOnlyList<PooledAddress>> ListAddressesAsync(CancellationToken cancellation) =>
        ReadAsync("list the addresses", session => AddressesAsync(session, $"select {AddressColumns} from ip_pool"), cancellation);

    /// <summary>Whether an address is in a list, as a condition and its values.</summary>
    private static (string Condition, (string Name, object? Value)[] Values) Listed(string prefix, IReadOnlyList<MachineAddress> addresses)
    {
        var conditions = Enumerable.Range(0, addresses.Count).Select(i => $"(ip = @{prefix}ip{i} and port = @{prefix}port{i})");
        var values = addresses.SelectMany((address, i) => new (string, object?)[] { ($"{prefix}ip{i}", address.Ip.ToString()), ($"{prefix}port{i}", address.Port) });
        return addresses.Count == 0 ? ("1 = 0", []) : (string.Join(" or ", conditions), [.. values]);
    }

    private static async Task ReleaseAsync(Session session, MachineId machine, DateTimeOffset now)
    {
        await session.ExecuteAsync(
            "update ip_pool set reserve = 0, id_vmachine = null, last_reserve = @now where id_vmachine = @machine", ("now", now), ("machine", machine));
        await session.ExecuteAsync("delete from ip_pool where retired = 1 and reserve = 0");
    }

    /// <summary>Sorted by address as a number, which no text order gives.</summary>
    private static async Task<IReadOnlyList<PooledAddress>> AddressesAsync(Session session, string sql, params (string Name, object? Value)[] values)
    {
        var rows = await session.QueryAsync(ReadAddress, sql, values);
        return [.. rows.OrderBy(row => row.Address.Ip.AddressFamily).ThenBy(row => Convert.ToHexString(row.Address.Ip.GetAddressBytes()), StringComparer.Ordinal).ThenBy(row => row.Address.Port)];
    }

    private static PooledAddress ReadAddress(Row row) => new(
        row.Whole("id_ip"),
        new MachineAddress(IPAddress.Parse(row.Text("ip")), (int)row.Whole("port")),
        (AddressState)row.Whole("reserve"),
        row.MachineOrNull("id_vmachine"),
        row.TimeOrNull("last_reserve"));
}
