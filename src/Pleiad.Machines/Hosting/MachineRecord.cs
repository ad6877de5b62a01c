using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Pleiad.Core.Identity;
using Pleiad.Machines.Images;
using Pleiad.Machines.Qemu;

namespace Pleiad.Machines.Hosting;

/// <summary>What a later run must know of a machine: <c>machine.json</c> in its directory.</summary>
/// <remarks>
/// Written before the process is spawned (then without process) and again after; a Pleiad killed in between leaves a record without process, and a
/// process with the machine's mark (<see cref="MachineMark"/>), so that nothing is unfindable.
/// </remarks>
internal sealed record MachineRecord
{
    /// <summary>The form written now; a record of another form is not read.</summary>
    public const int CurrentForm = 2;

    private const int BytesMax = 1 << 20;

    public required int Form { get; init; }

    public required string Id { get; init; }

    public required string Service { get; init; }

    public required StoredImage Image { get; init; }

    public required string Ip { get; init; }

    public required int Port { get; init; }

    public required TimeSpan StartTimeout { get; init; }

    public required TimeSpan HangTimeout { get; init; }

    public required string Reason { get; init; }

    public required NetworkMode Network { get; init; }

    public required DateTimeOffset Started { get; init; }

    /// <summary>Name on the command line of its process (<see cref="MachineMark"/>), when the process was started before the machine was ordered.</summary>
    public string? ProcessName { get; init; }

    /// <summary>QEMU's process id, once it was spawned.</summary>
    public int? ProcessId { get; init; }

    /// <summary>QEMU's start time, see <see cref="ProcessIdentity"/>.</summary>
    public long? ProcessStart { get; init; }

    /// <summary>How it came up, once it was ready.</summary>
    public MachineStart? Start { get; init; }

    /// <summary>The order the machine was started with.</summary>
    [JsonIgnore]
    public MachineOrder Order => new(new MachineId(Id), Service, Image, new MachineAddress(IPAddress.Parse(Ip), Port), StartTimeout, HangTimeout, Reason);

    /// <summary>The process, once it was spawned.</summary>
    [JsonIgnore]
    public ProcessIdentity? Process => ProcessId is { } id && ProcessStart is { } start ? new ProcessIdentity(id, start) : null;

    public static MachineRecord Of(MachineOrder order, NetworkMode network, DateTimeOffset started) => new()
    {
        Form = CurrentForm,
        Id = order.Id.Value,
        Service = order.Service,
        Image = order.Image,
        Ip = order.Address.Ip.ToString(),
        Port = order.Address.Port,
        StartTimeout = order.StartTimeout,
        HangTimeout = order.HangTimeout,
        Reason = order.Reason,
        Network = network,
        Started = started,
    };

    /// <summary>Writes the record so that a reader sees the old one or the new one, never a part.</summary>
    public void Write(string path)
    {
        var next = path + ".new";
        File.WriteAllBytes(next, JsonSerializer.SerializeToUtf8Bytes(this, MachineJson.Default.MachineRecord));
        File.Move(next, path, overwrite: true);
    }

    /// <summary>Reads a record.</summary>
    /// <param name="path">The file.</param>
    /// <param name="problem">Why there is none.</param>
    /// <returns>Null when it is missing, damaged or of another form.</returns>
    public static MachineRecord? Read(string path, out string problem)
    {
        try
        {
            var file = new FileInfo(path);
            if (file.Length > BytesMax)
            {
                problem = $"its record has {file.Length} bytes";
                return null;
            }

            var record = JsonSerializer.Deserialize(File.ReadAllBytes(path), MachineJson.Default.MachineRecord);
            var good = record is { Form: CurrentForm } && MachineId.TryParse(record.Id, out _) && IPAddress.TryParse(record.Ip, out _);
            problem = good ? "" : "its record has another form";
            return good ? record : null;
        }
        catch (Exception e) when (e is IOException or JsonException or NotSupportedException)
        {
            problem = $"its record cannot be read: {e.Message}";
            return null;
        }
    }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(MachineRecord))]
[JsonSerializable(typeof(GuestHealth))]
[JsonSerializable(typeof(ProbeRecord))]
internal sealed partial class MachineJson : JsonSerializerContext;
