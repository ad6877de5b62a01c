using System.Buffers.Binary;
using System.IO.Compression;

namespace Pleiad.Machines.Tests.Images.Linux;

/// <summary>Compressed kernels as tests want them.</summary>
internal static class BzImage
{
    /// <summary>A bzImage: two setup sectors, then the payload at an offset.</summary>
    public static byte[] Of(byte[] payload)
    {
        const int offset = 40;
        var file = new byte[2 * 512 + offset + payload.Length + 100];
        file[0x1f1] = 1;
        "HdrS"u8.CopyTo(file.AsSpan(0x202));
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(0x206), 0x20f);
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(0x248), offset);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(0x24c), payload.Length);
        payload.CopyTo(file.AsSpan(2 * 512 + offset));
        return file;
    }

    public static byte[] Gzip(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            gzip.Write(content);
        }

        return packed.ToArray();
    }
}
