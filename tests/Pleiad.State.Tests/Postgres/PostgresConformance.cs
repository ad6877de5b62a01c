using Microsoft.Extensions.Logging.Abstractions;
using Pleiad.State.Postgres;
using Pleiad.State.Schema;
using Pleiad.State.Store;
using Pleiad.State.Tests.Conformance;
using Xunit;

namespace Pleiad.State.Tests.Postgres;

[Collection(PostgresFixture.Name)]
[Trait("Group", "postgres")]
public sealed class PostgresConformance(PostgresFixture postgres) : StoreConformance
{
    protected override async Task<string> NewDatabaseAsync()
    {
        await postgres.Server.EmptyDatabaseAsync(postgres.Database);
        return postgres.Server.Address(postgres.Database);
    }

    protected override ValueTask RemoveDatabaseAsync() => ValueTask.CompletedTask;

    protected override Task<object?> ExecuteAsync(string sql) => postgres.Server.ExecuteAsync(postgres.Database, sql);

    private protected override IStateStore OpenWith(IReadOnlyList<Migration> migrations)
    {
        var database = new PostgresDatabase(PostgresAddress.Parse(Address), NullLogger.Instance, TimeProvider.System);
        return new SqlStateStore(database, migrations, NullLogger.Instance, TimeProvider.System);
    }
}
