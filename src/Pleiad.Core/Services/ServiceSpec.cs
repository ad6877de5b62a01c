using Pleiad.Core.Identity;
using Pleiad.Core.Settings;

namespace Pleiad.Core.Services;

/// <summary>A service as its owner described it; what is null follows the system settings.</summary>
/// <param name="Name">Unique name; keeps <see cref="Names.Rule"/>.</param>
/// <param name="Image">Name of the image its machines boot from.</param>
public sealed record ServiceSpec(string Name, string Image)
{
    /// <summary>Requests at once per machine.</summary>
    public int? Slots { get; init; }

    /// <summary>Machines that stay up without load; 0 scales to zero.</summary>
    public int? MachinesMin { get; init; }

    /// <summary>Most machines.</summary>
    public int? MachinesMax { get; init; }

    /// <summary>Time without work after which a machine beyond the minimum ends.</summary>
    public TimeSpan? IdleTimeout { get; init; }

    /// <summary>Time after which an address reserved for a machine that never answered is free again; also the longest a start may take.</summary>
    public TimeSpan? AddressReservation { get; init; }

    /// <summary>Requests that may wait for a slot.</summary>
    public int? QueueLimit { get; init; }

    /// <summary>Longest wait for a slot.</summary>
    public TimeSpan? QueueDeadline { get; init; }

    /// <summary>Longest time without an answer to the health check.</summary>
    public TimeSpan? HangTimeout { get; init; }

    /// <summary>How its machines are started; null is <see cref="StartMode.Auto"/>.</summary>
    public StartMode? Start { get; init; }

    /// <summary>Machines of its image kept ready to start.</summary>
    public int? Spares { get; init; }

    /// <summary>The service with every value in force.</summary>
    public EffectiveService Effective(SystemSettings settings)
    {
        var max = MachinesMax ?? Math.Max((int)settings[SettingKey.MachinesMax], MachinesMin ?? 0);
        return new EffectiveService(
            Name,
            Image,
            Slots ?? (int)settings[SettingKey.Slots],
            Math.Min(MachinesMin ?? (int)settings[SettingKey.MachinesMin], max),
            max,
            IdleTimeout ?? settings.Time(SettingKey.IdleTimeout),
            AddressReservation ?? settings.Time(SettingKey.AddressReservation),
            QueueLimit ?? (int)settings[SettingKey.QueueLimit],
            QueueDeadline ?? settings.Time(SettingKey.QueueDeadline),
            HangTimeout ?? settings.Time(SettingKey.HangTimeout),
            Start ?? StartMode.Auto,
            Spares ?? (int)settings[SettingKey.Spares]);
    }
}

/// <summary>A service with every value in force; see <see cref="ServiceSpec"/> for each value's meaning.</summary>
public sealed record EffectiveService(
    string Name,
    string Image,
    int Slots,
    int MachinesMin,
    int MachinesMax,
    TimeSpan IdleTimeout,
    TimeSpan AddressReservation,
    int QueueLimit,
    TimeSpan QueueDeadline,
    TimeSpan HangTimeout,
    StartMode Start,
    int Spares);
