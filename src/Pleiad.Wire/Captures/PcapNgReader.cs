using System.Buffers.Binary;

namespace Pleiad.Wire.Captures;

/// <summary>The block format: sections of either byte order, several interfaces with their own link type and clock resolution.</summary>
internal sealed class PcapNgReader(ByteWindow window, CaptureAccount account) : CaptureReader(window, account)
{
    public const uint SectionHeader = 0x0a0d0d0a;
    private const uint InterfaceDescription = 1;
    private const uint ObsoletePacket = 2;
    private const uint SimplePacket = 3;
    private const uint InterfaceStatistics = 5;
    private const uint EnhancedPacket = 6;
    private const uint ByteOrderMagic = 0x1a2b3c4d;
    private const int BlockBytesMin = 12;
    private const int BlockBytesMax = 16 << 20;
    private const int InterfacesMax = 65_536;

    private readonly List<CaptureInterface> _interfaces = [];
    private bool _swapped;

    public override bool TryRead(out Frame frame)
    {
        while (Window.Has(BlockBytesMin))
        {
            var type = U32(Window.Look(4));
            if (type == SectionHeader && !BeginSection())
            {
                Resynchronize();
                continue;
            }

            var length = U32(Window.Look(8)[4..]);
            if (length is < BlockBytesMin or > BlockBytesMax)
            {
                Resynchronize();
                continue;
            }

            // Lengths are padded to four bytes; some writers forget to count the padding.
            var whole = (int)((length + 3) & ~3u);
            if (!Window.Has(whole))
            {
                if (IsBlockFurtherOn())
                {
                    Resynchronize();
                    continue;
                }

                break;
            }

            var block = Window.Look(whole);
            if (U32(block[((int)length - 4)..]) != length && U32(block[(whole - 4)..]) != length)
            {
                Resynchronize();
                continue;
            }

            Window.Skip(whole);
            if (Read(type, block[8..(whole - 4)], out frame))
            {
                Account.Frame(frame);
                return true;
            }
        }

        EndedEarly("a block");
        frame = default;
        return false;
    }

    /// <summary>Takes a section's byte order; false when it is no section header after all.</summary>
    private bool BeginSection()
    {
        var magic = BinaryPrimitives.ReadUInt32LittleEndian(Window.Look(12)[8..]);
        if (magic != ByteOrderMagic && BinaryPrimitives.ReverseEndianness(magic) != ByteOrderMagic)
        {
            return false;
        }

        _swapped = magic != ByteOrderMagic;
        _interfaces.Clear();
        return true;
    }

    private bool Read(uint type, ReadOnlySpan<byte> body, out Frame frame)
    {
        frame = default;
        switch (type)
        {
            case EnhancedPacket when body.Length >= 20:
                return Packet(U32(body), U64(body[4..]), U32(body[12..]), U32(body[16..]), body[20..], out frame);
            case ObsoletePacket when body.Length >= 20:
                return Packet((uint)U16(body), U64(body[4..]), U32(body[12..]), U32(body[16..]), body[20..], out frame);
            case SimplePacket when body.Length >= 4:
                // Without a time of its own: that of the frame before it.
                var (at, onWire) = (Account.LastNs ?? 0, U32(body));
                return Packet(0, null, (uint)Math.Min(onWire, body.Length - 4), onWire, body[4..], out frame, at);
            case InterfaceDescription when body.Length >= 8 && _interfaces.Count < InterfacesMax:
                _interfaces.Add(Interface(body));
                Account.Interfaces++;
                return false;
            case InterfaceStatistics when body.Length >= 12:
                Statistics(body);
                return false;
            default:
                return false;
        }
    }

    private bool Packet(uint number, ulong? time, uint captured, uint onWire, ReadOnlySpan<byte> data, out Frame frame, long timeNs = 0)
    {
        frame = default;
        if (number >= _interfaces.Count || captured > data.Length || captured > FrameBytesMax)
        {
            Account.Damage(Window.Offset, data.Length, number >= _interfaces.Count ? $"a frame of interface {number}, which is not described" : "a frame longer than its block");
            return false;
        }

        var source = _interfaces[(int)number];
        frame = new Frame(time is { } ticks ? source.ToNs(ticks) : timeNs, (int)Math.Min(Math.Max(onWire, captured), int.MaxValue), source.Link, data[..(int)captured]);
        return true;
    }

    private CaptureInterface Interface(ReadOnlySpan<byte> body)
    {
        var found = new CaptureInterface { Link = (LinkType)U16(body) };
        for (var options = body[8..]; TryOption(ref options, out var code, out var value);)
        {
            found = (code, value.Length) switch
            {
                (9, >= 1) => found with { Resolution = value[0] },
                (14, >= 8) => found with { OffsetSeconds = (long)U64Plain(value) },
                _ => found,
            };
        }

        return found;
    }

    private void Statistics(ReadOnlySpan<byte> body)
    {
        for (var options = body[12..]; TryOption(ref options, out var code, out var value);)
        {
            // Received by the interface but dropped: by itself (5), by the operating system (7).
            if (code is 5 or 7 && value.Length >= 8)
            {
                Account.FramesDropped += (long)Math.Min(U64Plain(value), (ulong)(long.MaxValue / 4));
            }
        }
    }

    private bool TryOption(ref ReadOnlySpan<byte> options, out int code, out ReadOnlySpan<byte> value)
    {
        code = 0;
        value = default;
        if (options.Length < 4)
        {
            return false;
        }

        code = U16(options);
        var length = U16(options[2..]);
        if (code == 0 || length > options.Length - 4)
        {
            return false;
        }

        value = options.Slice(4, length);
        options = options[Math.Min(options.Length, 4 + ((length + 3) & ~3))..];
        return true;
    }

    /// <summary>Skips to the next block that is whole and says its length at both ends.</summary>
    private void Resynchronize()
    {
        var offset = Window.Offset;
        var skipped = 0L;
        do
        {
            skipped += Window.SkipUpTo(4);
        }
        while (Window.Has(BlockBytesMin) && !IsBlockAt(0));
        if (!Window.Has(BlockBytesMin))
        {
            skipped += Window.SkipUpTo(long.MaxValue);
        }

        Account.Damage(offset, skipped, "no block where one should be");
    }

    // A length that was damaged can reach beyond the end of the file; then there are whole blocks behind it.
    private bool IsBlockFurtherOn()
    {
        for (var at = 4; at + BlockBytesMin <= Math.Min(Window.Available, 1 << 16); at += 4)
        {
            if (IsBlockAt(at))
            {
                return true;
            }
        }

        return false;
    }

    private bool IsBlockAt(int at)
    {
        var head = Window.Look(at + BlockBytesMin)[at..];
        var (type, length) = (U32(head), U32(head[4..]));
        return type is SectionHeader or InterfaceDescription or ObsoletePacket or SimplePacket or InterfaceStatistics or EnhancedPacket or 4 or 10
            && length is >= BlockBytesMin and <= BlockBytesMax && length % 4 == 0
            && Window.Has(at + (int)length)
            && U32(Window.Look(at + (int)length)[(at + (int)length - 4)..]) == length;
    }

    private int U16(ReadOnlySpan<byte> bytes) => _swapped ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : BinaryPrimitives.ReadUInt16LittleEndian(bytes);

    private uint U32(ReadOnlySpan<byte> bytes) => _swapped ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);

    // Times stand as two halves, the higher one first in either byte order.
    private ulong U64(ReadOnlySpan<byte> bytes) => ((ulong)U32(bytes) << 32) | U32(bytes[4..]);

    private ulong U64Plain(ReadOnlySpan<byte> bytes) => _swapped ? BinaryPrimitives.ReadUInt64BigEndian(bytes) : BinaryPrimitives.ReadUInt64LittleEndian(bytes);
}

/// <summary>One interface of a section.</summary>
internal readonly record struct CaptureInterface()
{
    private const long Second = 1_000_000_000;

    public LinkType Link { get; init; }

    /// <summary>Ticks in a second: 10 to the power of it, or 2 to the power of its lower bits when the highest is set; 10⁶ unless said.</summary>
    public byte Resolution { get; init; } = 6;

    public long OffsetSeconds { get; init; }

    public long ToNs(ulong ticks)
    {
        var ns = Resolution switch
        {
            9 => ticks,
            6 => (UInt128)ticks * 1000,
            >= 128 => ((UInt128)ticks * Second) >> Math.Min(Resolution & 0x7f, 127),
            < 9 => (UInt128)ticks * Power(9 - Resolution),
            _ => ticks / (UInt128)Power(Math.Min(Resolution - 9, 19)),
        };
        var limited = ns > long.MaxValue / 2 ? long.MaxValue / 2 : (long)ns;
        return limited + (Math.Clamp(OffsetSeconds, -Second, Second) * Second);
    }

    private static ulong Power(int exponent)
    {
        var power = 1UL;
        for (; exponent > 0; exponent--)
        {
            power *= 10;
        }

        return power;
    }
}
