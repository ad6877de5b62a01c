using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Pleiad.Load.Agents;
using Pleiad.Load.Comparing;
using Pleiad.Load.Running;

namespace Pleiad.Load.Results;

/// <summary>JSON of results and of what generators say to each other.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    UseStringEnumConverter = true,
    WriteIndented = true)]
[JsonSerializable(typeof(RunResult))]
[JsonSerializable(typeof(RunProgress))]
[JsonSerializable(typeof(Comparison))]
[JsonSerializable(typeof(AgentRequest))]
[JsonSerializable(typeof(AgentRecord))]
[JsonSerializable(typeof(FactorRequest))]
internal sealed partial class LoadJson : JsonSerializerContext
{
    /// <summary>With quotes and signs as they are, for people read them in terminals and files.</summary>
    public static LoadJson Readable => field ??= new(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
