using Microsoft.Data.Sqlite;
using Pleiad.Wire.Association;
using Pleiad.Wire.Decomposition;
using Pleiad.Wire.Protocols;
using Pleiad.Wire.Schemes;

namespace Pleiad.Wire.Reports;

/// <summary>requests.db: the lines of requests.csv as table <c>request</c>, and every exchange below them as table <c>call</c>; what is no request's has none there.</summary>
internal sealed class SqliteWriter : IRequestWriter
{
    private const int RowsPerTransaction = 20_000;
    private const int NamedDepths = 3;

    private readonly StatementTable _statements;
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _request;
    private readonly SqliteCommand _call;
    private SqliteTransaction? _transaction;
    private TierMap? _map;
    private long _id;
    private int _rows;

    public SqliteWriter(string file, StatementTable statements)
    {
        _statements = statements;
        File.Delete(file);
        _connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false }.ToString());
        _connection.Open();
        using var make = _connection.CreateCommand();
        make.CommandText = """
            PRAGMA journal_mode = OFF;
            PRAGMA synchronous = OFF;
            CREATE TABLE request (id INTEGER PRIMARY KEY, client TEXT, start REAL, start_ns INTEGER, method TEXT, uri TEXT, class TEXT, status INTEGER,
                T1_ms REAL, T2_ms REAL, T3_ms REAL, H_ms REAL, T_ms REAL, D_ms REAL, calls INTEGER, posterior_T2 REAL, posterior_T3 REAL, validation_ms REAL);
            CREATE TABLE call (request INTEGER REFERENCES request (id), tier TEXT, connection INTEGER, start_ns INTEGER, ms REAL, kind TEXT, text TEXT, status INTEGER, posterior REAL);
            """;
        make.ExecuteNonQuery();
        _request = Prepare("INSERT INTO request VALUES ($0,$1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17)", 18);
        _call = Prepare("INSERT INTO call VALUES ($0,$1,$2,$3,$4,$5,$6,$7,$8)", 9);
    }

    public void Begin(TierMap map) => _map = map;

    public void Write(RequestTimes times)
    {
        RenewIfFull();
        var exchange = times.Exchange;
        double? At(double?[] values, int depth) => depth < values.Length ? values[depth] : null;
        double? Posterior(int depth) => depth < times.Posterior.Length ? times.Posterior[depth] : null;
        Run(_request, ++_id, exchange.Conversation.Client.ToString(), exchange.StartNs / 1e9, exchange.StartNs, exchange.Method, exchange.Uri, times.Class, exchange.Status,
            At(times.Residence, 0), At(times.Residence, 1), At(times.Residence, 2), At(times.Own, 0), At(times.Own, 1), At(times.Own, 2), times.Calls, Posterior(1), Posterior(NamedDepths - 1), times.ValidationMs);
        WriteCalls(_id, times.Request);
    }

    public void WriteUnattributed(Node call)
    {
        RenewIfFull();
        WriteCall(null, call);
    }

    public void End()
    {
        _transaction?.Commit();
        _transaction?.Dispose();
        _transaction = null;
        using var index = _connection.CreateCommand();
        index.CommandText = "CREATE INDEX call_request ON call (request)";
        index.ExecuteNonQuery();
    }

    public void Dispose()
    {
        _transaction?.Dispose();
        _request.Dispose();
        _call.Dispose();
        _connection.Dispose();
    }

    private void WriteCalls(long? request, Node node)
    {
        foreach (var call in node.Calls)
        {
            WriteCall(request, call);
        }
    }

    private void WriteCall(long? request, Node call)
    {
        var exchange = call.Exchange;
        var text = SpanText.Of(exchange, _statements);
        Run(_call, request, _map!.Scheme.Tiers[call.Tier].Name, exchange.Conversation.Connection, exchange.StartNs, exchange.DurationNs / 1e6, SpanText.KindOf(exchange), text, exchange.Status, call.ParentPosterior);
        WriteCalls(request, call);
    }

    private SqliteCommand Prepare(string text, int parameters)
    {
        var command = _connection.CreateCommand();
        command.CommandText = text;
        for (var index = 0; index < parameters; index++)
        {
            command.Parameters.Add(new SqliteParameter { ParameterName = $"${index}" });
        }

        return command;
    }

    private void Run(SqliteCommand command, params ReadOnlySpan<object?> values)
    {
        for (var index = 0; index < values.Length; index++)
        {
            command.Parameters[index].Value = values[index] ?? DBNull.Value;
        }

        command.Transaction = _transaction;
        command.ExecuteNonQuery();
        _rows++;
    }

    private void RenewIfFull()
    {
        if (_transaction is not null && _rows < RowsPerTransaction)
        {
            return;
        }

        _transaction?.Commit();
        _transaction?.Dispose();
        _transaction = _connection.BeginTransaction();
        _rows = 0;
    }
}

/// <summary>How an exchange is named where it is shown.</summary>
internal static class SpanText
{
    public static string Of(Exchange exchange, StatementTable statements) =>
        exchange.Conversation.Protocol is "http" or "ajp" ? $"{exchange.Method} {exchange.Uri}".TrimEnd()
        : exchange.Kind == ExchangeKind.Validation ? "(validation)"
        : exchange.Statement > 0 ? statements.Text(exchange.Statement) : exchange.Method;

    public static string KindOf(Exchange exchange) => exchange.Kind switch
    {
        ExchangeKind.Validation => "validation",
        ExchangeKind.Session => "session",
        ExchangeKind.Cancel => "cancel",
        _ => "request",
    };
}
