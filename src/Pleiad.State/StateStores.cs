using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Pleiad.Core.Documents;
using Pleiad.State.Postgres;
using Pleiad.State.Schema;
using Pleiad.State.Sqlite;
using Pleiad.State.Store;

namespace Pleiad.State;

/// <summary>Opens a store by its address.</summary>
public static class StateStores
{
    private static readonly string[] PostgresPrefixes = ["postgres://", "postgresql://"];

    /// <summary>
    /// Opens <c>sqlite:FILE</c> or <c>postgres://user:password@host:port/database</c> (a unix socket by <c>?host=/directory</c>);
    /// connects at the first call and makes no tables yet (<see cref="IStateStore.MigrateAsync"/>).
    /// </summary>
    /// <param name="address">The address as the user gave it.</param>
    /// <param name="logger">Gets upgrades of the tables and what was tried again; events 3000–3999.</param>
    /// <exception cref="InvalidInputException">The address has neither form; its password is not in the error.</exception>
    public static IStateStore Open(string address, ILogger? logger = null)
    {
        ArgumentNullException.ThrowIfNull(address);
        logger ??= NullLogger.Instance;
        var time = TimeProvider.System;
        if (address.StartsWith(StateAddress.SqlitePrefix, StringComparison.Ordinal))
        {
            return new SqlStateStore(new SqliteDatabase(FileOf(address), new SqliteOptions(), logger, time), Migration.All, logger, time);
        }

        return PostgresPrefixes.Any(prefix => address.StartsWith(prefix, StringComparison.Ordinal))
            ? new SqlStateStore(new PostgresDatabase(PostgresAddress.Parse(address), logger, time), Migration.All, logger, time)
            : throw StateAddress.Refuse(address, "is no address of a database");
    }

    /// <summary>Whether an address names a file of this machine rather than a database server.</summary>
    public static bool IsFile(string address) => address?.StartsWith(StateAddress.SqlitePrefix, StringComparison.Ordinal) ?? throw new ArgumentNullException(nameof(address));

    private static string FileOf(string address)
    {
        var file = address[StateAddress.SqlitePrefix.Length..];

        // ":memory:" and the like would be lost at the end; state is there to survive it.
        return file.Length == 0 || file.StartsWith(':') || file.EndsWith('/') || file.Contains('\0')
            ? throw StateAddress.Refuse(address, "names no file")
            : Path.GetFullPath(file);
    }
}
