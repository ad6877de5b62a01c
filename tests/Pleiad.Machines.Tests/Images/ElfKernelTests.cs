using Pleiad.Machines.Images;
using Shouldly;
using Xunit;

namespace Pleiad.Machines.Tests.Images;

public sealed class ElfKernelTests
{
    [Theory]
    [InlineData(true, 62)]
    [InlineData(false, 3)]
    [InlineData(false, 62)]
    public void A_kernel_with_a_PVH_note_is_booted_by_it(bool wide, ushort machine)
    {
        var kernel = Inspect(new ElfFile { Wide = wide, Machine = machine }.Bytes());

        kernel.Reason.ShouldBeNull();
        kernel.Entry.ShouldBe(KernelEntry.Pvh);
        kernel.LoadEnd.ShouldBe(0x140000UL);
    }

    [Theory]
    [InlineData(0x400)]
    [InlineData(8192 - 48)]
    public void A_32_bit_kernel_with_a_multiboot_header_in_its_first_8_KiB_is_booted_by_it(int at) =>
        Inspect(new ElfFile { Wide = false, Machine = 3, Note = false, MultibootFlags = 3, MultibootAt = at }.Bytes()).Entry.ShouldBe(KernelEntry.Multiboot);

    [Theory]
    [InlineData(8192 - 44)]
    [InlineData(0x402)]
    public void A_multiboot_header_behind_8_KiB_or_off_a_4_byte_border_is_none(int at) =>
        Inspect(new ElfFile { Wide = false, Machine = 3, Note = false, MultibootFlags = 3, MultibootAt = at }.Bytes()).Reason!.ShouldContain("neither a PVH note");

    [Fact]
    public void A_multiboot_header_with_a_wrong_checksum_is_none() =>
        Inspect(new ElfFile { Wide = false, Machine = 3, Note = false, MultibootFlags = 3, MultibootChecksumError = 1 }.Bytes()).Reason!.ShouldContain("neither");

    [Fact]
    public void A_64_bit_multiboot_kernel_without_addresses_is_refused_since_QEMU_refuses_it()
    {
        var kernel = Inspect(new ElfFile { MultibootFlags = 3 }.Bytes());

        kernel.Reason!.ShouldContain("64-bit multiboot kernel");
        kernel.Remedy!.ShouldContain("objcopy -O elf32-i386");
        Inspect(new ElfFile { MultibootFlags = 0x10003 }.Bytes()).Entry.ShouldBe(KernelEntry.Multiboot);
    }

    [Theory]
    [InlineData(17u, "Xen\0")]
    [InlineData(18u, "GNU\0")]
    [InlineData(18u, "Xen")]
    [InlineData(18u, "Xenon\0")]
    public void A_note_of_another_type_or_name_is_no_PVH_note(uint type, string name) =>
        Inspect(new ElfFile { NoteType = type, NoteName = name }.Bytes()).Reason!.ShouldContain("neither a PVH note (type 18, name Xen) nor a multiboot 1 header");

    [Fact]
    public void A_kernel_without_any_entry_is_refused_with_what_to_give() =>
        Inspect(new ElfFile { Note = false }.Bytes()).Remedy!.ShouldContain("PVH note or a multiboot 1 header");

    [Theory]
    [InlineData(183)]
    [InlineData(243)]
    [InlineData(0)]
    public void An_ELF_file_for_another_processor_is_refused(ushort machine) =>
        Inspect(new ElfFile { Machine = machine }.Bytes()).Reason!.ShouldContain("another processor");

    [Fact]
    public void What_is_no_ELF_file_is_refused()
    {
        Inspect([]).Reason.ShouldBe("is empty");
        Inspect("#!/bin/sh\n"u8.ToArray()).Reason.ShouldBe("is no ELF file");
        Inspect([0x7f, (byte)'E', (byte)'L', (byte)'F']).Reason.ShouldBe("has a damaged ELF header");
        Inspect(new ElfFile().Bytes()[..60]).Reason.ShouldBe("has a damaged ELF header");
    }

    [Theory]
    [InlineData(64, "has neither")]
    [InlineData(0x1ff, "is cut off")]
    [InlineData(0xfff, "is cut off")]
    public void A_file_that_was_cut_off_is_refused(int length, string reason) => Inspect(new ElfFile().Bytes()[..length]).Reason!.ShouldContain(reason);

    [Fact]
    public void A_program_of_this_machine_is_no_kernel() => Inspect(File.ReadAllBytes("/bin/sh")).Reason!.ShouldContain("neither");

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Whatever_the_headers_claim_the_answer_comes_after_a_bounded_read(int seed)
    {
        var random = new Random(seed);
        uint[] extremes = [0, 1, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff, 0xfffff000, 4096];
        for (var round = 0; round < 20_000; round++)
        {
            var file = new ElfFile { Wide = random.Next(2) == 0, MultibootFlags = random.Next(2) == 0 ? 0x10003 : null }.Bytes();
            for (var changes = random.Next(1, 10); changes > 0; changes--)
            {
                // Headers, program headers and notes are in the first 0x240 bytes.
                var at = random.Next(4, 0x240);
                if (random.Next(2) == 0)
                {
                    file[at] = (byte)random.Next(256);
                }
                else
                {
                    BitConverter.GetBytes(extremes[random.Next(extremes.Length)]).CopyTo(file, at);
                }
            }

            using var stream = new CountingStream(random.Next(8) == 0 ? file[..random.Next(file.Length)] : file);
            var kernel = ElfKernel.Inspect(stream);

            (kernel.Reason is null).ShouldBe(kernel.Entry is not null, $"seed {seed}, round {round}");
            (kernel.Reason is null).ShouldBe(kernel.Remedy is null, $"seed {seed}, round {round}");
            stream.BytesRead.ShouldBeLessThan(20 << 20, $"seed {seed}, round {round}");
        }
    }

    private static KernelInspection Inspect(byte[] bytes) => ElfKernel.Inspect(new MemoryStream(bytes));

    private sealed class CountingStream(byte[] bytes) : MemoryStream(bytes)
    {
        public long BytesRead { get; private set; }

        public override int Read(Span<byte> buffer)
        {
            var read = base.Read(buffer);
            BytesRead += read;
            return read;
        }
    }
}
