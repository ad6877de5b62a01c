using System.Data.Common;
using System.Text;
using Pleiad.Core.Events;
using Pleiad.Core.Identity;

namespace Pleiad.State.Sql;

/// <summary>Parts of the tables that two callers must not change at once; see <see cref="Dialect.LockSql"/>.</summary>
internal enum SharedPart
{
    /// <summary>The tables themselves.</summary>
    Schema = 1,

    /// <summary>The numbering of jobs.</summary>
    JobOrder = 2,

    /// <summary>The numbering of events.</summary>
    EventOrder = 3,

    /// <summary>The address pool.</summary>
    Addresses = 4,

    /// <summary>The set of services.</summary>
    Services = 5,
}

/// <summary>Where SQLite and PostgreSQL differ; everything else is one text of SQL for both.</summary>
internal abstract class Dialect
{
    /// <summary>Writes the types of <c>Schema/*.sql</c> in this database's words.</summary>
    public abstract string Schema(string script);

    /// <summary>Counts tables named <c>@name</c>.</summary>
    public abstract string CountTablesSql { get; }

    /// <summary>Ends a SELECT whose rows this transaction changes next.</summary>
    public abstract string ForUpdate { get; }

    /// <summary>Ends a SELECT whose rows must not be deleted before this transaction ends.</summary>
    public abstract string ForKeyShare { get; }

    /// <summary>Ends a SELECT that takes rows nobody else is taking.</summary>
    public abstract string SkipLocked { get; }

    /// <summary>Makes the transaction the only one that works on a part, or null where there is only ever one writer.</summary>
    public abstract string? LockSql(SharedPart part);

    /// <summary>Reads a time, UTC.</summary>
    public abstract DateTimeOffset ReadTime(DbDataReader reader, int column);

    /// <summary>Reads the id of a job.</summary>
    public abstract JobId ReadJobId(DbDataReader reader, int column);

    /// <summary>The value as the driver takes it.</summary>
    public object Bind(object? value) => value switch
    {
        null => DBNull.Value,
        string text => Storable(text),
        DateTimeOffset time => Time(Milliseconds(time)),
        JobId job => Id(job),
        MachineId machine => machine.Value,
        JobState state => StateName(state),
        EventKind kind => kind.ToString(),
        _ => value,
    };

    /// <summary>The time as it is kept: whole milliseconds, UTC.</summary>
    public static DateTimeOffset Milliseconds(DateTimeOffset time)
    {
        var utc = time.ToUniversalTime();
        return new DateTimeOffset(utc.Ticks - (utc.Ticks % TimeSpan.TicksPerMillisecond), TimeSpan.Zero);
    }

    /// <summary>
    /// The text as both databases can keep it: PostgreSQL has no U+0000 and neither has lone surrogates, so each such character becomes U+FFFD.
    /// </summary>
    public static string Storable(string text)
    {
        if (!text.Any(c => c == '\0' || char.IsSurrogate(c)))
        {
            return text;
        }

        var kept = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            kept.Append(rune.Value == 0 ? Rune.ReplacementChar : rune);
        }

        return kept.ToString();
    }

    /// <summary>A job's state as column <c>state</c> has it.</summary>
    public static string StateName(JobState state) => state switch
    {
        JobState.Waiting => "waiting",
        JobState.Running => "running",
        JobState.Done => "done",
        JobState.Failed => "failed",
        JobState.Cancelled => "cancelled",
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "is no state of a job"),
    };

    /// <summary>A time in this database's form.</summary>
    /// <param name="utc">UTC in whole milliseconds.</param>
    protected abstract object Time(DateTimeOffset utc);

    /// <summary>A job's id in this database's form.</summary>
    protected abstract object Id(JobId job);
}
