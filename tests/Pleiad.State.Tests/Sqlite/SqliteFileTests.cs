using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Pleiad.Core.Identity;
using Pleiad.Core.Services;
using Pleiad.State.Schema;
using Pleiad.State.Sql;
using Pleiad.State.Sqlite;
using Pleiad.State.Store;
using Pleiad.TestKit;
using Shouldly;
using Xunit;

namespace Pleiad.State.Tests.Sqlite;

public sealed class SqliteFileTests : IDisposable
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 29, 12, 0, 0, TimeSpan.Zero);

    private readonly TempDirectory _directory = new("sqlite");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_file_that_is_not_there_is_not_made_by_reading()
    {
        await using var store = StateStores.Open($"sqlite:{_directory.File("none.db")}");
        var error = await Should.ThrowAsync<StateException>(() => store.ListServicesAsync(Token));
        error.Message.ShouldContain(_directory.File("none.db"));
        error.Message.ShouldContain("start the server with it once");
        await Should.ThrowAsync<StateException>(() => store.PutServiceAsync(new ServiceSpec("primes", "image"), Token));
        Directory.GetFiles(_directory.Path).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_directory_that_is_not_there_is_named_with_the_command_that_makes_it()
    {
        await using var store = StateStores.Open($"sqlite:{_directory.File("a/b/state.db")}");
        var error = await Should.ThrowAsync<StateException>(() => store.MigrateAsync(Token));
        error.Message.ShouldContain($"mkdir -p {_directory.File("a/b")}");
        Directory.Exists(_directory.File("a")).ShouldBeFalse();
    }

    [Fact]
    public async Task A_directory_in_place_of_a_file_is_refused()
    {
        await using var store = StateStores.Open($"sqlite:{_directory.Path}");
        (await Should.ThrowAsync<StateException>(() => store.MigrateAsync(Token))).Message.ShouldContain("is a directory");
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_refused_untouched()
    {
        var file = _directory.File("notes.txt");
        var text = string.Join('\n', Enumerable.Repeat("dear diary", 1000));
        await File.WriteAllTextAsync(file, text, Token);
        await using var store = StateStores.Open($"sqlite:{file}");
        (await Should.ThrowAsync<StateException>(() => store.MigrateAsync(Token))).Message.ShouldContain("is a file that is no SQLite database");
        (await File.ReadAllTextAsync(file, Token)).ShouldBe(text);
    }

    [Fact]
    public async Task Signs_that_mean_something_in_addresses_are_just_letters_of_a_file()
    {
        await using (var store = StateStores.Open($"sqlite:{_directory.File("a;Mode=Memory '\"é %20?x=1.db")}"))
        {
            await store.MigrateAsync(Token);
        }

        Directory.GetFiles(_directory.Path).ShouldBe([_directory.File("a;Mode=Memory '\"é %20?x=1.db")]);
    }

    [Fact]
    public async Task Each_commit_waits_for_the_disk()
    {
        var file = _directory.File("state.db");
        await using var database = new SqliteDatabase(file, new SqliteOptions(), NullLogger.Instance, TimeProvider.System);
        await database.MigrateAsync(session => session.ExecuteAsync("create table t (n integer)"), Token);
        const long Full = 2;
        (await database.WriteAsync(new Call("look"), session => session.NumberAsync("select synchronous as n from pragma_synchronous"), Token)).ShouldBe(Full);
        (await SqliteFile.ExecuteAsync(file, "pragma journal_mode")).ShouldBe("wal");
    }

    [Fact]
    public async Task Closing_folds_the_log_into_the_one_file()
    {
        await using (var store = StateStores.Open($"sqlite:{_directory.File("state.db")}"))
        {
            await store.MigrateAsync(Token);
            await store.PutServiceAsync(new ServiceSpec("primes", "image"), Token);
            await store.ListServicesAsync(Token);
        }

        Directory.GetFiles(_directory.Path).ShouldBe([_directory.File("state.db")]);
    }

    [Fact]
    public async Task Another_program_that_keeps_the_file_locked_is_blamed_after_a_bounded_wait()
    {
        var file = _directory.File("state.db");
        var database = new SqliteDatabase(file, new SqliteOptions { LockWait = TimeSpan.FromMilliseconds(50) }, NullLogger.Instance, TimeProvider.System);
        await using var store = new SqlStateStore(database, Migration.All, NullLogger.Instance, TimeProvider.System);
        await store.MigrateAsync(Token);
        await using (var shell = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false }.ToString()))
        {
            await shell.OpenAsync(Token);
            await using var transaction = shell.BeginTransaction(deferred: false);
            var error = await Should.ThrowAsync<StateException>(() => store.PutServiceAsync(new ServiceSpec("primes", "image"), Token));
            error.Message.ShouldContain("is locked by another program");
            (await store.ListServicesAsync(Token)).ShouldBeEmpty("reading goes on");
        }

        await store.PutServiceAsync(new ServiceSpec("primes", "image"), Token);
    }

    [Fact]
    public async Task Times_can_be_read_and_sorted_by_a_person_with_sqlite3()
    {
        var file = _directory.File("state.db");
        await using var store = StateStores.Open($"sqlite:{file}");
        await store.MigrateAsync(Token);
        await store.AcquireLeaseAsync("server", "a", Noon, TimeSpan.FromMilliseconds(1), Token);
        (await SqliteFile.ExecuteAsync(file, "select expires from lease")).ShouldBe("2026-03-29T12:00:00.001Z");
        (await SqliteFile.ExecuteAsync(file, "select datetime(expires) from lease")).ShouldBe("2026-03-29 12:00:00");
    }

    [Fact]
    public async Task A_full_disk_refuses_what_does_not_fit_keeps_what_was_accepted_and_goes_on_once_there_is_space()
    {
        Assert.SkipUnless(Programs.IsRoot, SmallDisk.NeedsRoot);
        await using var disk = await SmallDisk.MountAsync(kibibytes: 2_048);
        var ballast = disk.File("ballast");
        await File.WriteAllBytesAsync(ballast, new byte[900 << 10], Token);
        await using var store = StateStores.Open($"sqlite:{disk.File("state.db")}");
        await store.MigrateAsync(Token);
        await store.PutServiceAsync(new ServiceSpec("primes", "image"), Token);

        var accepted = new List<string>();
        StateException? full = null;
        for (var number = 0; full is null && number < 1_000; number++)
        {
            try
            {
                accepted.Add((await SubmitAsync(store, $"job{number}")).Job.Name);
            }
            catch (StateException error)
            {
                full = error;
            }
        }

        full.ShouldNotBeNull().Message.ShouldContain("the disk is full");
        full.Message.ShouldContain(disk.Path);
        accepted.ShouldNotBeEmpty();
        (await store.ListJobsAsync(new JobQuery(Limit: 1_000), Token)).Select(job => job.Name).ShouldBe(accepted);

        File.Delete(ballast);
        (await SubmitAsync(store, "fits")).Kind.ShouldBe(JobSubmissionKind.Accepted);
        (await store.ListJobsAsync(new JobQuery(Limit: 1_000), Token)).Select(job => job.Name).ShouldBe([.. accepted, "fits"]);
    }

    [Fact]
    public async Task A_read_only_disk_is_named_with_the_remedy()
    {
        Assert.SkipUnless(Programs.IsRoot, SmallDisk.NeedsRoot);
        await using var disk = await SmallDisk.MountAsync(kibibytes: 1_024);
        await disk.MakeReadOnlyAsync();
        await using var store = StateStores.Open($"sqlite:{disk.File("state.db")}");
        (await Should.ThrowAsync<StateException>(() => store.MigrateAsync(Token))).Message.ShouldContain($"as a user who may write to {disk.Path}");
    }

    [Fact]
    public async Task A_file_that_became_read_only_is_named_with_the_remedy()
    {
        Assert.SkipUnless(Programs.IsRoot, SmallDisk.NeedsRoot);
        await using var disk = await SmallDisk.MountAsync(kibibytes: 1_024);
        await using (var store = StateStores.Open($"sqlite:{disk.File("state.db")}"))
        {
            await store.MigrateAsync(Token);
        }

        await disk.MakeReadOnlyAsync();
        await using var again = StateStores.Open($"sqlite:{disk.File("state.db")}");
        var error = await Should.ThrowAsync<StateException>(() => again.PutServiceAsync(new ServiceSpec("primes", "image"), Token));
        error.Message.ShouldContain("write");
        error.Message.ShouldContain("permission");
    }

    private static Task<JobSubmission> SubmitAsync(IStateStore store, string name) =>
        store.SubmitJobAsync(new JobRecord(JobId.New(Noon), "primes", name, "POST", "/", Noon) { Body = new byte[20_000] }, Token);
}
