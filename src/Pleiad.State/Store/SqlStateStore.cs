using Microsoft.Extensions.Logging;
using Pleiad.State.Schema;
using Pleiad.State.Sql;

namespace Pleiad.State.Store;

/// <summary>The store on any <see cref="Database"/>; one file per topic beside this one.</summary>
/// <param name="database">Where the tables are; owned.</param>
/// <param name="migrations">The tables' history.</param>
/// <param name="logger">Gets what was upgraded.</param>
/// <param name="time">Stamps the upgrades.</param>
internal sealed partial class SqlStateStore(Database database, IReadOnlyList<Migration> migrations, ILogger logger, TimeProvider time) : IStateStore
{
    private readonly CallGate _gate = new(nameof(IStateStore));

    public async Task MigrateAsync(CancellationToken cancellation)
    {
        using var call = _gate.Enter();
        (long Before, long After) versions = default;
        await database.MigrateAsync(
            async session => versions = await Migrator.RunAsync(session, database.Name, migrations, time.GetUtcNow()), cancellation);
        if (versions.Before != versions.After)
        {
            LogUpgraded(logger, database.Name, versions.Before, versions.After);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (await _gate.CloseAsync())
        {
            await database.DisposeAsync();
        }
    }

    private async Task<T> ReadAsync<T>(string what, Func<Session, Task<T>> work, CancellationToken cancellation)
    {
        using var call = _gate.Enter();
        cancellation.ThrowIfCancellationRequested();
        return await database.ReadAsync(what, work, cancellation);
    }

    private async Task<T> WriteAsync<T>(Call what, Func<Session, Task<T>> work, CancellationToken cancellation)
    {
        using var call = _gate.Enter();
        cancellation.ThrowIfCancellationRequested();
        return await database.WriteAsync(what, work, cancellation);
    }

    [LoggerMessage(3000, LogLevel.Information, "{Database}: tables upgraded from version {Before} to {After}")]
    private static partial void LogUpgraded(ILogger logger, string database, long before, long after);
}
