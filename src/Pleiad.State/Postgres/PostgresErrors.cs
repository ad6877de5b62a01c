using System.Net.Sockets;
using Npgsql;

namespace Pleiad.State.Postgres;

/// <summary>Says in words what an error of PostgreSQL means, and what to do.</summary>
internal static class PostgresErrors
{
    /// <summary>What is wrong and the remedy; null when it is no error of the database.</summary>
    public static string? Explain(Exception error, PostgresAddress address) => error switch
    {
        PostgresException refused => Explain(refused, address),
        NpgsqlException { InnerException: TimeoutException } or TimeoutException =>
            "did not answer in time; see whether it is overloaded or a lock is held: select * from pg_stat_activity",
        NpgsqlException { InnerException: SocketException socket } =>
            $"cannot be reached ({socket.Message}); start PostgreSQL, or correct host and port",
        NpgsqlException or IOException or SocketException => $"ended the connection ({error.Message}); see PostgreSQL's log",
        _ => null,
    };

    /// <summary>Whether the error says for certain that the transaction was rolled back, even when it comes from COMMIT.</summary>
    public static bool IsRolledBack(Exception error) =>
        error is PostgresException { SqlState: PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected };

    /// <summary>Whether the transaction was rolled back, or never begun, for a reason that may be gone a moment later.</summary>
    public static bool IsPassing(Exception error) => error switch
    {
        PostgresException refused => refused.SqlState is PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected
            or PostgresErrorCodes.TooManyConnections or PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown
            or PostgresErrorCodes.CannotConnectNow,
        NpgsqlException { InnerException: TimeoutException } or TimeoutException => false,
        NpgsqlException { InnerException: SocketException or IOException } or IOException or SocketException => true,
        NpgsqlException other => other.IsTransient,
        _ => false,
    };

    private static string Explain(PostgresException refused, PostgresAddress address) => refused.SqlState switch
    {
        PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification =>
            $"refuses user {address.User} ({refused.MessageText}); correct user and password, or PostgreSQL's pg_hba.conf",
        PostgresErrorCodes.InvalidCatalogName => $"does not exist; make it: createdb --owner {address.User} {address.Database}",
        PostgresErrorCodes.UndefinedTable => "has no tables of Pleiad; start the server with it once, which makes them",
        PostgresErrorCodes.DuplicateTable or PostgresErrorCodes.DuplicateObject =>
            $"holds tables of another program ({refused.MessageText}); give Pleiad a database of its own",
        PostgresErrorCodes.InsufficientPrivilege =>
            $"denies user {address.User} ({refused.MessageText}); make the user its owner: alter database {address.Database} owner to {address.User}",
        PostgresErrorCodes.ReadOnlySqlTransaction => "may only be read; give the address of the primary server, not of a standby",
        PostgresErrorCodes.DiskFull => "cannot grow: the disk is full; free space on the database server",
        PostgresErrorCodes.TooManyConnections => "has no connection left; raise max_connections or end other programs",
        PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.CannotConnectNow =>
            $"is starting or stopping ({refused.MessageText}); try again when it is up",
        _ => $"refused ({refused.SqlState}: {refused.MessageText}); see PostgreSQL's log",
    };
}
