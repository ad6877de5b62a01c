using System.Globalization;

namespace Pleiad.Cli.Output;

/// <summary>Figures as people read them; JSON has the full ones.</summary>
internal static class Figures
{
    public static string Milliseconds(double? ms) => ms switch
    {
        null => "",
        < 1_000 => string.Create(CultureInfo.InvariantCulture, $"{ms:0} ms"),
        < 120_000 => string.Create(CultureInfo.InvariantCulture, $"{ms / 1_000:0.0} s"),
        < 7_200_000 => string.Create(CultureInfo.InvariantCulture, $"{ms / 60_000:0} min"),
        < 172_800_000 => string.Create(CultureInfo.InvariantCulture, $"{ms / 3_600_000:0.0} h"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{ms / 86_400_000:0} d"),
    };

    public static string Bytes(long? bytes) => bytes switch
    {
        null => "",
        < 1 << 10 => string.Create(CultureInfo.InvariantCulture, $"{bytes} B"),
        < 1 << 20 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:0.0} KiB"),
        < 1 << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:0.0} MiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1073741824.0:0.0} GiB"),
    };

    public static string Share(double? share) => share is null ? "" : string.Create(CultureInfo.InvariantCulture, $"{share * 100:0} %");

    public static string Whole(long? value) => value?.ToString(CultureInfo.InvariantCulture) ?? "";

    public static string Ago(DateTimeOffset? then, DateTimeOffset now) => then is null ? "" : Milliseconds(Math.Max(0, (now - then.Value).TotalMilliseconds)) + " ago";

    /// <summary>A moment in the time zone of whoever looks.</summary>
    public static string Moment(DateTimeOffset? moment, TimeProvider time) =>
        moment is null ? "" : TimeZoneInfo.ConvertTime(moment.Value, time.LocalTimeZone).ToString("yyyy-MM-dd HH:mm:ss.fff zzz", CultureInfo.InvariantCulture);

    /// <summary>A moment of today or nearly so.</summary>
    public static string Clock(DateTimeOffset moment, TimeProvider time) =>
        TimeZoneInfo.ConvertTime(moment, time.LocalTimeZone).ToString("MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture);
}
