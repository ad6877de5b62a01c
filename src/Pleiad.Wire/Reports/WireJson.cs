using System.Text.Json.Serialization;

namespace Pleiad.Wire.Reports;

/// <summary>JSON of a <see cref="WireReport"/>: camel case, null values left out.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, WriteIndented = true)]
[JsonSerializable(typeof(WireReport))]
public sealed partial class WireJson : JsonSerializerContext;
