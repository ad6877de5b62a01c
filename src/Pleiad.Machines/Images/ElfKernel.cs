using System.Buffers.Binary;
using Pleiad.Machines.Images.Linux;

namespace Pleiad.Machines.Images;

/// <summary>How a kernel file can be entered.</summary>
internal enum KernelEntry
{
    /// <summary>By the PVH note: QEMU starts it in 32-bit protected mode at the address the note holds.</summary>
    Pvh,

    /// <summary>By a multiboot 1 header.</summary>
    Multiboot,
}

/// <summary>What a kernel file is, or why it cannot be booted.</summary>
/// <param name="Entry">How it is entered; null when it cannot be.</param>
/// <param name="LoadEnd">First physical address behind everything it loads, in bytes; 0 when unknown.</param>
/// <param name="Reason">What is wrong, null when it can be booted.</param>
/// <param name="Remedy">What to do about it, null when it can be booted.</param>
internal sealed record KernelInspection(KernelEntry? Entry, ulong LoadEnd, string? Reason, string? Remedy);

/// <summary>
/// Looks whether a file is an x86 ELF that QEMU can boot with <c>-kernel</c>: one with a PVH note (type 18, name "Xen") or a multiboot 1 header in its first 8 KiB.
/// Reads a bounded part of the file whatever its headers claim.
/// </summary>
internal static class ElfKernel
{
    /// <summary>Largest kernel file, in bytes.</summary>
    public const long FileBytesMax = 1L << 30;

    private const int HeadBytes = 8192;
    private const int ProgramHeadersMax = 256;
    private const int NoteBytesMax = 64 * 1024;
    private const int MultibootHeaderBytes = 48;
    private const uint MultibootMagic = 0x1BADB002;
    private const uint MultibootHasAddresses = 1 << 16;
    private const ushort MachineI386 = 3;
    private const ushort MachineX64 = 62;
    private const uint SegmentLoad = 1;
    private const uint SegmentNote = 4;
    private const uint NotePhys32Entry = 18;
    private const string Rebuild = "give an x86 kernel as an ELF file with a PVH note or a multiboot 1 header, for example one built by 'pleiad image build'";

    /// <summary>Inspects a kernel.</summary>
    /// <param name="file">Readable and seekable.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static KernelInspection Inspect(Stream file)
    {
        if (file.Length > FileBytesMax)
        {
            return Refused("is larger than 1 GiB", "give a kernel of at most 1 GiB");
        }

        var head = Read(file, 0, HeadBytes);
        if (CompressedKernel.IsCompressed(head))
        {
            return Refused("is a compressed Linux kernel (bzImage)", "give its vmlinux; 'pleiad image build --linux … --kernel FILE' unpacks it");
        }

        if (!head.AsSpan().StartsWith("\u007fELF"u8))
        {
            return Refused(head.Length == 0 ? "is empty" : "is no ELF file", Rebuild);
        }

        if (ElfHeader.Parse(head) is not { } elf)
        {
            return Refused("has a damaged ELF header", "build or download the kernel again");
        }

        if (elf.Machine is not (MachineI386 or MachineX64))
        {
            return Refused($"is an ELF file for another processor (machine {elf.Machine})", "give a kernel built for x86");
        }

        // QEMU looks for multiboot first, and then does not load a 64-bit ELF that leaves the addresses to it.
        var multiboot = MultibootFlags(head);
        if (multiboot is { } flags && elf.Machine == MachineX64 && (flags & MultibootHasAddresses) == 0)
        {
            return Refused(
                "is a 64-bit multiboot kernel without load addresses, which QEMU does not load",
                "convert it with 'objcopy -O elf32-i386 KERNEL KERNEL32', or build it with a PVH note and no multiboot header");
        }

        var (end, pvh, whole) = Segments(file, elf);
        return !whole ? Refused("is cut off: it ends before what it says is to be loaded", "build or download the kernel again")
            : multiboot is not null ? new KernelInspection(KernelEntry.Multiboot, end, null, null)
            : pvh ? new KernelInspection(KernelEntry.Pvh, end, null, null)
            : Refused("has neither a PVH note (type 18, name Xen) nor a multiboot 1 header in its first 8 KiB", Rebuild);
    }

    private static (ulong End, bool Pvh, bool Whole) Segments(Stream file, ElfHeader elf)
    {
        var count = Math.Min((int)elf.SegmentCount, ProgramHeadersMax);
        var table = Read(file, elf.SegmentTable, count * elf.SegmentSize);
        ulong end = 0;
        var (pvh, whole) = (false, true);
        for (var at = 0; at + elf.SegmentSize <= table.Length; at += elf.SegmentSize)
        {
            var segment = elf.Segment(table.AsSpan(at, elf.SegmentSize));
            if (segment.Type == SegmentLoad && segment.MemoryBytes > 0)
            {
                whole &= segment.FileBytes == 0 || (segment.Offset < (ulong)file.Length && segment.FileBytes <= (ulong)file.Length - segment.Offset);
                end = Math.Max(end, segment.Address > ulong.MaxValue - segment.MemoryBytes ? ulong.MaxValue : segment.Address + segment.MemoryBytes);
            }
            else if (segment.Type == SegmentNote && !pvh)
            {
                pvh = HasPvhNote(Read(file, segment.Offset, (int)Math.Min(segment.FileBytes, NoteBytesMax)));
            }
        }

        return (end, pvh, whole);
    }

    private static bool HasPvhNote(ReadOnlySpan<byte> notes)
    {
        const int header = 12;
        while (notes.Length >= header)
        {
            var nameBytes = BinaryPrimitives.ReadUInt32LittleEndian(notes);
            var contentBytes = BinaryPrimitives.ReadUInt32LittleEndian(notes[4..]);
            var type = BinaryPrimitives.ReadUInt32LittleEndian(notes[8..]);
            var total = header + Aligned(nameBytes) + Aligned(contentBytes);
            if (total > (ulong)notes.Length)
            {
                return false;
            }

            if (type == NotePhys32Entry && contentBytes >= 4 && notes.Slice(header, (int)nameBytes).SequenceEqual("Xen\0"u8))
            {
                return true;
            }

            notes = notes[(int)total..];
        }

        return false;
    }

    private static ulong Aligned(uint bytes) => ((ulong)bytes + 3) & ~3UL;

    private static uint? MultibootFlags(ReadOnlySpan<byte> head)
    {
        for (var at = 0; at + MultibootHeaderBytes <= head.Length; at += 4)
        {
            if (BinaryPrimitives.ReadUInt32LittleEndian(head[at..]) == MultibootMagic)
            {
                var flags = BinaryPrimitives.ReadUInt32LittleEndian(head[(at + 4)..]);
                var checksum = BinaryPrimitives.ReadUInt32LittleEndian(head[(at + 8)..]);
                if (unchecked(MultibootMagic + flags + checksum) == 0)
                {
                    return flags;
                }
            }
        }

        return null;
    }

    private static KernelInspection Refused(string reason, string remedy) => new(null, 0, reason, remedy);

    // What the file does not hold is simply absent from the answer.
    private static byte[] Read(Stream file, ulong offset, int length)
    {
        if (offset >= (ulong)file.Length || length <= 0)
        {
            return [];
        }

        var buffer = new byte[Math.Min(length, file.Length - (long)offset)];
        file.Position = (long)offset;
        var read = file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        return read == buffer.Length ? buffer : buffer[..read];
    }

    private readonly record struct Segment(uint Type, ulong Offset, ulong Address, ulong FileBytes, ulong MemoryBytes);

    private readonly record struct ElfHeader(bool Wide, ushort Machine, ulong SegmentTable, ushort SegmentCount)
    {
        public int SegmentSize => Wide ? 56 : 32;

        public static ElfHeader? Parse(ReadOnlySpan<byte> head)
        {
            const int narrowBytes = 52;
            const int wideBytes = 64;
            const byte littleEndian = 1;
            if (head.Length < narrowBytes || head[4] is not (1 or 2) || head[5] != littleEndian)
            {
                return null;
            }

            var wide = head[4] == 2;
            if (wide && head.Length < wideBytes)
            {
                return null;
            }

            var machine = BinaryPrimitives.ReadUInt16LittleEndian(head[18..]);
            var elf = wide
                ? new ElfHeader(true, machine, BinaryPrimitives.ReadUInt64LittleEndian(head[32..]), BinaryPrimitives.ReadUInt16LittleEndian(head[56..]))
                : new ElfHeader(false, machine, BinaryPrimitives.ReadUInt32LittleEndian(head[28..]), BinaryPrimitives.ReadUInt16LittleEndian(head[44..]));
            var size = BinaryPrimitives.ReadUInt16LittleEndian(head[(wide ? 54 : 42)..]);
            return size == elf.SegmentSize || elf.SegmentCount == 0 ? elf : null;
        }

        public Segment Segment(ReadOnlySpan<byte> entry) => Wide
            ? new Segment(
                BinaryPrimitives.ReadUInt32LittleEndian(entry),
                BinaryPrimitives.ReadUInt64LittleEndian(entry[8..]),
                BinaryPrimitives.ReadUInt64LittleEndian(entry[24..]),
                BinaryPrimitives.ReadUInt64LittleEndian(entry[32..]),
                BinaryPrimitives.ReadUInt64LittleEndian(entry[40..]))
            : new Segment(
                BinaryPrimitives.ReadUInt32LittleEndian(entry),
                BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]),
                BinaryPrimitives.ReadUInt32LittleEndian(entry[12..]),
                BinaryPrimitives.ReadUInt32LittleEndian(entry[16..]),
                BinaryPrimitives.ReadUInt32LittleEndian(entry[20..]));
    }
}
