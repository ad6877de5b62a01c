using System.Buffers.Binary;
using System.IO.Compression;
using Pleiad.Wire.Captures;
using Pleiad.Wire.Live;
using Pleiad.Wire.Tests.Fixtures;
using Shouldly;
using Xunit;

namespace Pleiad.Wire.Tests.Captures;

public sealed class CaptureReaderTests
{
    private const int Frames = 6;

    private static byte[] Small(bool isBigEndian = false) => new FrameWriter(isBigEndian).Open().Client("GET /a HTTP/1.1\r\n\r\n").Server("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").Finish(true).Finish(false).ToCapture();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Either_byte_order_reads_the_same(bool isBigEndian)
    {
        var (log, _, account) = ExchangeLog.Read(Small(isBigEndian));

        account.Frames.ShouldBe(Frames);
        account.FirstNs.ShouldBe(FrameWriter.FirstNs);
        log.Completed.ShouldHaveSingleItem().DurationNs.ShouldBe(FrameWriter.StepNs);
    }

    [Fact]
    public void Microseconds_are_read_as_such()
    {
        var capture = Small();
        BinaryPrimitives.WriteUInt32LittleEndian(capture, 0xa1b2c3d4);
        for (var at = 24; at < capture.Length; at += 16 + (int)BinaryPrimitives.ReadUInt32LittleEndian(capture.AsSpan(at + 8)))
        {
            BinaryPrimitives.WriteUInt32LittleEndian(capture.AsSpan(at + 4), BinaryPrimitives.ReadUInt32LittleEndian(capture.AsSpan(at + 4)) / 1000);
        }

        ExchangeLog.Read(capture).Log.Completed.ShouldHaveSingleItem().DurationNs.ShouldBe(FrameWriter.StepNs);
    }

    [Fact]
    public void Gzip_is_unpacked_and_one_that_ends_early_says_so()
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(Small());
        }

        var (log, _, account) = ExchangeLog.Read(packed.ToArray());

        log.Completed.Count.ShouldBe(1);
        account.Format.ShouldBe("pcap, gzip");
        account.DamageCount.ShouldBe(0);
        ExchangeLog.Read(packed.ToArray()[..^12]).Capture.Damages.ShouldContain(damage => damage.What.Contains("ended early"));
    }

    [Fact]
    public void Xz_is_unpacked_and_one_that_ends_early_gives_what_came_before()
    {
        var packed = File.ReadAllBytes(TestCaptures.PathOf("edge-cases.pcapng.xz"));

        var whole = ExchangeLog.Read(packed).Capture;
        var cut = ExchangeLog.Read(packed[..(packed.Length - 60)]).Capture;

        whole.Frames.ShouldBe(363);
        whole.DamageCount.ShouldBe(0);
        cut.DamageCount.ShouldBe(1);
        cut.Damages[0].What.ShouldContain("ended early");
        cut.Frames.ShouldBeInRange(0, 363);
    }

    [Fact]
    public void Zstd_is_unpacked()
    {
        // A frame of raw blocks, as the format's description (RFC 8878) has it: no compressor is needed to make one.
        var plain = Small();
        using var packed = new MemoryStream();
        packed.Write([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58]);
        Span<byte> block = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(block, (plain.Length << 3) | 1);
        packed.Write(block[..3]);
        packed.Write(plain);

        var (log, _, account) = ExchangeLog.Read(packed.ToArray());

        log.Completed.Count.ShouldBe(1);
        account.Format.ShouldBe("pcap, zstd");
    }

    [Fact]
    public void A_cut_file_reads_as_far_as_it_goes_and_says_what_is_missing()
    {
        var whole = Small();

        var account = ExchangeLog.Read(whole[..^10]).Capture;

        account.Frames.ShouldBe(Frames - 1);
        account.BytesSkipped.ShouldBe(16 + 54 - 10);
        account.Damages.ShouldHaveSingleItem().What.ShouldContain("ends inside");
    }

    [Fact]
    public void After_damage_the_next_record_is_found()
    {
        var whole = new FrameWriter().Open().Client(new string('x', 400)).Client(new string('y', 400)).Client(new string('z', 400)).ToCapture();
        // The third record's length becomes impossible.
        var third = 24 + (2 * (16 + 54));
        whole.AsSpan(third + 8, 4).Fill(0xff);

        var account = ExchangeLog.Read(whole).Capture;

        account.Frames.ShouldBe(4);
        account.BytesSkipped.ShouldBe(16 + 54 + 400);
    }

    [Fact]
    public void Pcapng_knows_interfaces_links_and_clocks_of_their_own()
    {
        using var file = new MemoryStream();
        foreach (var isBig in (bool[])[false, true])
        {
            Block(file, isBig, 0x0a0d0d0a, U32(isBig, 0x1a2b3c4d), U16(isBig, 1), U16(isBig, 0), U32(isBig, uint.MaxValue), U32(isBig, uint.MaxValue));
            Block(file, isBig, 1, U16(isBig, 101), U16(isBig, 0), U32(isBig, 0)); // raw, microseconds
            Block(file, isBig, 1, U16(isBig, 113), U16(isBig, 0), U32(isBig, 0), U16(isBig, 9), U16(isBig, 1), [0x83, 0, 0, 0]); // cooked, eighths
            Block(file, isBig, 6, U32(isBig, 0), U32(isBig, 0), U32(isBig, 2_000_000), U32(isBig, 4), U32(isBig, 60), [0x45, 0, 0, 0]);
            Block(file, isBig, 6, U32(isBig, 1), U32(isBig, 0), U32(isBig, 20), U32(isBig, 4), U32(isBig, 4), [1, 2, 3, 4]);
        }

        using var reader = CaptureReader.Open(new MemoryStream(file.ToArray()));
        var seen = new List<(long, LinkType, int)>();
        while (reader.TryRead(out var frame))
        {
            seen.Add((frame.TimeNs, frame.Link, frame.LengthOnWire));
        }

        seen.ShouldBe([(2_000_000_000, LinkType.Raw, 60), (2_500_000_000, LinkType.LinuxCooked, 4), (2_000_000_000, LinkType.Raw, 60), (2_500_000_000, LinkType.LinuxCooked, 4)]);
        reader.Account.FramesCut.ShouldBe(2);
        reader.Account.Interfaces.ShouldBe(4);
    }

    [Fact]
    public void What_is_written_live_reads_back_with_its_losses()
    {
        using var file = new MemoryStream();
        var writer = new PcapNgWriter(file, 1, 262_144, "br0");
        writer.Write(1_700_000_000_123_456_789, [1, 2, 3, 4, 5], 90);
        writer.WriteStatistics(1_700_000_000_223_456_789, 10, 2, 3);

        using var reader = CaptureReader.Open(new MemoryStream(file.ToArray()));
        reader.TryRead(out var frame).ShouldBeTrue();
        frame.TimeNs.ShouldBe(1_700_000_000_123_456_789);
        frame.Data.ToArray().ShouldBe([1, 2, 3, 4, 5]);
        frame.LengthOnWire.ShouldBe(90);
        reader.TryRead(out _).ShouldBeFalse();
        reader.Account.FramesDropped.ShouldBe(5);
        reader.Account.DamageCount.ShouldBe(0);
    }

    [Fact]
    public void What_is_no_capture_is_refused_with_a_reason() =>
        Should.Throw<CaptureException>(() => CaptureReader.Open(new MemoryStream("no capture at all"u8.ToArray()))).Reason.ShouldBe(CaptureFault.NoCapture);

    private static byte[] U32(bool isBig, uint value)
    {
        var bytes = BitConverter.GetBytes(value);
        return isBig ? [.. bytes.Reverse()] : bytes;
    }

    private static byte[] U16(bool isBig, ushort value)
    {
        var bytes = BitConverter.GetBytes(value);
        return isBig ? [.. bytes.Reverse()] : bytes;
    }

    private static void Block(MemoryStream file, bool isBig, uint type, params byte[][] parts)
    {
        var body = parts.SelectMany(part => part).ToArray();
        file.Write(U32(isBig, type));
        file.Write(U32(isBig, (uint)(12 + body.Length)));
        file.Write(body);
        file.Write(U32(isBig, (uint)(12 + body.Length)));
    }
}
