using Microsoft.Extensions.Logging;
using Npgsql;
using Pleiad.State.Sql;

namespace Pleiad.State.Postgres;

/// <summary>A database of PostgreSQL over a bounded pool of connections.</summary>
internal sealed class PostgresDatabase : Database
{
    /// <summary>Connections at once; more calls wait for one.</summary>
    private const int ConnectionsMax = 16;

    /// <summary>Longest time to connect, or to wait for a free connection.</summary>
    private const int ConnectSeconds = 10;

    /// <summary>Longest time for one statement.</summary>
    private const int StatementSeconds = 30;

    private readonly PostgresAddress _address;
    private readonly NpgsqlDataSource _connections;
    private readonly CommitQueue _queue;

    /// <param name="address">Where it is.</param>
    /// <param name="logger">Gets what was tried again.</param>
    /// <param name="time">For pauses.</param>
    public PostgresDatabase(PostgresAddress address, ILogger logger, TimeProvider time)
        : base(address.ToString(), new PostgresDialect(), logger, time)
    {
        _address = address;
        _connections = Connections(address);
        _queue = new CommitQueue((call, work) => TransactAsync(call, work, CancellationToken.None), TaskScheduler.Default);
    }

    public override Task MigrateAsync(Func<Session, Task> migrate, CancellationToken cancellation) =>
        TransactAsync(
            new Call("prepare the tables") { Repeatable = true },
            async session =>
            {
                await session.LockAsync(SharedPart.Schema);
                await migrate(session);
            },
            cancellation);

    public override async Task<T> WriteAsync<T>(Call call, Func<Session, Task<T>> work, CancellationToken cancellation)
    {
        if (call.Grouped)
        {
            return await _queue.RunAsync(call, work, cancellation);
        }

        var result = default(T)!;
        await TransactAsync(call, async session => result = await work(session), cancellation);
        return result;
    }

    public override async ValueTask DisposeAsync()
    {
        await _queue.DisposeAsync();
        await _connections.DisposeAsync();
    }

    protected override async Task TransactOnceAsync(Func<Session, Task> work, CancellationToken cancellation)
    {
        await using var connection = await _connections.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await work(new Session(connection, transaction, Dialect, cancellation));
        try
        {
            // Not cancellable: once asked to commit, the caller gets to know what came of it.
            await transaction.CommitAsync(CancellationToken.None);
        }
        catch (NpgsqlException error) when (!PostgresErrors.IsRolledBack(error))
        {
            throw new CommitFailedException(error);
        }
    }

    protected override async Task<T> ReadOnceAsync<T>(Func<Session, Task<T>> work, CancellationToken cancellation)
    {
        await using var connection = await _connections.OpenConnectionAsync(cancellation);
        return await work(new Session(connection, null, Dialect, cancellation));
    }

    protected override string? Explain(Exception cause) => PostgresErrors.Explain(cause, _address);

    protected override bool IsPassing(Exception cause) => PostgresErrors.IsPassing(cause);

    private static NpgsqlDataSource Connections(PostgresAddress address)
    {
        var settings = new NpgsqlConnectionStringBuilder
        {
            Host = address.Host,
            Port = address.Port,
            Username = address.User,
            Password = address.Password,
            Database = address.Database,
            SslMode = address.SslMode,
            ApplicationName = "pleiad",
            MaxPoolSize = ConnectionsMax,
            Timeout = ConnectSeconds,
            CommandTimeout = StatementSeconds,
            MaxAutoPrepare = 64,

            // Nothing of a session outlives its transaction here, and a reset would undo the setting below.
            NoResetOnClose = true,
        };
        var builder = new NpgsqlDataSourceBuilder(settings.ToString());

        // Durable when it returns, also where the server's default is not; any stricter default stays.
        const string WaitForDisk = "select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off'";
        builder.UsePhysicalConnectionInitializer(
            connection =>
            {
                using var command = new NpgsqlCommand(WaitForDisk, connection);
                command.ExecuteNonQuery();
            },
            async connection =>
            {
                await using var command = new NpgsqlCommand(WaitForDisk, connection);
                await command.ExecuteNonQueryAsync();
            });
        return builder.Build();
    }
}
