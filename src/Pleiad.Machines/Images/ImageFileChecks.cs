using Pleiad.Core.Documents;

namespace Pleiad.Machines.Images;

/// <summary>Looks at the files that a manifest names, and whether they fit into the memory it gives.</summary>
internal static class ImageFileChecks
{
    /// <summary>Largest initramfs, in bytes.</summary>
    public const long InitramfsBytesMax = 4L << 30;

    /// <summary>Adds a problem for each file that cannot be used.</summary>
    /// <param name="map">The manifest's document.</param>
    /// <param name="manifest">With absolute paths; an empty one was a problem before.</param>
    public static void Check(DocumentMap map, ImageManifest manifest)
    {
        ulong loaded = 0;
        foreach (var (key, path) in manifest.Files.Where(file => file.Path.Length > 0))
        {
            Look(map, key, path, file => loaded += LookAt(map, key, path, file));
        }

        if (loaded >= (ulong)manifest.MemoryBytes)
        {
            var what = manifest.Initramfs is null ? $"the kernel, which is loaded up to address {loaded}" : $"kernel and initramfs, which take {loaded} bytes";
            map.Problem(
                "memory", ByteSize.Format(manifest.MemoryBytes), $"is too small for {what}", $"give at least {loaded / (ulong)ImageDocument.MemoryBytesMin + 1}MiB");
        }
    }

    /// <summary>What is wrong with an open file of the image; null when nothing is.</summary>
    /// <param name="key">Its key in the manifest.</param>
    /// <param name="file">The file.</param>
    /// <param name="memoryBytes">Memory that it takes when a machine starts.</param>
    public static (string Reason, string Remedy)? Problem(string key, Stream file, out ulong memoryBytes)
    {
        memoryBytes = 0;
        switch (key)
        {
            case "kernel":
                var kernel = ElfKernel.Inspect(file);
                memoryBytes = kernel.LoadEnd;
                return kernel.Reason is null ? null : (kernel.Reason, kernel.Remedy!);
            case "initramfs":
                memoryBytes = (ulong)file.Length;
                return file.Length == 0 ? ("is empty", "give a cpio archive, plain or compressed")
                    : file.Length > InitramfsBytesMax ? ("is larger than 4 GiB", "put what is large on a disk")
                    : null;
            default:
                var disk = DiskImage.Inspect(file);
                return disk.Reason is null ? null : (disk.Reason, disk.Remedy!);
        }
    }

    private static ulong LookAt(DocumentMap map, string key, string path, Stream file)
    {
        if (Problem(key, file, out var memoryBytes) is var (reason, remedy))
        {
            map.Problem(key, path, reason, remedy);
        }

        return memoryBytes;
    }

    private static void Look(DocumentMap map, string key, string path, Action<Stream> look)
    {
        try
        {
            if (Directory.Exists(path))
            {
                map.Problem(key, path, "is a directory", "give a file");
                return;
            }

            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            look(file);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            map.Problem(key, path, "does not exist", "give the path of the file, relative to this file");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            map.Problem(key, path, $"cannot be read ({error.Message})", "give a file this user may read");
        }
    }
}
