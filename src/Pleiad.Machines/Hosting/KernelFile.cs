namespace Pleiad.Machines.Hosting;

/// <summary>Looks at a kernel before QEMU does, whose words about a bad one help nobody.</summary>
internal static class KernelFile
{
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
