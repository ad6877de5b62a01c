using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Pleiad.Core.Services;
using Pleiad.State.Postgres;
using Pleiad.TestKit;
using Shouldly;
using Xunit;

namespace Pleiad.State.Tests.Postgres;

[Collection(PostgresFixture.Name)]
[Trait("Group", "postgres")]
public sealed class PostgresServerTests(PostgresFixture postgres)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private PostgresServer Server => postgres.Server;

    [Fact]
    public async Task A_server_is_reached_over_tcp_too()
    {
        await using var store = StateStores.Open(Server.TcpAddress(await Server.CreateDatabaseAsync()));
        await store.MigrateAsync(Token);
        (await store.ListServicesAsync(Token)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_wrong_password_names_user_and_database_but_no_password()
    {
        var error = await ErrorAsync(Server.TcpAddress("postgres", password: "wr0ng"));
        error.Message.ShouldStartWith($"cannot prepare the tables: postgres://pleiad@127.0.0.1:{Server.Port}/postgres refuses user pleiad");
        error.Message.ShouldContain("correct user and password");
        error.ToString().ShouldNotContain("wr0ng");
    }

    [Fact]
    public async Task An_unknown_database_is_named_with_the_command_that_makes_it() =>
        (await ErrorAsync(Server.Address("nowhere"))).Message.ShouldContain("/nowhere?host=" + Server.SocketDirectory + " does not exist; make it: createdb");

    [Fact]
    public async Task A_server_that_is_not_there_is_named_with_the_remedy()
    {
        using var reserved = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        reserved.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        var port = ((System.Net.IPEndPoint)reserved.LocalEndPoint!).Port;
        var error = await ErrorAsync($"postgres://pleiad:s3cret@127.0.0.1:{port}/pleiad");
        error.Message.ShouldContain($"postgres://pleiad@127.0.0.1:{port}/pleiad cannot be reached");
        error.Message.ShouldContain("start PostgreSQL");
        error.ToString().ShouldNotContain("s3cret");
    }

    [Fact]
    public async Task A_socket_that_is_not_there_is_named_with_the_remedy() =>
        (await ErrorAsync("postgres://pleiad@:5432/pleiad?host=/nonexistent")).Message.ShouldContain("cannot be reached");

    [Fact]
    public async Task A_user_who_may_make_no_tables_is_told_so()
    {
        await Server.ExecuteAsync("postgres", "create role guest login password 'guest'");
        (await ErrorAsync(Server.Address(await Server.CreateDatabaseAsync(), "guest", "guest"))).Message.ShouldContain("denies user guest");
    }

    [Fact]
    public async Task A_standby_that_may_only_be_read_is_refused()
    {
        var database = await Server.CreateDatabaseAsync();
        await Server.ExecuteAsync("postgres", $"alter database {database} set default_transaction_read_only = on");
        (await ErrorAsync(Server.Address(database))).Message.ShouldContain("give the address of the primary");
    }

    [Theory]
    [InlineData("off", "on")]
    [InlineData("remote_apply", "remote_apply")]
    public async Task Each_commit_waits_for_the_disk_whatever_the_servers_default(string serverDefault, string expected)
    {
        var database = await Server.CreateDatabaseAsync();
        await Server.ExecuteAsync("postgres", $"alter database {database} set synchronous_commit = {serverDefault}");
        await using var connections = new PostgresDatabase(PostgresAddress.Parse(Server.Address(database)), NullLogger.Instance, TimeProvider.System);
        for (var use = 0; use < 2; use++)
        {
            var setting = await connections.ReadAsync("look", session => session.FirstAsync(row => row.Text("v"), "select current_setting('synchronous_commit') as v"), Token);
            setting.ShouldBe(expected);
        }
    }

    [Fact]
    public async Task A_restart_of_the_server_between_calls_is_not_noticed()
    {
        await using var store = StateStores.Open(Server.Address(await Server.CreateDatabaseAsync()));
        await store.MigrateAsync(Token);
        await Task.WhenAll(Enumerable.Range(0, 12).Select(number => store.PutServiceAsync(new ServiceSpec($"s{number}", "image"), Token)));
        await Server.RestartAsync();
        (await store.ListServicesAsync(Token)).Count.ShouldBe(12);
        await Task.WhenAll(Enumerable.Range(0, 12).Select(number => store.PutServiceAsync(new ServiceSpec($"s{number}", "other"), Token)));
    }

    [Fact]
    public async Task Connections_ended_in_the_middle_of_calls_lose_no_call()
    {
        var database = await Server.CreateDatabaseAsync();
        await using var store = StateStores.Open(Server.Address(database));
        await store.MigrateAsync(Token);
        await store.PutServiceAsync(new ServiceSpec("primes", "image"), Token);
        var now = DateTimeOffset.UnixEpoch;
        var submissions = Enumerable.Range(0, 200).Select(number => Task.Run(() =>
            store.SubmitJobAsync(new JobRecord(Core.Identity.JobId.New(now), "primes", $"job{number}", "GET", "/", now), Token))).ToArray();
        await Server.ExecuteAsync("postgres", $"select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = '{database}'");
        var kinds = (await Task.WhenAll(submissions)).Select(submission => submission.Kind).Distinct();
        kinds.ShouldBe([JobSubmissionKind.Accepted]);
        (await store.ListJobsAsync(new JobQuery(Limit: 1_000), Token)).Count.ShouldBe(200);
    }

    private static async Task<StateException> ErrorAsync(string address)
    {
        await using var store = StateStores.Open(address);
        return await Should.ThrowAsync<StateException>(() => store.MigrateAsync(Token));
    }
}
