using Pleiad.TestKit;
using Xunit;

namespace Pleiad.State.Tests.Postgres;

/// <summary>One real PostgreSQL for all tests that need it; started only when one of them runs.</summary>
[CollectionDefinition(Name)]
public sealed class PostgresFixture : IAsyncLifetime, ICollectionFixture<PostgresFixture>
{
    public const string Name = "postgres";

    public PostgresServer Server { get; private set; } = null!;

    /// <summary>A database that one test after another empties and uses.</summary>
    public string Database { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        Server = await PostgresServer.StartAsync();
        Database = await Server.CreateDatabaseAsync();
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
