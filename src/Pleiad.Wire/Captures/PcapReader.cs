using System.Buffers.Binary;

namespace Pleiad.Wire.Captures;

/// <summary>The classic format: both byte orders, microseconds and nanoseconds, and the variant with longer record headers.</summary>
internal sealed class PcapReader : CaptureReader
{
    private const uint Microseconds = 0xa1b2c3d4;
    private const uint Nanoseconds = 0xa1b23c4d;
    private const uint Modified = 0xa1b2cd34;
    private const int FileHeaderBytes = 24;
    private const long Second = 1_000_000_000;

    // How far a record that is looked for after damage may be in time from the last good one.
    private const long NearbySeconds = 3600;

    private readonly bool _swapped;
    private readonly bool _nanoseconds;
    private readonly int _headerBytes;
    private readonly LinkType _link;
    private readonly int _lengthMax;
    private long _lastSecond = -1;

    public PcapReader(ByteWindow window, CaptureAccount account)
        : base(window, account)
    {
        if (!window.Has(FileHeaderBytes))
        {
            _headerBytes = 16;
            return;
        }

        var header = window.Look(FileHeaderBytes);
        var magic = BinaryPrimitives.ReadUInt32LittleEndian(header);
        _swapped = magic is not (Microseconds or Nanoseconds or Modified);
        magic = _swapped ? BinaryPrimitives.ReverseEndianness(magic) : magic;
        _nanoseconds = magic == Nanoseconds;
        _headerBytes = magic == Modified ? 24 : 16;
        var snapLength = U32(header[16..]);
        _lengthMax = snapLength is 0 or > FrameBytesMax ? FrameBytesMax : (int)Math.Max(snapLength, 65535);
        // The upper half may say how long the frame check sequence is.
        _link = (LinkType)(U32(header[20..]) & 0xffff);
        account.Interfaces = 1;
        window.Skip(FileHeaderBytes);
    }

    public static bool Understands(uint magic) =>
        magic is Microseconds or Nanoseconds or Modified || BinaryPrimitives.ReverseEndianness(magic) is Microseconds or Nanoseconds or Modified;

    public override bool TryRead(out Frame frame)
    {
        while (Window.Has(_headerBytes))
        {
            var header = Window.Look(_headerBytes);
            if (!IsPlausible(header))
            {
                Resynchronize();
                continue;
            }

            var (second, fraction, captured, onWire) = (U32(header), U32(header[4..]), (int)U32(header[8..]), U32(header[12..]));
            if (!Window.Has(_headerBytes + captured))
            {
                break;
            }

            var data = Window.Look(_headerBytes + captured)[_headerBytes..];
            Window.Skip(_headerBytes + captured);
            _lastSecond = second;
            frame = new Frame((second * Second) + (fraction * (_nanoseconds ? 1L : 1000L)), (int)Math.Min(Math.Max(onWire, (uint)captured), int.MaxValue), _link, data);
            Account.Frame(frame);
            return true;
        }

        EndedEarly("a record");
        frame = default;
        return false;
    }

    private bool IsPlausible(ReadOnlySpan<byte> header)
    {
        var fraction = U32(header[4..]);
        var captured = U32(header[8..]);
        return captured <= _lengthMax && fraction < (_nanoseconds ? 1_000_000_000u : 1_000_000u) && (captured <= U32(header[12..]) || captured <= 256);
    }

    /// <summary>Skips to a record whose header and whose successor's are plausible and near in time.</summary>
    private void Resynchronize()
    {
        var offset = Window.Offset;
        var skipped = 0L;
        do
        {
            Window.Skip(1);
            skipped++;
        }
        while (Window.Has(_headerBytes) && !IsRecordHere());
        if (!Window.Has(_headerBytes))
        {
            skipped += Window.SkipUpTo(long.MaxValue);
        }

        Account.Damage(offset, skipped, "no record header where one should be");
    }

    private bool IsRecordHere()
    {
        var header = Window.Look(_headerBytes);
        if (!IsPlausible(header) || !IsNear(header))
        {
            return false;
        }

        var next = _headerBytes + (int)U32(header[8..]);
        return !Window.Has(next + _headerBytes) || (IsPlausible(Window.Look(next + _headerBytes)[next..]) && IsNear(Window.Look(next + _headerBytes)[next..]));
    }

    private bool IsNear(ReadOnlySpan<byte> header) => _lastSecond < 0 || Math.Abs(U32(header) - _lastSecond) <= NearbySeconds;

    private uint U32(ReadOnlySpan<byte> bytes) => _swapped ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);
}
