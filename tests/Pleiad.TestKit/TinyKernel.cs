using System.Buffers.Binary;
using System.Text;

namespace Pleiad.TestKit;

/// <summary>
/// A guest of a few bytes, assembled here: an ELF file with a PVH entry (or a multiboot header) that prints one line and then hangs, ends or goes on printing.
/// It has no network, so it is the machine that never answers.
/// </summary>
public static class TinyKernel
{
    private const uint Base = 0x10_0000;
    private static readonly byte[] Sleep = [0xfa, 0xf4, 0xeb, 0xfd]; // cli; l: hlt; jmp l
    private const int StackTop = 0x9_0000; // in low RAM: right below the image lies the BIOS on pc and q35
    private const int HeaderBytes = 64;
    private const int SegmentBytes = 56;
    private const int NoteStart = HeaderBytes + (2 * SegmentBytes);
    private const int NoteBytes = 12 + 4 + 8;
    private const int CodeStart = NoteStart + NoteBytes;

    /// <summary>Prints a line, then sleeps with interrupts off for ever.</summary>
    public static string ThatHangs(string directory, string line = "pleiad: ready tiny") =>
        Write(directory, "hangs", [.. Print(line), .. Sleep]);

    /// <summary>The same, begun by multiboot: 32 bits, no PVH note.</summary>
    public static string ThatHangsByMultiboot(string directory, string line = "pleiad: ready tiny")
    {
        const int header = 52 + 32; // behind ELF header and one program header
        byte[] body = [0xbc, .. Little(StackTop), .. Print(line), .. Sleep];
        var file = new byte[header + 12 + body.Length];
        var span = file.AsSpan();
        new byte[] { 0x7f, (byte)'E', (byte)'L', (byte)'F', 1, 1, 1 }.CopyTo(span);
        BinaryPrimitives.WriteUInt16LittleEndian(span[16..], 2); // executable
        BinaryPrimitives.WriteUInt16LittleEndian(span[18..], 3); // i386
        BinaryPrimitives.WriteUInt32LittleEndian(span[20..], 1);
        BinaryPrimitives.WriteUInt32LittleEndian(span[24..], Base + header + 12);
        BinaryPrimitives.WriteUInt32LittleEndian(span[28..], 52);
        BinaryPrimitives.WriteUInt16LittleEndian(span[40..], 52);
        BinaryPrimitives.WriteUInt16LittleEndian(span[42..], 32);
        BinaryPrimitives.WriteUInt16LittleEndian(span[44..], 1);
        foreach (var (index, value) in new uint[] { 1, 0, Base, Base, (uint)file.Length, (uint)file.Length, 7, 0x1000 }.Index())
        {
            BinaryPrimitives.WriteUInt32LittleEndian(span[(52 + (4 * index))..], value); // one segment, all of the file
        }

        BinaryPrimitives.WriteUInt32LittleEndian(span[header..], 0x1bad_b002);
        BinaryPrimitives.WriteInt32LittleEndian(span[(header + 8)..], unchecked(-0x1bad_b002)); // magic, flags and checksum sum to 0
        body.CopyTo(span[(header + 12)..]);
        return Save(directory, "multiboot", file);
    }

    /// <summary>Prints a line and ends: a triple fault, which ends QEMU under -no-reboot.</summary>
    public static string ThatEnds(string directory, string line = "tiny: panic: the end") =>
        Write(directory, "ends", [.. Print(line), .. TripleFault()]);

    /// <summary>Prints a line over and over.</summary>
    public static string ThatFloods(string directory, string line = "tiny: a line of a flood that does not end")
    {
        var print = Print(line);
        return Write(directory, "floods", [.. print, 0xe9, .. Little(-(print.Length + 5))]); // jmp back to the start
    }

    /// <summary>mov esi, text; mov dx, 0x3f8; l: lodsb; test al, al; jz end; out dx, al; jmp l; end: — with the text behind a jump.</summary>
    private static byte[] Print(string line)
    {
        byte[] text = [.. Encoding.ASCII.GetBytes(line), (byte)'\n', 0];
        byte[] load = [0xe8, .. Little(text.Length), .. text, 0x5e]; // call over the text, pop its address into esi
        return [.. load, 0x66, 0xba, 0xf8, 0x03, 0xac, 0x84, 0xc0, 0x74, 0x03, 0xee, 0xeb, 0xf8];
    }

    /// <summary>Loads an empty interrupt table and raises a breakpoint.</summary>
    private static byte[] TripleFault() => [0x6a, 0x00, 0x6a, 0x00, 0x0f, 0x01, 0x1c, 0x24, 0xcc]; // push 0; push 0; lidt [esp]; int3

    private static byte[] Little(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        return bytes;
    }

    private static string Write(string directory, string name, byte[] code)
    {
        byte[] body = [0xbc, .. Little(StackTop), .. code]; // mov esp, StackTop
        var file = new byte[CodeStart + body.Length];
        var span = file.AsSpan();
        new byte[] { 0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1 }.CopyTo(span);
        BinaryPrimitives.WriteUInt16LittleEndian(span[16..], 2); // executable
        BinaryPrimitives.WriteUInt16LittleEndian(span[18..], 62); // x86-64
        BinaryPrimitives.WriteUInt32LittleEndian(span[20..], 1);
        BinaryPrimitives.WriteUInt64LittleEndian(span[24..], Base + CodeStart);
        BinaryPrimitives.WriteUInt64LittleEndian(span[32..], HeaderBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(span[52..], HeaderBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(span[54..], SegmentBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(span[56..], 2);
        WriteSegment(span[HeaderBytes..], kind: 1, offset: 0, bytes: file.Length, align: 0x1000); // all of the file
        WriteSegment(span[(HeaderBytes + SegmentBytes)..], kind: 4, NoteStart, NoteBytes, align: 4);
        BinaryPrimitives.WriteUInt32LittleEndian(span[NoteStart..], 4);
        BinaryPrimitives.WriteUInt32LittleEndian(span[(NoteStart + 4)..], 8);
        BinaryPrimitives.WriteUInt32LittleEndian(span[(NoteStart + 8)..], 18); // XEN_ELFNOTE_PHYS32_ENTRY
        "Xen\0"u8.CopyTo(span[(NoteStart + 12)..]);
        BinaryPrimitives.WriteUInt64LittleEndian(span[(NoteStart + 16)..], Base + CodeStart);
        body.CopyTo(span[CodeStart..]);
        return Save(directory, name, file);
    }

    private static string Save(string directory, string name, byte[] file)
    {
        var path = Path.Combine(directory, $"tiny-{name}.elf");
        File.WriteAllBytes(path, file);
        return path;
    }

    private static void WriteSegment(Span<byte> header, uint kind, int offset, int bytes, ulong align)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(header, kind);
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], 7); // read, write, execute
        BinaryPrimitives.WriteUInt64LittleEndian(header[8..], (ulong)offset);
        BinaryPrimitives.WriteUInt64LittleEndian(header[16..], Base + (ulong)offset);
        BinaryPrimitives.WriteUInt64LittleEndian(header[24..], Base + (ulong)offset);
        BinaryPrimitives.WriteUInt64LittleEndian(header[32..], (ulong)bytes);
        BinaryPrimitives.WriteUInt64LittleEndian(header[40..], (ulong)bytes);
        BinaryPrimitives.WriteUInt64LittleEndian(header[48..], align);
    }
}
