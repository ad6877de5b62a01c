using System.Data.Common;
using System.Globalization;
using Pleiad.Core.Identity;
using Pleiad.State.Sql;

namespace Pleiad.State.Postgres;

/// <summary>PostgreSQL: many writers at once, so what must not happen twice takes row locks or a lock of a part.</summary>
internal sealed class PostgresDialect : Dialect
{
    /// <summary>First half of the keys of our advisory locks ("Plei"), so that they do not meet another program's.</summary>
    private const int LockSpace = 0x506C6569;

    public override string CountTablesSql => "select count(*) as n from pg_tables where schemaname = current_schema() and tablename = @name";

    public override string ForUpdate => "for update";

    public override string ForKeyShare => "for key share";

    public override string SkipLocked => "for update skip locked";

    public override string Schema(string script) => script
        .Replace("{number}", "bigint generated always as identity primary key", StringComparison.Ordinal)
        .Replace("{whole}", "bigint", StringComparison.Ordinal)
        .Replace("{real}", "double precision", StringComparison.Ordinal)
        .Replace("{time}", "timestamptz(3)", StringComparison.Ordinal)
        .Replace("{bytes}", "bytea", StringComparison.Ordinal)
        .Replace("{uuid}", "uuid", StringComparison.Ordinal)
        .Replace("{table}", "", StringComparison.Ordinal);

    public override string? LockSql(SharedPart part) =>
        string.Create(CultureInfo.InvariantCulture, $"select pg_advisory_xact_lock({LockSpace}, {(int)part})");

    public override DateTimeOffset ReadTime(DbDataReader reader, int column) => new(reader.GetDateTime(column), TimeSpan.Zero);

    public override JobId ReadJobId(DbDataReader reader, int column) => new(reader.GetGuid(column));

    protected override object Time(DateTimeOffset utc) => utc.UtcDateTime;

    protected override object Id(JobId job) => job.Value;
}
