using Pleiad.Machines.Images;

namespace Pleiad.Machines.Hosting;

/// <summary>Looks at an image's files before QEMU does, whose words about a bad one help nobody.</summary>
internal static class KernelFile
{
    /// <summary>What is wrong with the files of an image; null when they are there.</summary>
    public static string? Problem(ImageManifest image) =>
        Problem(image.Kernel) ?? image.Files.Where(file => !File.Exists(file.Path)).Select(file => $"{file.Key} {file.Path} is missing; build or import the image again").FirstOrDefault();

    /// <summary>The disk of an image; null when it has none.</summary>
    /// <exception cref="IOException">It cannot be read or used.</exception>
    public static DiskInspection? Disk(ImageManifest image)
    {
        if (image.Disk is null)
        {
            return null;
        }

        using var file = File.OpenRead(image.Disk);
        var disk = DiskImage.Inspect(file);
        return disk.Reason is null ? disk : throw new IOException($"disk {image.Disk} {disk.Reason}; {disk.Remedy}");
    }

    /// <summary>What is wrong with a kernel file; null when it is there and an ELF file.</summary>
    public static string? Problem(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            Span<byte> magic = stackalloc byte[4];
            return file.ReadAtLeast(magic, 4, throwOnEndOfStream: false) == 4 && magic.SequenceEqual("\u007fELF"u8)
                ? null
                : $"kernel {path} is no ELF file; build it as a PVH or multiboot ELF and import the image again";
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return $"kernel {path} is missing; build or import the image again";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"kernel {path} cannot be read: {e.Message}";
        }
    }
}
