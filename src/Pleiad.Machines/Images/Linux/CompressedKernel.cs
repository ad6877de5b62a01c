using System.Buffers.Binary;
using System.IO.Compression;
using Pleiad.Core.Documents;

namespace Pleiad.Machines.Images.Linux;

/// <summary>
/// Takes vmlinux, the ELF that QEMU enters directly, out of a compressed Linux kernel (vmlinuz, bzImage): that saves each start the time to unpack it.
/// The header is that of Documentation/arch/x86/boot.rst of Linux, protocol 2.08 or newer.
/// </summary>
internal static class CompressedKernel
{
    /// <summary>Largest kernel that is unpacked, in bytes.</summary>
    public const int UnpackedBytesMax = 512 << 20;

    private const int HeaderBytes = 0x250;
    private const int SetupSectorsAt = 0x1f1;
    private const int MagicAt = 0x202;
    private const int VersionAt = 0x206;
    private const int PayloadOffsetAt = 0x248;
    private const int PayloadLengthAt = 0x24c;
    private const int SectorBytes = 512;
    private const int PayloadSince = 0x208;

    /// <summary>Whether a file that begins so is one.</summary>
    public static bool IsCompressed(ReadOnlySpan<byte> head) => head.Length >= HeaderBytes && head[MagicAt..].StartsWith("HdrS"u8);

    /// <summary>Unpacks a kernel.</summary>
    /// <param name="file">The whole file; one that is ELF already comes back as it is.</param>
    /// <param name="subject">What to call it in errors.</param>
    /// <exception cref="InvalidInputException">It is no kernel, is damaged, or packed in a way that is not known.</exception>
    public static byte[] Unpack(byte[] file, string subject)
    {
        if (file.AsSpan().StartsWith("\u007fELF"u8))
        {
            return file;
        }

        try
        {
            var kernel = Open(Payload(file));
            return kernel.AsSpan().StartsWith("\u007fELF"u8) ? kernel : throw new InvalidDataException("does not hold an ELF file");
        }
        catch (InvalidDataException error)
        {
            throw new InvalidInputException(subject, new InputProblem("kernel", subject, error.Message, "give a vmlinux, or a vmlinuz packed with gzip or LZ4"), error);
        }
    }

    private static ReadOnlySpan<byte> Payload(ReadOnlySpan<byte> file)
    {
        if (!IsCompressed(file))
        {
            throw new InvalidDataException("is neither an ELF file nor a Linux kernel for x86");
        }

        if (BinaryPrimitives.ReadUInt16LittleEndian(file[VersionAt..]) < PayloadSince)
        {
            throw new InvalidDataException("is a Linux kernel from before 2.6.26");
        }

        // 0 stands for 4, from the days of floppy disks.
        var setup = file[SetupSectorsAt] == 0 ? 4 : file[SetupSectorsAt];
        var begin = (setup + 1) * SectorBytes + (long)BinaryPrimitives.ReadUInt32LittleEndian(file[PayloadOffsetAt..]);
        var length = BinaryPrimitives.ReadUInt32LittleEndian(file[PayloadLengthAt..]);
        return begin + length <= file.Length ? file.Slice((int)begin, (int)length) : throw new InvalidDataException("is cut off");
    }

    private static byte[] Open(ReadOnlySpan<byte> payload) => payload switch
    {
        [0x02, 0x21, 0x4c, 0x18, ..] => Lz4Legacy.Unpack(payload, UnpackedBytesMax),
        [0x1f, 0x8b, ..] => Gzip(payload),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => throw new InvalidDataException("is packed with zstd, which is not read here; 'unzstd' and the kernel's scripts/extract-vmlinux unpack it"),
        [0xfd, 0x37, 0x7a, 0x58, 0x5a, ..] => throw new InvalidDataException("is packed with xz, which is not read here; 'unxz' and the kernel's scripts/extract-vmlinux unpack it"),
        _ => throw new InvalidDataException("is packed in a way that is not known here"),
    };

    private static byte[] Gzip(ReadOnlySpan<byte> payload)
    {
        using var packed = new GZipStream(new MemoryStream(payload.ToArray()), CompressionMode.Decompress);
        using var unpacked = new MemoryStream();
        var buffer = new byte[1 << 20];
        for (int read; (read = packed.Read(buffer)) > 0;)
        {
            if (unpacked.Length + read > UnpackedBytesMax)
            {
                throw new InvalidDataException($"unpacks to more than {UnpackedBytesMax} bytes");
            }

            unpacked.Write(buffer, 0, read);
        }

        return unpacked.ToArray();
    }
}
