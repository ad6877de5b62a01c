using Microsoft.Extensions.Logging.Abstractions;
using Pleiad.State.Sql;
using Pleiad.State.Sqlite;
using Shouldly;
using Xunit;

namespace Pleiad.State.Tests.Sql;

/// <summary>When a failed transaction is tried again.</summary>
public sealed class DatabaseTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_passing_error_is_tried_again()
    {
        await using var database = new FailingDatabase(failures: 3, new PassingException());
        (await WriteAsync(database, repeatable: false)).ShouldBe(4);
    }

    [Fact]
    public async Task An_error_that_stays_ends_after_a_bounded_number_of_attempts_with_its_explanation()
    {
        await using var database = new FailingDatabase(failures: int.MaxValue, new PassingException());
        var error = await Should.ThrowAsync<StateException>(() => WriteAsync(database, repeatable: true));
        error.Message.ShouldBe("cannot write: the database hiccups");
        database.Attempts.ShouldBe(5);
    }

    [Fact]
    public async Task An_error_that_does_not_pass_is_told_at_once()
    {
        await using var database = new FailingDatabase(failures: int.MaxValue, new IOException("broken"));
        (await Should.ThrowAsync<StateException>(() => WriteAsync(database, repeatable: true))).InnerException.ShouldBeOfType<IOException>();
        database.Attempts.ShouldBe(1);
    }

    [Fact]
    public async Task An_error_that_is_not_the_databases_comes_through_as_it_is()
    {
        await using var database = new FailingDatabase(failures: 1, new InvalidOperationException("a bug"));
        await Should.ThrowAsync<InvalidOperationException>(() => WriteAsync(database, repeatable: true));
        database.Attempts.ShouldBe(1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_commit_of_unknown_outcome_is_tried_again_only_when_twice_comes_to_the_same(bool repeatable)
    {
        await using var database = new FailingDatabase(failures: 1, new CommitFailedException(new PassingException()));
        if (repeatable)
        {
            (await WriteAsync(database, repeatable)).ShouldBe(2);
        }
        else
        {
            (await Should.ThrowAsync<StateException>(() => WriteAsync(database, repeatable))).Message.ShouldBe("cannot write: the database hiccups");
            database.Attempts.ShouldBe(1);
        }
    }

    private static Task<int> WriteAsync(FailingDatabase database, bool repeatable) =>
        database.WriteAsync(new Call("write") { Repeatable = repeatable }, _ => Task.FromResult(database.Attempts), Token);

    private sealed class PassingException : Exception;

    private sealed class FailingDatabase(int failures, Exception failure) : Database("the database", new SqliteDialect(), NullLogger.Instance, TimeProvider.System)
    {
        public int Attempts { get; private set; }

        public override Task MigrateAsync(Func<Session, Task> migrate, CancellationToken cancellation) => throw new NotSupportedException();

        public override async Task<T> WriteAsync<T>(Call call, Func<Session, Task<T>> work, CancellationToken cancellation)
        {
            T result = default!;
            await TransactAsync(call, async session => result = await work(session), cancellation);
            return result;
        }

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

        protected override Task TransactOnceAsync(Func<Session, Task> work, CancellationToken cancellation) =>
            ++Attempts <= failures ? Task.FromException(failure) : work(null!);

        protected override Task<T> ReadOnceAsync<T>(Func<Session, Task<T>> work, CancellationToken cancellation) => throw new NotSupportedException();

        protected override string? Explain(Exception cause) => cause is PassingException or IOException ? "hiccups" : null;

        protected override bool IsPassing(Exception cause) => cause is PassingException;
    }
}
