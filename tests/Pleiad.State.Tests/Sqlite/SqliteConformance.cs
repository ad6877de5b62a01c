using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Pleiad.State.Schema;
using Pleiad.State.Sqlite;
using Pleiad.State.Store;
using Pleiad.State.Tests.Conformance;
using Pleiad.TestKit;

namespace Pleiad.State.Tests.Sqlite;

public sealed class SqliteConformance : StoreConformance
{
    private readonly TempDirectory _directory = new("sqlite");
    private int _databases;

    private string File => _directory.File($"state{_databases}.db");

    protected override Task<string> NewDatabaseAsync()
    {
        _databases++;
        return Task.FromResult($"sqlite:{File}");
    }

    protected override ValueTask RemoveDatabaseAsync()
    {
        _directory.Dispose();
        return ValueTask.CompletedTask;
    }

    protected override Task<object?> ExecuteAsync(string sql) => SqliteFile.ExecuteAsync(File, sql);

    private protected override IStateStore OpenWith(IReadOnlyList<Migration> migrations)
    {
        var database = new SqliteDatabase(File, new SqliteOptions(), NullLogger.Instance, TimeProvider.System);
        return new SqlStateStore(database, migrations, NullLogger.Instance, TimeProvider.System);
    }
}

/// <summary>A file of SQLite as a person with sqlite3 sees it.</summary>
internal static class SqliteFile
{
    public static async Task<object?> ExecuteAsync(string file, string sql)
    {
        await using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false }.ToString());
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The statements are the tests' own.
        command.CommandText = sql;
#pragma warning restore CA2100
        return await command.ExecuteScalarAsync();
    }
}
