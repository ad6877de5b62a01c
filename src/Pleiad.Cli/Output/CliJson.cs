using System.Text.Json.Serialization;
using Pleiad.Cli.Demo;
using Pleiad.Cli.Doctor;
using Pleiad.Cli.Images;
using Pleiad.Cli.Load;
using Pleiad.Cli.Machines;
using Pleiad.Cli.Wire;
using Pleiad.Machines.Checking;

namespace Pleiad.Cli.Output;

/// <summary>JSON of what the program itself knows; everything of the server's keeps the API's own form.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(MachineLog))]
[JsonSerializable(typeof(LearnReport))]
[JsonSerializable(typeof(Removed))]
[JsonSerializable(typeof(DemoReport))]
[JsonSerializable(typeof(DoctorReport))]
[JsonSerializable(typeof(ImageCheckReport))]
[JsonSerializable(typeof(CaptureResult))]
internal sealed partial class CliJson : JsonSerializerContext;
