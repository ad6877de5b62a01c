using Pleiad.Core.Services;
using Pleiad.State.Schema;
using Shouldly;
using Xunit;

namespace Pleiad.State.Tests.Conformance;

public abstract partial class StoreConformance
{
    private static readonly long Newest = Migration.All[^1].Version;
    private static readonly Migration Addition = new(Migration.All[^1].Version + 1, "alter table service add column note text; create table extra (id {number}, made {time}) {table}");

    [Fact]
    public async Task Preparing_the_tables_again_changes_nothing()
    {
        await SubmitAsync("test1");
        await Store.MigrateAsync(Token);
        await Open().MigrateAsync(Token);
        (await Store.ListJobsAsync(new JobQuery(), Token)).ShouldHaveSingleItem();
        (await ExecuteAsync("select count(*) from schema_version")).ShouldBe(Newest);
    }

    [Fact]
    public async Task Servers_that_start_at_once_on_an_empty_database_all_find_it_ready()
    {
        Address = await NewDatabaseAsync();
        var stores = Enumerable.Range(0, 8).Select(_ => Open()).ToArray();
        await AllAtOnceAsync(8, async number =>
        {
            await stores[number].MigrateAsync(Token);
            return (await stores[number].GetSettingsAsync(Token)).ShouldNotBeNull();
        });
        (await ExecuteAsync("select count(*) from schema_version")).ShouldBe(Newest);
    }

    [Fact]
    public async Task A_database_of_an_older_version_is_upgraded_and_keeps_what_it_has()
    {
        await Store.PutServiceAsync(new ServiceSpec("primes", "image") { Slots = 4 }, Token);
        await using var newer = OpenWith([.. Migration.All, Addition]);
        await newer.MigrateAsync(Token);
        (await newer.ListServicesAsync(Token)).ShouldBe([new ServiceSpec("primes", "image") { Slots = 4 }]);
        (await ExecuteAsync("select max(version) from schema_version")).ShouldBe(Newest + 1);
        (await ExecuteAsync("select count(*) from extra")).ShouldBe(0L);
    }

    [Fact]
    public async Task A_database_of_a_newer_version_is_refused_untouched()
    {
        await using (var newer = OpenWith([.. Migration.All, Addition]))
        {
            await newer.MigrateAsync(Token);
        }

        await ExecuteAsync("delete from system_params");
        var error = await Should.ThrowAsync<StateException>(() => Open().MigrateAsync(Token));
        error.Message.ShouldContain("newer Pleiad");
        error.Message.ShouldContain($"version {Newest + 1}");
        (await ExecuteAsync("select count(*) from system_params")).ShouldBe(0L);
    }

    [Fact]
    public async Task An_upgrade_that_fails_leaves_the_old_version_whole()
    {
        await using var broken = OpenWith([.. Migration.All, Addition, new Migration(Addition.Version + 1, "create table third (id {whole}); select * from nowhere")]);
        await Should.ThrowAsync<StateException>(() => broken.MigrateAsync(Token));
        (await ExecuteAsync("select max(version) from schema_version")).ShouldBe(Newest);
        await Store.PutServiceAsync(new ServiceSpec("primes", "image"), Token);
        await using var mended = OpenWith([.. Migration.All, Addition]);
        await mended.MigrateAsync(Token);
        (await ExecuteAsync("select max(version) from schema_version")).ShouldBe(Newest + 1);
    }

    [Fact]
    public async Task A_database_with_tables_of_another_program_is_refused_untouched()
    {
        Address = await NewDatabaseAsync();
        await ExecuteAsync("create table job (theirs integer)");
        var error = await Should.ThrowAsync<StateException>(() => Open().MigrateAsync(Token));
        error.Message.ShouldContain("another program");
        error.Message.ShouldContain("of its own");
        (await ExecuteAsync("select count(theirs) from job")).ShouldBe(0L);
        await Should.ThrowAsync<Exception>(() => ExecuteAsync("select * from schema_version"));
    }

    [Fact]
    public async Task Without_tables_a_call_says_what_to_do()
    {
        Address = await NewDatabaseAsync();
        var error = await Should.ThrowAsync<StateException>(() => Open().ListServicesAsync(Token));
        error.Message.ShouldStartWith("cannot list the services: ");
        error.Message.ShouldContain("start the server with it once");
    }

    private protected abstract IStateStore OpenWith(IReadOnlyList<Migration> migrations);
}
