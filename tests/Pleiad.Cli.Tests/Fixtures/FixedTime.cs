namespace Pleiad.Cli.Tests.Fixtures;

/// <summary>A clock that stands still in UTC; timers and time stamps are the system's.</summary>
internal sealed class FixedTime(DateTimeOffset now) : TimeProvider
{
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override DateTimeOffset GetUtcNow() => now;
}
