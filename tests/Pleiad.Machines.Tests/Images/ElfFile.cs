using System.Buffers.Binary;

namespace Pleiad.Machines.Tests.Images;

/// <summary>Small ELF files as tests want them: one segment that is loaded, a note segment, a multiboot header, each as asked.</summary>
internal sealed record ElfFile
{
    public bool Wide { get; init; } = true;

    public ushort Machine { get; init; } = 62;

    public uint NoteType { get; init; } = 18;

    public string NoteName { get; init; } = "Xen\0";

    public bool Note { get; init; } = true;

    public uint? MultibootFlags { get; init; }

    public int MultibootAt { get; init; } = 0x400;

    public uint MultibootChecksumError { get; init; }

    public ulong LoadEnd { get; init; } = 0x140000;

    /// <summary>Distinguishes one file from another.</summary>
    public int Seed { get; init; }

    public byte[] Bytes()
    {
        const int noteAt = 0x200;
        const int loadStart = 0x100000;
        var file = new byte[Math.Max(0x1000, MultibootAt + 64)];
        var (headerBytes, entryBytes) = Wide ? (64, 56) : (52, 32);
        "\u007fELF"u8.CopyTo(file);
        file[4] = (byte)(Wide ? 2 : 1);
        file[5] = 1;
        file[6] = 1;
        Put16(file, 16, 2);
        Put16(file, 18, Machine);
        Put32(file, Wide ? 32 : 28, (uint)headerBytes);
        Put16(file, Wide ? 54 : 42, (ushort)entryBytes);
        Put16(file, Wide ? 56 : 44, 2);
        Segment(file, headerBytes, 1, 0, loadStart, (ulong)file.Length, LoadEnd - loadStart);
        var noteBytes = WriteNote(file, noteAt);
        Segment(file, headerBytes + entryBytes, Note ? 4u : 0u, noteAt, 0, noteBytes, noteBytes);
        if (MultibootFlags is { } flags)
        {
            Put32(file, MultibootAt, 0x1BADB002);
            Put32(file, MultibootAt + 4, flags);
            Put32(file, MultibootAt + 8, unchecked(0u - 0x1BADB002u - flags + MultibootChecksumError));
        }

        Put32(file, 0xF00, (uint)Seed);
        return file;
    }

    public string WriteTo(string directory, string name = "kernel.elf")
    {
        var path = Path.Combine(directory, name);
        File.WriteAllBytes(path, Bytes());
        return path;
    }

    private ulong WriteNote(byte[] file, int at)
    {
        var name = System.Text.Encoding.ASCII.GetBytes(NoteName);
        var padded = (name.Length + 3) & ~3;

        // Another note comes first: the one looked for need not be alone.
        Put32(file, at, 4);
        Put32(file, at + 4, 4);
        Put32(file, at + 8, 1);
        "GNU\0"u8.CopyTo(file.AsSpan(at + 12));
        at += 20;
        Put32(file, at, (uint)name.Length);
        Put32(file, at + 4, 4);
        Put32(file, at + 8, NoteType);
        name.CopyTo(file, at + 12);
        Put32(file, at + 12 + padded, 0x100020);
        return (ulong)(20 + 12 + padded + 4);
    }

    private void Segment(byte[] file, int at, uint type, ulong offset, ulong address, ulong fileBytes, ulong memoryBytes)
    {
        Put32(file, at, type);
        if (Wide)
        {
            Put64(file, at + 8, offset);
            Put64(file, at + 16, address);
            Put64(file, at + 24, address);
            Put64(file, at + 32, fileBytes);
            Put64(file, at + 40, memoryBytes);
        }
        else
        {
            Put32(file, at + 4, (uint)offset);
            Put32(file, at + 8, (uint)address);
            Put32(file, at + 12, (uint)address);
            Put32(file, at + 16, (uint)fileBytes);
            Put32(file, at + 20, (uint)memoryBytes);
        }
    }

    private static void Put16(byte[] file, int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(at), value);

    private static void Put32(byte[] file, int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(at), value);

    private static void Put64(byte[] file, int at, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(at), value);
}
