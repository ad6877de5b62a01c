using System.Text.Json.Serialization;

namespace Pleiad.Machines.Images;

/// <summary>A stored image as its file holds it; the file's name is the SHA-256 of <paramref name="Manifest"/>.</summary>
/// <param name="Manifest">The canonical manifest; its kernel is <c>sha256:</c> and the digest of the kernel's content.</param>
/// <param name="KernelBytes">Size of the kernel.</param>
/// <param name="KernelModified">The kernel's time of last change when it was stored: while it stands, the content is taken to be the same.</param>
/// <param name="Stored">When it was stored.</param>
internal sealed record ImageRecord(string Manifest, long KernelBytes, DateTime KernelModified, DateTimeOffset Stored);

[JsonSerializable(typeof(ImageRecord))]
[JsonSerializable(typeof(ImagePin))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
internal sealed partial class ImageJson : JsonSerializerContext;
