using System.Data.Common;
using System.Globalization;
using Pleiad.Core.Identity;
using Pleiad.State.Sql;

namespace Pleiad.State.Sqlite;

/// <summary>SQLite: one writer at a time, so no row locks; times are text that sorts by time.</summary>
internal sealed class SqliteDialect : Dialect
{
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    public override string CountTablesSql => "select count(*) as n from sqlite_master where type = 'table' and name = @name";

    public override string ForUpdate => "";

    public override string ForKeyShare => "";

    public override string SkipLocked => "";

    public override string Schema(string script) => script
        .Replace("{number}", "integer primary key autoincrement", StringComparison.Ordinal)
        .Replace("{whole}", "integer", StringComparison.Ordinal)
        .Replace("{real}", "real", StringComparison.Ordinal)
        .Replace("{time}", "text", StringComparison.Ordinal)
        .Replace("{bytes}", "blob", StringComparison.Ordinal)
        .Replace("{uuid}", "text", StringComparison.Ordinal)
        .Replace("{table}", "strict", StringComparison.Ordinal);

    public override string? LockSql(SharedPart part) => null;

    public override DateTimeOffset ReadTime(DbDataReader reader, int column) => DateTimeOffset.ParseExact(
        reader.GetString(column), TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal);

    public override JobId ReadJobId(DbDataReader reader, int column) => new(Guid.Parse(reader.GetString(column)));

    protected override object Time(DateTimeOffset utc) => utc.ToString(TimeFormat, CultureInfo.InvariantCulture);

    protected override object Id(JobId job) => job.ToString();
}
