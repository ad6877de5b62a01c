using System.Text.Json.Serialization;

namespace Pleiad.Machines.Images;

/// <summary>A stored image as its file holds it; the file's name is the SHA-256 of <paramref name="Manifest"/>.</summary>
/// <param name="Manifest">The canonical manifest; each of its files is <c>sha256:</c> and the digest of the file's content.</param>
/// <param name="KernelBytes">Size of the kernel.</param>
/// <param name="KernelModified">The kernel's time of last change when it was stored: while it stands, the content is taken to be the same.</param>
/// <param name="Stored">When it was stored.</param>
internal sealed record ImageRecord(string Manifest, long KernelBytes, DateTime KernelModified, DateTimeOffset Stored)
{
    /// <summary>The same of the further files, by their keys in the manifest; absent in records of images that have only a kernel.</summary>
    public Dictionary<string, FileMark>? Further { get; init; }

    /// <summary>What is known of a file; null when the record has nothing of it.</summary>
    public FileMark? MarkOf(string key) => key == "kernel" ? new FileMark(KernelBytes, KernelModified) : Further?.GetValueOrDefault(key);
}

/// <summary>What tells that a stored file is still the same.</summary>
/// <param name="Bytes">Its size.</param>
/// <param name="Modified">Its time of last change.</param>
internal sealed record FileMark(long Bytes, DateTime Modified);

[JsonSerializable(typeof(ImageRecord))]
[JsonSerializable(typeof(ImagePin))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
internal sealed partial class ImageJson : JsonSerializerContext;
