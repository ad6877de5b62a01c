using System.Buffers.Binary;

namespace Pleiad.Machines.Images;

/// <summary>Form of a disk image.</summary>
internal enum DiskFormat
{
    /// <summary>The bytes of the disk, one by one.</summary>
    Raw,

    /// <summary>QEMU's qcow2.</summary>
    Qcow2,
}

/// <summary>What a disk file is, or why it cannot be used.</summary>
/// <param name="Format">Its form.</param>
/// <param name="DiskBytes">Size of the disk that a guest sees.</param>
/// <param name="Reason">What is wrong; null when it can be used.</param>
/// <param name="Remedy">What to do about it.</param>
internal sealed record DiskInspection(DiskFormat Format, long DiskBytes, string? Reason = null, string? Remedy = null);

/// <summary>
/// Looks at disk images. QEMU is told the form found here and never guesses, and a qcow2 that refers to further files is refused: it would read whatever
/// file its maker named.
/// </summary>
internal static class DiskImage
{
    /// <summary>Largest disk, in bytes.</summary>
    public const long BytesMax = 1L << 40;

    private const int SectorBytes = 512;
    private const int HeaderBytes = 80;
    private const uint Qcow2Magic = 0x514649fb;
    private const ulong ExternalDataFile = 1 << 2;

    /// <summary>Inspects an image.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static DiskInspection Inspect(Stream file)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        file.Position = 0;
        var read = file.ReadAtLeast(header, HeaderBytes, throwOnEndOfStream: false);
        if (read >= 4 && BinaryPrimitives.ReadUInt32BigEndian(header) == Qcow2Magic)
        {
            return read < HeaderBytes ? new(DiskFormat.Qcow2, 0, "is a qcow2 that is cut off", "make or download it again") : Qcow2(header);
        }

        return file.Length == 0 ? new(DiskFormat.Raw, 0, "is empty", "give a disk image with a file system")
            : file.Length > BytesMax ? TooLarge(DiskFormat.Raw, file.Length)
            : file.Length % SectorBytes != 0 ? new(DiskFormat.Raw, file.Length, $"has {file.Length} bytes, which is no whole number of sectors of {SectorBytes} bytes", "give a raw or qcow2 disk image")
            : new(DiskFormat.Raw, file.Length);
    }

    private static DiskInspection Qcow2(ReadOnlySpan<byte> header)
    {
        var version = BinaryPrimitives.ReadUInt32BigEndian(header[4..]);
        var backing = BinaryPrimitives.ReadUInt64BigEndian(header[8..]);
        var bytes = BinaryPrimitives.ReadUInt64BigEndian(header[24..]);
        var features = version >= 3 ? BinaryPrimitives.ReadUInt64BigEndian(header[72..]) : 0;
        const string flatten = "make it one file with 'qemu-img convert -O qcow2 OLD NEW'";
        return version is not (2 or 3) ? new(DiskFormat.Qcow2, 0, $"is a qcow2 of version {version}", "give one of version 2 or 3")
            : bytes is 0 or > BytesMax ? TooLarge(DiskFormat.Qcow2, (long)Math.Min(bytes, long.MaxValue))
            : backing != 0 ? new(DiskFormat.Qcow2, (long)bytes, "is a qcow2 with a backing file", flatten)
            : (features & ExternalDataFile) != 0 ? new(DiskFormat.Qcow2, (long)bytes, "is a qcow2 with an external data file", flatten)
            : new(DiskFormat.Qcow2, (long)bytes);
    }

    private static DiskInspection TooLarge(DiskFormat format, long bytes) =>
        new(format, bytes, bytes == 0 ? "is a disk without a size" : "is a disk of more than 1 TiB", "give a disk of at most 1 TiB");
}
