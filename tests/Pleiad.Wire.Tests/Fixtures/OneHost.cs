using System.Buffers.Binary;
using Pleiad.Wire.Captures;

namespace Pleiad.Wire.Tests.Fixtures;

/// <summary>Stored traffic as it would be with every tier on one machine: all addresses are 127.0.0.1 and the link is the loopback interface's, times and bytes are as they were.</summary>
internal static class OneHost
{
    private const int EthernetBytes = 14;
    private const uint Loopback = 0x7f000001;

    public static byte[] Of(string name)
    {
        using var capture = CaptureReader.Open(new MemoryStream(TestCaptures.Unpacked(name)));
        using var whole = new MemoryStream();
        Span<byte> header = stackalloc byte[24];
        header.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(header, 0xa1b23c4d);
        BinaryPrimitives.WriteInt32LittleEndian(header[16..], 262_144);
        BinaryPrimitives.WriteInt32LittleEndian(header[20..], (int)LinkType.BsdLoopback);
        whole.Write(header);
        Span<byte> record = stackalloc byte[20];
        while (capture.TryRead(out var frame))
        {
            if (BinaryPrimitives.ReadUInt16BigEndian(frame.Data[12..]) != 0x0800)
            {
                continue;
            }

            var packet = frame.Data[EthernetBytes..].ToArray();
            BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(12), Loopback);
            BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(16), Loopback);
            BinaryPrimitives.WriteUInt32LittleEndian(record, (uint)(frame.TimeNs / 1_000_000_000));
            BinaryPrimitives.WriteUInt32LittleEndian(record[4..], (uint)(frame.TimeNs % 1_000_000_000));
            BinaryPrimitives.WriteInt32LittleEndian(record[8..], packet.Length + 4);
            BinaryPrimitives.WriteInt32LittleEndian(record[12..], packet.Length + 4);
            BinaryPrimitives.WriteUInt32LittleEndian(record[16..], 2);
            whole.Write(record);
            whole.Write(packet);
        }

        return whole.ToArray();
    }
}
