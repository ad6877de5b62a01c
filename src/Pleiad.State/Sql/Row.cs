using System.Data.Common;
using Pleiad.Core.Identity;

namespace Pleiad.State.Sql;

/// <summary>One row of an answer, read by column name.</summary>
internal readonly struct Row(DbDataReader reader, Dialect dialect)
{
    public string Text(string column) => reader.GetString(reader.GetOrdinal(column));

    public string? TextOrNull(string column) => Has(column, out var index) ? reader.GetString(index) : null;

    public long Whole(string column) => reader.GetInt64(reader.GetOrdinal(column));

    public long? WholeOrNull(string column) => Has(column, out var index) ? reader.GetInt64(index) : null;

    public double Real(string column) => reader.GetDouble(reader.GetOrdinal(column));

    public byte[]? Bytes(string column) => Has(column, out var index) ? reader.GetFieldValue<byte[]>(index) : null;

    public DateTimeOffset Time(string column) => dialect.ReadTime(reader, reader.GetOrdinal(column));

    public DateTimeOffset? TimeOrNull(string column) => Has(column, out var index) ? dialect.ReadTime(reader, index) : null;

    public JobId Job(string column) => dialect.ReadJobId(reader, reader.GetOrdinal(column));

    public MachineId? MachineOrNull(string column) => TextOrNull(column) is { } machine ? new MachineId(machine) : null;

    private bool Has(string column, out int index)
    {
        index = reader.GetOrdinal(column);
        return !reader.IsDBNull(index);
    }
}
