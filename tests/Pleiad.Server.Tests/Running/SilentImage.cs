using System.Buffers.Binary;
using Pleiad.Machines.Images;

namespace Pleiad.Server.Tests.Running;

/// <summary>An image whose kernel is a real PVH ELF that does nothing but halt: a machine that never answers.</summary>
internal static class SilentImage
{
    private const uint LoadAddress = 0x100000;

    internal static async Task<string> ImportAsync(string directory) => (await ImportAsync(directory, new ImageStore(TestImages.Store))).Manifest.Name;

    internal static async Task<StoredImage> ImportAsync(string directory, ImageStore store, string name = "silent", int memoryMiB = 2)
    {
        var folder = Directory.CreateDirectory(Path.Combine(directory, name));
        await File.WriteAllBytesAsync(Path.Combine(folder.FullName, "silent.elf"), Kernel());
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "image.yaml"), $"name: {name}\nkernel: silent.elf\nmemory: {memoryMiB}MiB\naddress: \"ip={{ip}}\"\n");
        return await store.ImportAsync(Path.Combine(folder.FullName, "image.yaml"));
    }

    // ELF32 with one loaded segment that holds the PVH note (type 18, "Xen", entry address) and the code: cli; hlt; jmp -3.
    private static byte[] Kernel()
    {
        var file = new byte[0x200];
        void Word(int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(at), value);
        void Half(int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(at), value);
        void Segment(int at, uint type, uint offset, uint size, uint flags)
        {
            Word(at, type);
            Word(at + 4, offset);
            Word(at + 8, LoadAddress + offset);
            Word(at + 12, LoadAddress + offset);
            Word(at + 16, size);
            Word(at + 20, size);
            Word(at + 24, flags);
            Word(at + 28, 4);
        }

        new byte[] { 0x7f, (byte)'E', (byte)'L', (byte)'F', 1, 1, 1 }.CopyTo(file, 0);
        Half(16, 2);
        Half(18, 3);
        Word(20, 1);
        Word(24, LoadAddress + 0x120);
        Word(28, 52);
        Half(40, 52);
        Half(42, 32);
        Half(44, 2);
        Segment(52, 1, 0, (uint)file.Length, 5);
        Segment(84, 4, 0x100, 20, 4);
        Word(0x100, 4);
        Word(0x104, 4);
        Word(0x108, 18);
        "Xen\0"u8.CopyTo(file.AsSpan(0x10c));
        Word(0x110, LoadAddress + 0x120);
        new byte[] { 0xfa, 0xf4, 0xeb, 0xfd }.CopyTo(file, 0x120);
        return file;
    }
}
