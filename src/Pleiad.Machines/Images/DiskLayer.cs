using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Pleiad.Machines.Images;

/// <summary>The qcow2 file that takes what one machine writes to its disk: empty at first, it lies over the image's disk, which nobody writes to.</summary>
/// <remarks>
/// Made here rather than by <c>qemu-img</c>, for it is 200 KiB of zeros with a header (QEMU, docs/interop/qcow2.txt), and the machine's process gets it as an
/// open descriptor: it needs no directory that it may write to. What it lies over is said on the command line, so that the file names no other.
/// </remarks>
internal static class DiskLayer
{
    private const int ClusterBits = 16;
    private const int ClusterBytes = 1 << ClusterBits;
    private const uint Magic = 0x514649fb, Version = 2;

    // One cluster each: the header, the table of reference counts, its first block, the first table of clusters.
    private const ulong CountTable = ClusterBytes, CountBlock = 2 * ClusterBytes, ClusterTable = 3 * ClusterBytes;
    private const int ClustersUsed = 4;

    /// <summary>Bytes of the disk that one entry of the first table stands for: 8,192 clusters. One cluster of entries is enough for 4 TiB.</summary>
    private const long EntryBytes = (long)ClusterBytes * (ClusterBytes / sizeof(ulong));

    /// <summary>Makes one for a disk of a size.</summary>
    /// <param name="path">Where; readable and writable for whoever reaches it, which its directory decides.</param>
    /// <param name="diskBytes">Size of the disk under it, at most <see cref="DiskImage.BytesMax"/>.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static void Create(string path, long diskBytes)
    {
        using var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, preallocationSize: 0);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite);
        Write(file, diskBytes);
    }

    private static void Write(SafeFileHandle file, long diskBytes)
    {
        Span<byte> header = stackalloc byte[72];
        header.Clear();
        BinaryPrimitives.WriteUInt32BigEndian(header, Magic);
        BinaryPrimitives.WriteUInt32BigEndian(header[4..], Version);
        BinaryPrimitives.WriteUInt32BigEndian(header[20..], ClusterBits);
        BinaryPrimitives.WriteUInt64BigEndian(header[24..], (ulong)diskBytes);
        BinaryPrimitives.WriteUInt32BigEndian(header[36..], (uint)((diskBytes + EntryBytes - 1) / EntryBytes));
        BinaryPrimitives.WriteUInt64BigEndian(header[40..], ClusterTable);
        BinaryPrimitives.WriteUInt64BigEndian(header[48..], CountTable);
        BinaryPrimitives.WriteUInt32BigEndian(header[56..], 1); // clusters of the table of reference counts
        RandomAccess.Write(file, header, 0);

        Span<byte> number = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(number, CountBlock);
        RandomAccess.Write(file, number, (long)CountTable);
        BinaryPrimitives.WriteUInt16BigEndian(number, 1);
        for (var cluster = 0; cluster < ClustersUsed; cluster++)
        {
            RandomAccess.Write(file, number[..2], (long)CountBlock + (cluster * 2));
        }

        RandomAccess.SetLength(file, ClustersUsed * ClusterBytes);
    }
}
