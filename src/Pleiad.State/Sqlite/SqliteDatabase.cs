using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Pleiad.State.Sql;

namespace Pleiad.State.Sqlite;

/// <summary>How a file of SQLite is used.</summary>
internal sealed record SqliteOptions
{
    /// <summary>Longest wait for another program that writes to the same file; 10 s by default.</summary>
    public TimeSpan LockWait { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Reads at once; 2 by default.</summary>
    public int Readers { get; init; } = 2;
}

/// <summary>
/// A file of SQLite with a write-ahead log: one connection writes, with a wait for the disk at each commit; others read the last committed state meanwhile.
/// </summary>
internal sealed class SqliteDatabase : Database
{
    private readonly string _file;
    private readonly SqliteOptions _options;
    private readonly DedicatedThreads _writerThread = new("state writer", 1);
    private readonly DedicatedThreads _readerThreads;
    private readonly SemaphoreSlim _readerSlots;
    private readonly ConcurrentBag<SqliteConnection> _idleReaders = [];
    private readonly CommitQueue _queue;
    private SqliteConnection? _writer;

    /// <param name="file">The file, absolute.</param>
    /// <param name="options">How to use it.</param>
    /// <param name="logger">Gets what was tried again.</param>
    /// <param name="time">For pauses.</param>
    public SqliteDatabase(string file, SqliteOptions options, ILogger logger, TimeProvider time)
        : base($"sqlite:{file}", new SqliteDialect(), logger, time)
    {
        _file = file;
        _options = options;
        _readerThreads = new DedicatedThreads("state reader", options.Readers);
        _readerSlots = new SemaphoreSlim(options.Readers, options.Readers);
        _queue = new CommitQueue((call, work) => TransactAsync(call, work, CancellationToken.None), _writerThread);
    }

    public override Task MigrateAsync(Func<Session, Task> migrate, CancellationToken cancellation) =>
        AttemptsAsync(new Call("prepare the tables") { Repeatable = true }, () => OnReaderThreadAsync(() => MigrateOnceAsync(migrate), cancellation), cancellation);

    public override Task<T> WriteAsync<T>(Call call, Func<Session, Task<T>> work, CancellationToken cancellation) => _queue.RunAsync(call, work, cancellation);

    public override async ValueTask DisposeAsync()
    {
        await _queue.DisposeAsync();
        while (_idleReaders.TryTake(out var reader))
        {
            await reader.DisposeAsync();
        }

        // The last connection to close folds the write-ahead log into the file; it goes after the readers.
        if (_writer is not null)
        {
            await _writer.DisposeAsync();
        }

        _readerSlots.Dispose();
        _readerThreads.Dispose();
        _writerThread.Dispose();
    }

    protected override async Task TransactOnceAsync(Func<Session, Task> work, CancellationToken cancellation)
    {
        _writer ??= await OpenAsync(SqliteOpenMode.ReadWrite, "pragma synchronous = full");
        try
        {
            await TransactOnAsync(_writer, work);
        }
        catch
        {
            // After a full disk or an I/O error SQLite may have ended the transaction by itself; a new connection starts from a known state.
            await _writer.DisposeAsync();
            _writer = null;
            throw;
        }
    }

    protected override Task<T> ReadOnceAsync<T>(Func<Session, Task<T>> work, CancellationToken cancellation) =>
        OnReaderThreadAsync(() => ReadOnIdleReaderAsync(work, cancellation), cancellation);

    protected override string? Explain(Exception cause) => cause is SqliteException error ? SqliteErrors.Explain(error, _file) : null;

    /// <summary>SQLite waits for locks by itself, for <see cref="SqliteOptions.LockWait"/>; what it then reports does not pass.</summary>
    protected override bool IsPassing(Exception cause) => false;

    private static async Task TransactOnAsync(SqliteConnection connection, Func<Session, Task> work)
    {
        // Not deferred: BEGIN IMMEDIATE takes the write lock first, so no transaction fails in its middle because another wrote.
        await using var transaction = connection.BeginTransaction(deferred: false);
        await work(new Session(connection, transaction, new SqliteDialect(), CancellationToken.None));
        try
        {
            transaction.Commit();
        }
        catch (SqliteException error)
        {
            throw new CommitFailedException(error);
        }
    }

    private async Task<bool> MigrateOnceAsync(Func<Session, Task> migrate)
    {
        await using var connection = await OpenAsync(SqliteOpenMode.ReadWriteCreate, "pragma synchronous = full");
        await TransactOnAsync(connection, migrate);

        // After the tables: a file that turns out to be another program's stays as it was.
        await using var command = connection.CreateCommand();
        command.CommandText = "pragma journal_mode = wal";
        return await command.ExecuteScalarAsync() is "wal"
            ? true
            : throw new StateException($"{Name} cannot have a write-ahead log where it is; put the file on a local disk");
    }

    private async Task<T> ReadOnIdleReaderAsync<T>(Func<Session, Task<T>> work, CancellationToken cancellation)
    {
        if (!_idleReaders.TryTake(out var reader))
        {
            reader = await OpenAsync(SqliteOpenMode.ReadWrite, "pragma query_only = on");
        }

        try
        {
            var result = await work(new Session(reader, null, Dialect, cancellation));
            _idleReaders.Add(reader);
            return result;
        }
        catch
        {
            await reader.DisposeAsync();
            throw;
        }
    }

    private async Task<T> OnReaderThreadAsync<T>(Func<Task<T>> work, CancellationToken cancellation)
    {
        await _readerSlots.WaitAsync(cancellation);
        try
        {
            return await Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.None, _readerThreads).Unwrap();
        }
        finally
        {
            _readerSlots.Release();
        }
    }

    private async Task<SqliteConnection> OpenAsync(SqliteOpenMode mode, string pragma)
    {
        var address = new SqliteConnectionStringBuilder
        {
            DataSource = _file,
            Mode = mode,
            Pooling = false,
            DefaultTimeout = Math.Max(1, (int)_options.LockWait.TotalSeconds),
        };
        var connection = new SqliteConnection(address.ToString());
        try
        {
            await connection.OpenAsync();
            await using var command = connection.CreateCommand();
            command.CommandText = $"pragma busy_timeout = {(int)_options.LockWait.TotalMilliseconds}; {pragma}";
            await command.ExecuteNonQueryAsync();
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }
}
