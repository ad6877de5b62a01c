using Pleiad.Core.Documents;
using Pleiad.Core.Identity;
using Pleiad.Core.Settings;

namespace Pleiad.Core.Services;

/// <summary>Reads and writes <c>service.yaml</c>.</summary>
public static class ServiceDocument
{
    /// <summary>Reads a service.</summary>
    /// <param name="text">YAML or JSON.</param>
    /// <param name="subject">What to call it in errors.</param>
    /// <exception cref="InvalidInputException">With every problem found.</exception>
    public static ServiceSpec Parse(string text, string subject = "service.yaml")
    {
        var map = DocumentMap.Parse(text, subject);
        var name = map.Text("name", required: true, Names.IsValid, $"give {Names.Rule}");
        var image = map.Text("image", required: true, Names.IsValid, $"give the name of an image: {Names.Rule}");
        var queue = map.Map("queue");
        var spec = new ServiceSpec(name ?? "", image ?? "")
        {
            Slots = Count(map, "slots", SettingKey.Slots),
            MachinesMin = Count(map, "machinesMin", SettingKey.MachinesMin),
            MachinesMax = Count(map, "machinesMax", SettingKey.MachinesMax),
            IdleTimeout = Time(map, "idleTimeout", SettingKey.IdleTimeout),
            AddressReservation = Time(map, "addressReservation", SettingKey.AddressReservation),
            QueueLimit = Count(queue, "limit", SettingKey.QueueLimit),
            QueueDeadline = Time(queue, "deadline", SettingKey.QueueDeadline),
            HangTimeout = Time(map, "hangTimeout", SettingKey.HangTimeout),
            Start = StartOf(map.Choice("start", [.. Enum.GetValues<StartMode>().Select(WordOf)])),
            Spares = Count(map, "spares", SettingKey.Spares),
        };
        if (spec.MachinesMin > spec.MachinesMax)
        {
            map.Problem("machinesMin", $"{spec.MachinesMin}", $"is more than machinesMax {spec.MachinesMax}", "give a machinesMin of at most machinesMax");
        }

        map.Finish();
        return spec;
    }

    /// <summary>The word <c>service.yaml</c> has for a way to start.</summary>
    public static string WordOf(StartMode start) => start switch
    {
        StartMode.Auto => "auto",
        StartMode.Cold => "cold",
        StartMode.Clone => "clone",
        StartMode.Resume => "resume",
        _ => throw new ArgumentOutOfRangeException(nameof(start), start, "no such way to start"),
    };

    /// <summary>The way to start that a word stands for; null for none and for an unknown one.</summary>
    public static StartMode? StartOf(string? word) => Enum.GetValues<StartMode>().Where(start => WordOf(start) == word).Select(start => (StartMode?)start).FirstOrDefault();

    private static int? Count(DocumentMap map, string key, SettingKey setting) => (int?)map.WholeNumber(key, setting.Min, setting.Max);

    private static TimeSpan? Time(DocumentMap map, string key, SettingKey setting) =>
        map.Duration(key, TimeSpan.FromMilliseconds(setting.Min), TimeSpan.FromMilliseconds(setting.Max));
}
