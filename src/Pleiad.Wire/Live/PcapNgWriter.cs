using System.Buffers.Binary;
using System.Text;

namespace Pleiad.Wire.Live;

/// <summary>Writes frames of one interface as pcapng with nanoseconds.</summary>
internal sealed class PcapNgWriter : IDisposable
{
    private const uint SectionHeader = 0x0a0d0d0a;
    private const uint ByteOrderMagic = 0x1a2b3c4d;
    private const int BlockOverhead = 12;

    private readonly Stream _out;
    private byte[] _block = new byte[64 * 1024];
    private int _length;

    public PcapNgWriter(Stream target, int link, int snapLength, string interfaceName)
    {
        _out = target;
        Begin(SectionHeader);
        U32(ByteOrderMagic);
        U16(1);
        U16(0);
        U32(uint.MaxValue);
        U32(uint.MaxValue);
        End();
        Begin(1);
        U16(link);
        U16(0);
        U32((uint)snapLength);
        Option(2, Encoding.UTF8.GetBytes(interfaceName));
        Option(9, [9]);
        Option(0, []);
        End();
    }

    public long Bytes { get; private set; }

    public void Write(long timeNs, ReadOnlySpan<byte> data, int lengthOnWire)
    {
        Begin(6);
        U32(0);
        U32((uint)((ulong)timeNs >> 32));
        U32((uint)timeNs);
        U32((uint)data.Length);
        U32((uint)lengthOnWire);
        Padded(data);
        End();
    }

    /// <summary>Notes what the capture lost.</summary>
    public void WriteStatistics(long timeNs, ulong received, ulong droppedByInterface, ulong droppedByKernel)
    {
        Begin(5);
        U32(0);
        U32((uint)((ulong)timeNs >> 32));
        U32((uint)timeNs);
        Counter(4, received);
        Counter(5, droppedByInterface);
        Counter(7, droppedByKernel);
        Option(0, []);
        End();
    }

    public void Flush() => _out.Flush();

    public void Dispose() => _out.Dispose();

    private void Begin(uint type)
    {
        _length = 0;
        U32(type);
        U32(0);
    }

    private void End()
    {
        var whole = _length + 4;
        U32((uint)whole);
        BinaryPrimitives.WriteUInt32LittleEndian(_block.AsSpan(4), (uint)whole);
        _out.Write(_block, 0, whole);
        Bytes += whole;
    }

    private void Counter(int code, ulong value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        Option(code, bytes);
    }

    private void Option(int code, ReadOnlySpan<byte> value)
    {
        U16(code);
        U16(value.Length);
        Padded(value);
    }

    private void Padded(ReadOnlySpan<byte> data)
    {
        var padded = (data.Length + 3) & ~3;
        Room(padded + BlockOverhead);
        data.CopyTo(_block.AsSpan(_length));
        _block.AsSpan(_length + data.Length, padded - data.Length).Clear();
        _length += padded;
    }

    private void U16(int value)
    {
        Room(2);
        BinaryPrimitives.WriteUInt16LittleEndian(_block.AsSpan(_length), (ushort)value);
        _length += 2;
    }

    private void U32(uint value)
    {
        Room(4);
        BinaryPrimitives.WriteUInt32LittleEndian(_block.AsSpan(_length), value);
        _length += 4;
    }

    private void Room(int count)
    {
        if (_length + count > _block.Length)
        {
            Array.Resize(ref _block, Math.Max(_length + count, _block.Length * 2));
        }
    }
}
