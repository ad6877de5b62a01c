using Npgsql;
using Pleiad.Core.Documents;
using Pleiad.State.Postgres;
using Shouldly;
using Xunit;

namespace Pleiad.State.Tests;

public sealed class StateAddressTests
{
    [Theory]
    [InlineData("postgres://u:p@db.example:5433/pleiad", "db.example", 5433, "u", "p", "pleiad")]
    [InlineData("postgresql://u@db.example/pleiad", "db.example", 5432, "u", null, "pleiad")]
    [InlineData("postgres://u:p%40%3A%2F%3F%20%C3%BC@localhost/a%20b", "localhost", 5432, "u", "p@:/? ü", "a b")]
    [InlineData("postgres://u:@[fd00::1]:7/d", "fd00::1", 7, "u", "", "d")]
    [InlineData("postgres://u:a:b@h/d", "h", 5432, "u", "a:b", "d")]
    [InlineData("postgres://u@/d", "localhost", 5432, "u", null, "d")]
    [InlineData("postgres://u@:6000/d?host=%2Frun%2Fpostgresql", "/run/postgresql", 6000, "u", null, "d")]
    public void The_parts_of_an_address_are_read(string address, string host, int port, string user, string? password, string database) =>
        PostgresAddress.Parse(address).ShouldBe(new PostgresAddress(host, port, user, password, database, SslMode.Prefer));

    [Theory]
    [InlineData("verify-full", SslMode.VerifyFull)]
    [InlineData("disable", SslMode.Disable)]
    public void The_mode_of_encryption_is_libpqs(string mode, SslMode expected) =>
        PostgresAddress.Parse($"postgres://u@h/d?sslmode={mode}").SslMode.ShouldBe(expected);

    [Theory]
    [InlineData("postgres://u:s3cret@h:5432/d", "postgres://u@h:5432/d")]
    [InlineData("postgres://u:s3cret@[::1]/d", "postgres://u@[::1]:5432/d")]
    [InlineData("postgres://u:s3cret@/d?host=/run", "postgres://u@:5432/d?host=/run")]
    public void An_address_is_shown_without_its_password(string address, string shown) => PostgresAddress.Parse(address).ToString().ShouldBe(shown);

    [Theory]
    [InlineData("")]
    [InlineData("state.db")]
    [InlineData("sqlite:")]
    [InlineData("sqlite::memory:")]
    [InlineData("sqlite:dir/")]
    [InlineData("mysql://u:s3cret@h/d")]
    [InlineData("postgres:u:s3cret@h/d")]
    [InlineData("postgres://u:s3cret@h")]
    [InlineData("postgres://u:s3cret@s3cret@h/d")]
    [InlineData("postgres://u:s3cret/x@h/d")]
    [InlineData("postgres://u:s3cret#@h@h/d?password=s3cret")]
    [InlineData("postgres://h/d?user=u&password=s3cret")]
    [InlineData("postgres://u:s3cret@h:0/d")]
    [InlineData("postgres://u:s3cret@h:70000/d")]
    [InlineData("postgres://u:s3cret@h/?sslmode=maybe")]
    [InlineData("postgres://:s3cret@h/d")]
    public void Anything_else_is_refused_with_the_remedy_and_no_password(string address)
    {
        var error = Should.Throw<InvalidInputException>(() => StateStores.Open(address));
        error.Subject.ShouldBe("state");
        error.Message.ShouldNotContain("s3cret");
        error.Problems.ShouldAllBe(problem => problem.Remedy.Length > 0);
    }

    [Fact]
    public void Every_problem_of_an_address_is_named_at_once()
    {
        var error = Should.Throw<InvalidInputException>(() => StateStores.Open("postgres://h:99999/?sslmode=maybe&color=red"));
        error.Problems.Select(problem => problem.Key).ShouldBe(["sslmode", "color", "user", "port", "database"]);
    }

    [Fact]
    public async Task A_file_may_be_relative()
    {
        await using var store = StateStores.Open("sqlite:no-such-directory/state.db");
        var error = await Should.ThrowAsync<StateException>(() => store.ListServicesAsync(TestContext.Current.CancellationToken));
        error.Message.ShouldContain($"sqlite:{Path.GetFullPath("no-such-directory/state.db")}");
    }
}
