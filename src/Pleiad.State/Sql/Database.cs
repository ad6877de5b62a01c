using Microsoft.Extensions.Logging;

namespace Pleiad.State.Sql;

/// <summary>A database that runs transactions: what is the same for all, tries again and explains errors.</summary>
/// <param name="name">Its name for people, without a password.</param>
/// <param name="dialect">Its SQL.</param>
/// <param name="logger">Gets what was tried again.</param>
/// <param name="time">For the pauses between attempts.</param>
internal abstract partial class Database(string name, Dialect dialect, ILogger logger, TimeProvider time) : IAsyncDisposable
{
    /// <summary>Pauses before the second and later attempts after a passing error; their number bounds the attempts.</summary>
    private static readonly TimeSpan[] Pauses = [.. new[] { 20, 100, 300, 900 }.Select(ms => TimeSpan.FromMilliseconds(ms))];

    public string Name => name;

    public Dialect Dialect => dialect;

    /// <summary>Runs one transaction that is alone with the schema, making the database if need be.</summary>
    public abstract Task MigrateAsync(Func<Session, Task> migrate, CancellationToken cancellation);

    /// <summary>Runs one transaction; it is durable at the end.</summary>
    public abstract Task<T> WriteAsync<T>(Call call, Func<Session, Task<T>> work, CancellationToken cancellation);

    /// <summary>Runs one statement that only reads.</summary>
    public Task<T> ReadAsync<T>(string what, Func<Session, Task<T>> work, CancellationToken cancellation) =>
        AttemptsAsync(new Call(what) { Repeatable = true }, () => ReadOnceAsync(work, cancellation), cancellation);

    public abstract ValueTask DisposeAsync();

    /// <summary>Runs one transaction, again after a passing error.</summary>
    protected Task TransactAsync(Call call, Func<Session, Task> work, CancellationToken cancellation) =>
        AttemptsAsync(
            call,
            async () =>
            {
                await TransactOnceAsync(work, cancellation);
                return true;
            },
            cancellation);

    protected async Task<T> AttemptsAsync<T>(Call call, Func<Task<T>> attempt, CancellationToken cancellation)
    {
        for (var failures = 0; ; failures++)
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                return await attempt();
            }
            catch (Exception cause) when (Explain(Driver(cause)) is { } explanation)
            {
                var unknown = cause is CommitFailedException;
                if (failures == Pauses.Length || !IsPassing(Driver(cause)) || (unknown && !call.Repeatable))
                {
                    throw new StateException($"cannot {call.What}: {name} {explanation}", cause);
                }

                LogTryingAgain(logger, name, call.What, failures + 1, Driver(cause).Message);
            }

            await Task.Delay(Pauses[failures], time, cancellation);
        }
    }

    /// <summary>Runs one transaction once. An error of COMMIT comes as <see cref="CommitFailedException"/>.</summary>
    protected abstract Task TransactOnceAsync(Func<Session, Task> work, CancellationToken cancellation);

    protected abstract Task<T> ReadOnceAsync<T>(Func<Session, Task<T>> work, CancellationToken cancellation);

    /// <summary>What is wrong with the database, and the remedy; null when the error is not the database's.</summary>
    protected abstract string? Explain(Exception cause);

    /// <summary>Whether the same may succeed a moment later.</summary>
    protected abstract bool IsPassing(Exception cause);

    private static Exception Driver(Exception cause) => cause is CommitFailedException { InnerException: { } inner } ? inner : cause;

    [LoggerMessage(3001, LogLevel.Warning, "{Database}: trying again to {What} after failure {Failures}: {Reason}")]
    private static partial void LogTryingAgain(ILogger logger, string database, string what, int failures, string reason);
}
