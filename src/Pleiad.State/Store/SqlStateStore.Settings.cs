using Pleiad.Core.Settings;
using Pleiad.State.Sql;

namespace Pleiad.State.Store;

internal sealed partial class SqlStateStore
{
    public Task<SystemSettings> GetSettingsAsync(CancellationToken cancellation) =>
        ReadAsync(
            "read the settings",
            async session =>
            {
                var rows = await session.QueryAsync(row => (Key: row.Text("key"), Value: row.Whole("value")), "select key, value from system_params");
                var values = rows.ToDictionary(row => row.Key, row => row.Value, StringComparer.Ordinal);
                foreach (var key in SettingKey.All)
                {
                    // Anyone may have changed the table by hand.
                    if (values.TryGetValue(key.Key, out var value) && !InRange(key, value))
                    {
                        throw new StateException(
                            $"{database.Name}: system_params has {value} for {key.Key}; set a value from {key.Min} to {key.Max}: pleiad settings set {key.Key} {key.Default}");
                    }
                }

                return new SystemSettings(values);
            },
            cancellation);

    public Task SetSettingAsync(SettingKey key, long value, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (!InRange(key, value))
        {
            throw new ArgumentOutOfRangeException(nameof(value), value, $"{key.Key} goes from {key.Min} to {key.Max}");
        }

        return WriteAsync(
            new Call($"set {key.Key}") { Repeatable = true },
            session => session.ExecuteAsync(
                "insert into system_params (key, value) values (@key, @value) on conflict (key) do update set value = excluded.value",
                ("key", key.Key),
                ("value", value)),
            cancellation);
    }

    private static bool InRange(SettingKey key, long value) => value >= key.Min && value <= key.Max;
}
