namespace Pleiad.Core.Settings;

/// <summary>The system-wide defaults in force: what was set, and the default of each setting that was not.</summary>
public sealed class SystemSettings
{
    private readonly IReadOnlyDictionary<string, long> _values;

    /// <summary>Settings with the given values by <see cref="SettingKey.Key"/>; absent ones have their default.</summary>
    public SystemSettings(IReadOnlyDictionary<string, long>? values = null) => _values = values ?? new Dictionary<string, long>();

    /// <summary>The value in force, in the setting's own unit.</summary>
    public long this[SettingKey key] => _values.TryGetValue(key.Key, out var value) ? value : key.Default;

    /// <summary>A setting in ms as a length of time.</summary>
    public TimeSpan Time(SettingKey key) => TimeSpan.FromMilliseconds(this[key]);
}
