using Pleiad.Core.Documents;
using Pleiad.Core.Identity;

namespace Pleiad.Machines.Images;

/// <summary>
/// The images of a machine: their files by the SHA-256 of their content, names that stand for an image, and pins that keep an image while a service uses it.
/// Safe for several processes at once; a crash in the middle of any operation leaves nothing of it visible.
/// </summary>
/// <remarks>
/// An image is checked at each use by its files' sizes and times of change, and by its content when the time differs; <see cref="VerifyAsync"/> reads everything.
/// Whoever goes on using an image pins it: one without a name and without a pin is removed by the next change.
/// All methods throw <see cref="ImageStoreException"/> when the directory cannot be read or written.
/// </remarks>
/// <param name="directory">Where the store is; made at the first import.</param>
/// <param name="time">Tells the time; the system's when null.</param>
public sealed class ImageStore(string directory, TimeProvider? time = null)
{
    private const int ReadsMax = 5;

    private readonly ImageStoreFiles _files = new(Path.GetFullPath(directory));
    private readonly TimeProvider _time = time ?? TimeProvider.System;

    /// <summary>Longest wait for another process that changes the store.</summary>
    internal TimeSpan LockWaitMax { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Where the store is, as an absolute path.</summary>
    public string StoreDirectory { get; } = Path.GetFullPath(directory);

    /// <summary>Stores the image a manifest describes. The same content again changes nothing; other content under the same name takes the name over.</summary>
    /// <param name="manifestPath">Path of an <c>image.yaml</c>.</param>
    /// <param name="cancellation">Ends the wait; nothing is stored then.</param>
    /// <exception cref="InvalidInputException">With every problem of the manifest and its kernel.</exception>
    public Task<StoredImage> ImportAsync(string manifestPath, CancellationToken cancellation = default) =>
        ImportAsync(ImageDocument.Load(manifestPath), manifestPath, cancellation);

    /// <summary>Stores an image whose manifest was read before.</summary>
    /// <param name="manifest">With an absolute kernel path.</param>
    /// <param name="subject">What to call it in errors.</param>
    /// <param name="cancellation">Ends the wait; nothing is stored then.</param>
    internal Task<StoredImage> ImportAsync(ImageManifest manifest, string subject, CancellationToken cancellation) => LockedAsync(
        async () =>
        {
            var blobs = new Dictionary<string, string>();
            foreach (var (key, path) in manifest.Files)
            {
                blobs[key] = await _files.AddBlobAsync(key, path, subject, cancellation);
            }

            var text = ImageDocument.Write(manifest with { Kernel = blobs["kernel"], Initramfs = blobs.GetValueOrDefault("initramfs"), Disk = blobs.GetValueOrDefault("disk") });
            var digest = ImageDigest.Of(text);
            if (!IsCurrent(manifest.Name, digest))
            {
                var marks = blobs.ToDictionary(blob => blob.Key, blob => _files.MarkOf(blob.Value));
                marks.Remove("kernel", out var kernel);
                _files.WriteImage(digest, new ImageRecord(text, kernel!.Bytes, kernel.Modified, _time.GetUtcNow()) { Further = marks.Count > 0 ? marks : null });
                _files.WriteName(manifest.Name, digest);
            }

            Collect();
            return Read(digest)!;
        },
        cancellation);

    /// <summary>Every named image in the order of their names; those that cannot be used say why in <see cref="StoredImage.Damage"/>.</summary>
    public IReadOnlyList<StoredImage> List() => Guarded(() => (IReadOnlyList<StoredImage>)[.. _files.Names().Select(Current).OfType<StoredImage>()]);

    /// <summary>The image a name stands for.</summary>
    /// <returns>Null when there is no such name.</returns>
    /// <exception cref="ImageStoreException">Also when the image is damaged.</exception>
    public StoredImage? Find(string name) => Names.IsValid(name) && Guarded(() => Current(name)) is { } image ? Whole(image) : null;

    /// <summary>An image by its digest, also when its name stands for another one by now.</summary>
    /// <param name="digest">As <see cref="StoredImage.Digest"/>.</param>
    /// <exception cref="ImageStoreException">Also when there is none or it is damaged.</exception>
    public StoredImage Get(string digest) =>
        Whole((ImageDigest.IsValid(digest) ? Guarded(() => Read(digest)) : null) ?? throw NoSuch($"with digest '{digest}'"));

    /// <summary>Takes a name away, and what no other name and no pin refers to.</summary>
    /// <param name="name">Name of the image.</param>
    /// <param name="force">Also when services use it: they go on with what they pinned.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="ImageStoreException">Also when there is no such name, or services use it and <paramref name="force"/> is false.</exception>
    public Task RemoveAsync(string name, bool force = false, CancellationToken cancellation = default) => LockedAsync(
        () =>
        {
            if (!Names.IsValid(name) || !_files.Names().Contains(name))
            {
                throw NoSuch($"named '{name}'");
            }

            var users = force ? [] : _files.Pins().Where(pin => pin.Name == name && IsAlive(pin)).ToList();
            if (users.Count > 0)
            {
                var who = string.Join(", ", users.Select(pin => pin.Owner.ToString()));
                throw new ImageStoreException(ImageStoreFailure.InUse, $"image {name} is used by {who}; remove the service first, or force it") { Users = users };
            }

            _files.DeleteName(name);
            Collect();
            return Task.FromResult(true);
        },
        cancellation);

    /// <summary>Keeps an image in the store while its owner uses it; an owner may pin several. Pinning twice is the same as once.</summary>
    /// <param name="name">Name of the image, for people.</param>
    /// <param name="digest">The image, which may have lost its name already.</param>
    /// <param name="owner">Who uses it.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="ImageStoreException">Also when the image is not there: it was replaced or removed since it was read.</exception>
    public Task PinAsync(string name, string digest, ImageOwner owner, CancellationToken cancellation = default) => LockedAsync(
        () =>
        {
            if (!ImageDigest.IsValid(digest) || _files.ReadImage(digest) is null)
            {
                throw NoSuch($"with digest '{digest}'");
            }

            _files.WritePin(new ImagePin(name, digest, Absolute(owner)));
            return Task.FromResult(true);
        },
        cancellation);

    /// <summary>Takes an owner's pins away, and what nothing else refers to.</summary>
    /// <param name="owner">Who used it; one without pins is no error.</param>
    /// <param name="keep">A digest that stays pinned, for a service that has moved on to another image; null for none.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public Task UnpinAsync(ImageOwner owner, string? keep = null, CancellationToken cancellation = default) => LockedAsync(
        () =>
        {
            foreach (var pin in _files.Pins().Where(pin => pin.Owner == Absolute(owner) && pin.Digest != keep))
            {
                _files.DeletePin(pin);
            }

            Collect();
            return Task.FromResult(true);
        },
        cancellation);

    /// <summary>Every pin.</summary>
    public IReadOnlyList<ImagePin> Pins() => Guarded(_files.Pins);

    /// <summary>Reads every named image to its last byte.</summary>
    /// <returns>All of them; those that are damaged say so in <see cref="StoredImage.Damage"/>.</returns>
    public Task<IReadOnlyList<StoredImage>> VerifyAsync(CancellationToken cancellation = default) => LockedAsync(
        () => Task.FromResult<IReadOnlyList<StoredImage>>([.. List().Select(image =>
        {
            cancellation.ThrowIfCancellationRequested();
            return image.Damage is null ? Checked(image, full: true, _files.ReadImage(image.Digest)!.Value.Record) : image;
        })]),
        cancellation);

    /// <summary>Removes what no name and no pin refers to, pins of data directories that are gone, and what a crash left.</summary>
    /// <returns>Bytes of the files that were removed.</returns>
    public Task<long> CollectAsync(CancellationToken cancellation = default) => LockedAsync(() => Task.FromResult(Collect()), cancellation);

    private bool IsCurrent(string name, string digest)
    {
        try
        {
            return _files.ReadName(name) == digest && Read(digest) is { Damage: null };
        }
        catch (ImageStoreException error) when (error.Failure == ImageStoreFailure.Damaged)
        {
            return false; // what is damaged is written anew
        }
    }

    // Without the lock: an import may replace the image between two reads, so one that is missing is looked up again.
    private StoredImage? Current(string name)
    {
        for (var reads = 1; ; reads++)
        {
            string? digest = null;
            try
            {
                digest = _files.ReadName(name);
                if (digest is null)
                {
                    return null;
                }

                var image = Read(digest) ?? throw ImageStoreFiles.Damaged($"image {name}", "has lost its record", "import it again");
                if (image.Damage is null || (_files.ReadName(name) == digest && image.Manifest.Files.All(file => File.Exists(file.Path))) || reads == ReadsMax)
                {
                    return image;
                }
            }
            catch (ImageStoreException error) when (error.Failure == ImageStoreFailure.Damaged)
            {
                if (reads == ReadsMax)
                {
                    var manifest = new ImageManifest(name, "", new MachinePlatform(MachineType.Microvm, NicModel.VirtioMmio), "", 0, 0, "");
                    return new StoredImage(manifest, digest ?? "", 0, default) { Damage = error.Message };
                }
            }
        }
    }

    private StoredImage? Read(string digest)
    {
        if (_files.ReadImage(digest) is not var (record, manifest))
        {
            return null;
        }

        var image = new StoredImage(manifest.WithFiles(_files.BlobPath), digest, 0, record.Stored);
        return Checked(image with { Bytes = manifest.Files.Sum(file => record.MarkOf(file.Key)?.Bytes ?? 0) }, full: false, record);
    }

    private static StoredImage Checked(StoredImage image, bool full, ImageRecord record)
    {
        foreach (var (key, path) in image.Manifest.Files)
        {
            if (DamageOf(path, full, record.MarkOf(key)) is { } damage)
            {
                return image with { Damage = $"{key} {path} {damage}; import image {image.Manifest.Name} again" };
            }
        }

        return image;
    }

    private static string? DamageOf(string path, bool full, FileMark? mark)
    {
        var file = new FileInfo(path);
        return !file.Exists ? "is missing"
            : mark is null ? "has nothing in its image's record"
            : file.Length != mark.Bytes ? $"has {file.Length} bytes instead of {mark.Bytes}"
            : !full && file.LastWriteTimeUtc == mark.Modified ? null
            : ImageDigest.HexOf(ImageDigest.OfFile(path)) == file.Name ? null
            : "has other content than was stored";
    }

    // What cannot be read keeps everything in place: it may refer to any of it.
    private long Collect()
    {
        HashSet<string> images, files;
        try
        {
            foreach (var pin in _files.Pins().Where(pin => !IsAlive(pin)))
            {
                _files.DeletePin(pin);
            }

            images = [.. _files.Names().Select(_files.ReadName).OfType<string>(), .. _files.Pins().Select(pin => pin.Digest)];
            files = [.. images.Select(_files.ReadImage).Where(image => image is not null).SelectMany(image => image!.Value.Manifest.Files.Select(file => file.Path))];
        }
        catch (ImageStoreException error) when (error.Failure == ImageStoreFailure.Damaged)
        {
            return 0;
        }

        foreach (var digest in _files.Images().Where(digest => !images.Contains(digest)))
        {
            _files.DeleteImage(digest);
        }

        long bytes = 0;
        foreach (var digest in _files.Blobs().Where(digest => !files.Contains(digest)))
        {
            bytes += new FileInfo(_files.BlobPath(digest)).Length;
            _files.DeleteBlob(digest);
        }

        return bytes;
    }

    private static bool IsAlive(ImagePin pin) => Directory.Exists(pin.Owner.DataDirectory);

    private static ImageOwner Absolute(ImageOwner owner) => owner with { DataDirectory = Path.GetFullPath(owner.DataDirectory) };

    private static StoredImage Whole(StoredImage image) =>
        image.Damage is null ? image : throw new ImageStoreException(ImageStoreFailure.Damaged, $"image {image.Manifest.Name} is damaged: {image.Damage}");

    private static ImageStoreException NoSuch(string which) =>
        new(ImageStoreFailure.NotFound, $"there is no image {which}; 'pleiad image list' shows those there are, 'pleiad image import' or 'build' adds one");

    private T Guarded<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception error) when (StoreErrors.Explain(error, StoreDirectory) is { } explained)
        {
            throw explained;
        }
    }

    private async Task<T> LockedAsync<T>(Func<Task<T>> work, CancellationToken cancellation)
    {
        try
        {
            _files.CreateDirectories();
            using var held = await FileLock.AcquireAsync(_files.Lock, LockWaitMax, _time, cancellation);
            _files.SweepTemporary();
            try
            {
                return await work();
            }
            finally
            {
                _files.SweepTemporary();
            }
        }
        catch (Exception error) when (StoreErrors.Explain(error, StoreDirectory) is { } explained)
        {
            throw explained;
        }
    }
}
