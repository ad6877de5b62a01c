using System.Buffers.Binary;
using System.Text;
using Pleiad.Core.Documents;
using Pleiad.Machines.Images.Linux;
using Shouldly;
using Xunit;

namespace Pleiad.Machines.Tests.Images.Linux;

public sealed class CompressedKernelTests
{
    private static readonly byte[] Kernel = [.. "\u007fELF"u8, .. Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 3000).Select(n => $"{n % 97} ")))];

    [Fact]
    public void A_kernel_packed_with_gzip_or_LZ4_is_unpacked_and_one_that_is_ELF_stays()
    {
        CompressedKernel.Unpack(BzImage.Of(BzImage.Gzip(Kernel)), "k").ShouldBe(Kernel);
        CompressedKernel.Unpack(BzImage.Of(Lz4(Kernel)), "k").ShouldBe(Kernel);
        CompressedKernel.Unpack(Kernel, "k").ShouldBeSameAs(Kernel);
    }

    [Fact]
    public void Matches_that_overlap_and_long_lengths_are_unpacked()
    {
        // "ab", then 300 bytes from 2 back, then 20 literals: the sequences of the block format, written by hand.
        byte[] block = [0x2f, (byte)'a', (byte)'b', 2, 0, 255, 300 - 4 - 15 - 255, 0xf0, 5, .. Enumerable.Repeat((byte)'c', 20)];
        byte[] frame = [0x02, 0x21, 0x4c, 0x18, (byte)block.Length, 0, 0, 0, .. block];

        Encoding.ASCII.GetString(Lz4Legacy.Unpack(frame, 1 << 20)).ShouldBe(string.Concat(Enumerable.Repeat("ab", 151)) + new string('c', 20));
        Should.Throw<InvalidDataException>(() => Lz4Legacy.Unpack(frame, 321)).Message.ShouldContain("more than 321 bytes");
    }

    [Theory]
    [InlineData(new byte[] { 0x28, 0xb5, 0x2f, 0xfd, 0, 0 }, "is packed with zstd")]
    [InlineData(new byte[] { 0xfd, 0x37, 0x7a, 0x58, 0x5a, 0 }, "is packed with xz")]
    [InlineData(new byte[] { 1, 2, 3, 4 }, "is packed in a way that is not known here")]
    [InlineData(new byte[] { 0x1f, 0x8b, 1, 2 }, "kernel")]
    public void Another_way_of_packing_is_named(byte[] payload, string reason) =>
        Should.Throw<InvalidInputException>(() => CompressedKernel.Unpack(BzImage.Of(payload), "k")).Message.ShouldContain(reason);

    [Fact]
    public void What_is_no_kernel_or_cut_off_is_refused()
    {
        Refused("text"u8.ToArray()).ShouldContain("is neither an ELF file nor a Linux kernel");
        Refused(BzImage.Of(Lz4(Kernel))[..^200]).ShouldContain("is cut off");
        Refused(BzImage.Of(Lz4("no kernel"u8.ToArray()))).ShouldContain("does not hold an ELF file");
        var old = BzImage.Of(Lz4(Kernel));
        old[0x206] = 7;
        Refused(old).ShouldContain("before 2.6.26");

        static string Refused(byte[] file) => Should.Throw<InvalidInputException>(() => CompressedKernel.Unpack(file, "k")).Message;
    }

    [Fact]
    public void A_damaged_stream_is_refused_or_gives_other_bytes_and_nothing_worse()
    {
        var whole = Lz4(Kernel);
        var random = new Random(3);
        for (var round = 0; round < 5_000; round++)
        {
            var damaged = (byte[])whole.Clone();
            for (var change = 0; change < 3; change++)
            {
                damaged[random.Next(4, damaged.Length)] = (byte)random.Next(256);
            }

            try
            {
                Lz4Legacy.Unpack(damaged.AsSpan(0, random.Next(4, damaged.Length + 1)), 1 << 20);
            }
            catch (InvalidDataException)
            {
                // The expected answer to most of them.
            }
        }
    }

    /// <summary>As a kernel has it: blocks, here without a match and therefore easy to write, and the size behind them.</summary>
    private static byte[] Lz4(byte[] content)
    {
        const int literalsMax = 4000;
        var frame = new List<byte> { 0x02, 0x21, 0x4c, 0x18 };
        foreach (var piece in content.Chunk(literalsMax))
        {
            var block = new List<byte>();
            if (piece.Length < 15)
            {
                block.Add((byte)(piece.Length << 4));
            }
            else
            {
                block.Add(0xf0);
                var rest = piece.Length - 15;
                for (; rest >= 255; rest -= 255)
                {
                    block.Add(255);
                }

                block.Add((byte)rest);
            }

            block.AddRange(piece);
            var length = new byte[4];
            BinaryPrimitives.WriteInt32LittleEndian(length, block.Count);
            frame.AddRange(length);
            frame.AddRange(block);
        }

        var size = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(size, content.Length);
        return [.. frame, .. size];
    }
}
