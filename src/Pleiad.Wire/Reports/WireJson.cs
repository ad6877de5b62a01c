using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Pleiad.Wire.Reports;

/// <summary>JSON of a <see cref="WireReport"/>: camel case, null values left out.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, WriteIndented = true)]
[JsonSerializable(typeof(WireReport))]
public sealed partial class WireJson : JsonSerializerContext
{
    /// <summary>With quotes and signs as they are, for people read them in files.</summary>
    public static WireJson Readable => field ??= new(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
