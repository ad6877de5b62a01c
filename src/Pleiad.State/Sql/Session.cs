using System.Data.Common;

namespace Pleiad.State.Sql;

/// <summary>A connection for the length of one transaction, or of one read.</summary>
internal sealed class Session(DbConnection connection, DbTransaction? transaction, Dialect dialect, CancellationToken cancellation)
{
    private readonly HashSet<SharedPart> _locked = [];

    public Dialect Dialect => dialect;

    /// <summary>Runs statements.</summary>
    /// <returns>How many rows changed.</returns>
    public async Task<int> ExecuteAsync(string sql, params (string Name, object? Value)[] values)
    {
        await using var command = Command(sql, values);
        return await command.ExecuteNonQueryAsync(cancellation);
    }

    /// <summary>Reads all rows.</summary>
    public async Task<IReadOnlyList<T>> QueryAsync<T>(Func<Row, T> read, string sql, params (string Name, object? Value)[] values)
    {
        await using var command = Command(sql, values);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellation))
        {
            rows.Add(read(new Row(reader, dialect)));
        }

        return rows;
    }

    /// <summary>Reads the only row, or default when there is none.</summary>
    public async Task<T?> FirstAsync<T>(Func<Row, T> read, string sql, params (string Name, object? Value)[] values)
    {
        var rows = await QueryAsync(read, sql, values);
        return rows.Count == 0 ? default : rows[0];
    }

    /// <summary>Reads a whole number named <c>n</c>, 0 when there is no row.</summary>
    public Task<long> NumberAsync(string sql, params (string Name, object? Value)[] values) => FirstAsync(row => row.Whole("n"), sql, values);

    /// <summary>Makes this transaction the only one that works on a part until it ends.</summary>
    public async Task LockAsync(SharedPart part)
    {
        // Once for all writes that share the transaction.
        if (dialect.LockSql(part) is { } sql && _locked.Add(part))
        {
            await ExecuteAsync(sql);
        }
    }

    private DbCommand Command(string sql, (string Name, object? Value)[] values)
    {
        var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        foreach (var (name, value) in values)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = name;
            parameter.Value = dialect.Bind(value);
            command.Parameters.Add(parameter);
        }

        return command;
    }
}
