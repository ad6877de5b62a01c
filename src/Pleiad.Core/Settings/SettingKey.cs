using System.Globalization;
using Pleiad.Core.Documents;

namespace Pleiad.Core.Settings;

/// <summary>One system-wide default: its name in table <c>system_params</c>, the field's name, its unit and range.</summary>
/// <param name="Key">Name in <c>system_params</c>, for example <c>last_connect_ms</c>; the original's names are kept.</param>
/// <param name="Term">Name in YAML and the API, for example <c>idleTimeout</c>.</param>
/// <param name="Unit">Unit of the value, for example <c>ms</c>.</param>
/// <param name="Default">Value when nothing was set.</param>
/// <param name="Min">Smallest value.</param>
/// <param name="Max">Largest value.</param>
/// <param name="Meaning">One sentence for people.</param>
public sealed record SettingKey(string Key, string Term, string Unit, long Default, long Min, long Max, string Meaning)
{
    /// <summary>Requests at once per machine.</summary>
    public static readonly SettingKey Slots = new("free_count", "slots", "requests", 5, 1, 10_000, "requests at once per machine");

    /// <summary>Time without work after which a machine beyond the minimum ends.</summary>
    public static readonly SettingKey IdleTimeout = new("last_connect_ms", "idleTimeout", "ms", 600_000, 100, 864_000_000, "a machine without work for this long ends, down to machinesMin");

    /// <summary>Time after which an address reserved for a machine that never answered is free again.</summary>
    public static readonly SettingKey AddressReservation = new("ip_reserve_ms", "addressReservation", "ms", 60_000, 1_000, 3_600_000, "an address reserved for a machine that does not answer is free again after this");

    /// <summary>Machines that stay up without load.</summary>
    public static readonly SettingKey MachinesMin = new("min_vm_count", "machinesMin", "machines", 2, 0, 1_000, "machines that stay up without load; 0 scales to zero");

    /// <summary>Most machines of one service.</summary>
    public static readonly SettingKey MachinesMax = new("max_vm_count", "machinesMax", "machines", 8, 1, 1_000, "most machines of one service");

    /// <summary>Requests that may wait for a slot of one service.</summary>
    public static readonly SettingKey QueueLimit = new("queue_limit", "queue.limit", "requests", 1_000, 0, 1_000_000, "requests that may wait for a slot; one more is refused with 503");

    /// <summary>Longest wait for a slot.</summary>
    public static readonly SettingKey QueueDeadline = new("queue_deadline_ms", "queue.deadline", "ms", 30_000, 1, 3_600_000, "longest wait for a slot; then the request ends with 504");

    /// <summary>Longest time a machine may stay without an answer to its health check before it counts as hung.</summary>
    public static readonly SettingKey HangTimeout = new("hang_timeout_ms", "hangTimeout", "ms", 10_000, 1_000, 3_600_000, "a machine whose health check does not answer for this long counts as hung and is replaced");

    /// <summary>Machines of a service's image kept ready to start.</summary>
    public static readonly SettingKey Spares = new("spare_count", "spares", "machines", 2, 0, 64, "machines of an image kept ready to start: cloned, and stopped or not yet begun");

    /// <summary>All settings, in the order people see them.</summary>
    public static readonly IReadOnlyList<SettingKey> All = [Slots, IdleTimeout, AddressReservation, MachinesMin, MachinesMax, QueueLimit, QueueDeadline, HangTimeout, Spares];

    /// <summary>Finds a setting by either of its names.</summary>
    /// <exception cref="InvalidInputException">There is none of that name.</exception>
    public static SettingKey Find(string name) =>
        All.FirstOrDefault(key => key.Key == name || key.Term == name)
        ?? throw new InvalidInputException("settings", new InputProblem(name, null, "is no setting", $"known: {string.Join(", ", All.Select(key => key.Key))}"));

    /// <summary>Reads a value of this setting; one in ms may also carry a unit, for example <c>10m</c>.</summary>
    /// <exception cref="InvalidInputException">It is no whole number or out of range.</exception>
    public long Parse(string text)
    {
        long value;
        if (Unit == "ms" && Duration.TryParse(text, out var duration))
        {
            value = (long)duration.TotalMilliseconds;
        }
        else if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value))
        {
            throw new InvalidInputException("settings", new InputProblem(Key, text, Unit == "ms" ? "is no length of time" : "is no whole number", Rule));
        }

        return value >= Min && value <= Max ? value : throw new InvalidInputException("settings", new InputProblem(Key, text, "is out of range", Rule));
    }

    private string Rule => $"give a whole number of {Unit} from {Min} to {Max}{(Unit == "ms" ? ", or a time with its unit such as 30s or 5m" : "")}";
}
