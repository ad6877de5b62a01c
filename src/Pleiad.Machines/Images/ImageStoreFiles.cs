using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Pleiad.Core.Documents;

namespace Pleiad.Machines.Images;

/// <summary>
/// The store's files: <c>blobs/HEX</c> kernels, initramfs and disks, <c>images/HEX.json</c> records, <c>names/NAME</c> a digest each, <c>pins/HEX.json</c>, <c>temp/</c>
/// what is being written, <c>lock</c>. Reading needs no lock, since each file is whole or absent; writing is for the holder of the lock.
/// </summary>
internal sealed class ImageStoreFiles(string root)
{
    private const int SmallFileBytesMax = 1 << 20;

    // Whatever is larger is refused by the check of its kind.
    private const long BlobBytesMax = DiskImage.BytesMax;

    private readonly string _blobs = Path.Combine(root, "blobs");
    private readonly string _images = Path.Combine(root, "images");
    private readonly string _names = Path.Combine(root, "names");
    private readonly string _pins = Path.Combine(root, "pins");
    private readonly string _temp = Path.Combine(root, "temp");

    public string Lock => Path.Combine(root, "lock");

    public string BlobPath(string digest) => Path.Combine(_blobs, ImageDigest.HexOf(digest));

    public void CreateDirectories()
    {
        foreach (var directory in (string[])[_blobs, _images, _names, _pins, _temp])
        {
            Directory.CreateDirectory(directory);
        }
    }

    public void SweepTemporary()
    {
        foreach (var file in Directory.EnumerateFiles(_temp))
        {
            File.Delete(file);
        }
    }

    public string NewTemporary() => Path.Combine(_temp, Guid.NewGuid().ToString("N"));

    public IReadOnlyList<string> Names() =>
        [.. Entries(_names).Select(path => Path.GetFileName(path)).Where(Core.Identity.Names.IsValid).Order(StringComparer.Ordinal)];

    public IReadOnlyList<string> Images() =>
        [.. Entries(_images).Select(path => "sha256:" + Path.GetFileNameWithoutExtension(path)).Where(ImageDigest.IsValid)];

    public IReadOnlyList<string> Blobs() => [.. Entries(_blobs).Select(path => "sha256:" + Path.GetFileName(path)).Where(ImageDigest.IsValid)];

    /// <summary>The digest a name stands for, or null when there is no such name.</summary>
    public string? ReadName(string name)
    {
        var path = Path.Combine(_names, name);
        var digest = ReadSmall(path)?.Trim();
        return digest is null || ImageDigest.IsValid(digest) ? digest : throw Damaged(path, "holds no digest", $"import image {name} again");
    }

    public void WriteName(string name, string digest) => DurableFiles.WriteText(Path.Combine(_names, name), digest + "\n", NewTemporary());

    public void DeleteName(string name) => DurableFiles.Delete(Path.Combine(_names, name));

    /// <summary>The record of an image and its manifest, or null when there is none.</summary>
    public (ImageRecord Record, ImageManifest Manifest)? ReadImage(string digest)
    {
        const string remedy = "import the image again";
        var path = ImagePath(digest);
        var record = ReadJson(path, ImageJson.Default.ImageRecord, remedy);
        if (record is null)
        {
            return null;
        }

        if (record.Manifest is null || ImageDigest.Of(record.Manifest) != digest)
        {
            throw Damaged(path, "does not hold what was stored", remedy);
        }

        try
        {
            var manifest = ImageDocument.ParseStored(record.Manifest, path);
            return manifest.Files.All(file => ImageDigest.IsValid(file.Path)) ? (record, manifest) : throw Damaged(path, "names a file by something else than its digest", remedy);
        }
        catch (InvalidInputException error)
        {
            throw Damaged(path, "was written by another version of Pleiad", remedy, error);
        }
    }

    public void WriteImage(string digest, ImageRecord record) =>
        DurableFiles.WriteText(ImagePath(digest), JsonSerializer.Serialize(record, ImageJson.Default.ImageRecord), NewTemporary());

    public void DeleteImage(string digest) => DurableFiles.Delete(ImagePath(digest));

    public void DeleteBlob(string digest) => DurableFiles.Delete(BlobPath(digest));

    public IReadOnlyList<ImagePin> Pins() =>
        [.. Entries(_pins).Order(StringComparer.Ordinal).Select(path => ReadJson(path, ImageJson.Default.ImagePin, "delete that file if the service no longer exists")).OfType<ImagePin>()];

    public void WritePin(ImagePin pin) => DurableFiles.WriteText(PinPath(pin), JsonSerializer.Serialize(pin, ImageJson.Default.ImagePin), NewTemporary());

    public void DeletePin(ImagePin pin) => DurableFiles.Delete(PinPath(pin));

    /// <summary>What tells that a stored file is still the same.</summary>
    public FileMark MarkOf(string digest) => new(new FileInfo(BlobPath(digest)).Length, File.GetLastWriteTimeUtc(BlobPath(digest)));

    /// <summary>Copies a file into the store under its digest, replacing what stands there damaged. Blocks of zeros become holes: disks are mostly empty.</summary>
    /// <param name="key">Its key in the manifest.</param>
    /// <param name="source">The file.</param>
    /// <param name="subject">What to call the manifest in errors.</param>
    /// <param name="cancellation">Ends the copy.</param>
    /// <returns>Its digest.</returns>
    /// <exception cref="InvalidInputException">What was copied cannot be used: the source changed since its manifest was read.</exception>
    public async Task<string> AddBlobAsync(string key, string source, string subject, CancellationToken cancellation)
    {
        const int chunk = 128 * 1024;
        var temporary = NewTemporary();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using (var from = OpenSource(key, source, subject))
        await using (var to = new FileStream(temporary, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, bufferSize: 0))
        {
            var buffer = new byte[chunk];
            for (int read; to.Position <= BlobBytesMax && (read = await from.ReadAsync(buffer, cancellation)) > 0;)
            {
                hash.AppendData(buffer, 0, read);
                if (buffer.AsSpan(0, read).ContainsAnyExcept((byte)0))
                {
                    await to.WriteAsync(buffer.AsMemory(0, read), cancellation);
                }
                else
                {
                    to.SetLength(to.Seek(read, SeekOrigin.Current));
                }
            }

            if (ImageFileChecks.Problem(key, to, out _) is var (reason, remedy))
            {
                throw new InvalidInputException(subject, new InputProblem(key, source, reason, remedy));
            }

            File.SetUnixFileMode(to.SafeFileHandle, UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
            to.Flush(flushToDisk: true);
        }

        var digest = ImageDigest.Of(hash);
        var path = BlobPath(digest);
        if (File.Exists(path) && ImageDigest.OfFile(path) == digest)
        {
            File.Delete(temporary);
        }
        else
        {
            DurableFiles.Publish(temporary, path);
        }

        return digest;
    }

    public static ImageStoreException Damaged(string path, string what, string remedy, Exception? inner = null) =>
        new(ImageStoreFailure.Damaged, $"{path} {what}; {remedy}", inner);

    private string ImagePath(string digest) => Path.Combine(_images, ImageDigest.HexOf(digest) + ".json");

    private string PinPath(ImagePin pin)
    {
        var key = $"{pin.Digest}\n{pin.Owner.DataDirectory}\n{pin.Owner.Service}";
        return Path.Combine(_pins, ImageDigest.HexOf(ImageDigest.Of(key)) + ".json");
    }

    private static FileStream OpenSource(string key, string path, string subject)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException(subject, new InputProblem(key, path, $"cannot be read ({error.Message})", "give a file this user may read"), error);
        }
    }

    private static IEnumerable<string> Entries(string directory) => Directory.Exists(directory) ? Directory.EnumerateFiles(directory) : [];

    private static T? ReadJson<T>(string path, JsonTypeInfo<T> type, string remedy)
        where T : class
    {
        try
        {
            return ReadSmall(path) is { } text ? JsonSerializer.Deserialize(text, type) ?? throw Damaged(path, "is empty", remedy) : null;
        }
        catch (JsonException error)
        {
            throw Damaged(path, "does not hold what was stored", remedy, error);
        }
    }

    private static string? ReadSmall(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (file.Length > SmallFileBytesMax)
            {
                throw Damaged(path, "is larger than anything the store writes", "delete it and import the image again");
            }

            using var reader = new StreamReader(file, Encoding.UTF8);
            return reader.ReadToEnd();
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}
