using System.Buffers.Binary;
using Pleiad.Wire.Captures;

namespace Pleiad.Bench.Wire;

/// <summary>Makes a long capture of a short one: the same traffic again and again on the same connections, with times and sequence numbers going on.</summary>
internal static class RepeatedCapture
{
    private const int EthernetHeader = 14;
    private const long PauseNs = 50_000_000;

    public static string Stored(string name)
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            var file = Path.Combine(directory.FullName, "tests", "captures", name);
            if (File.Exists(file))
            {
                return file;
            }
        }

        throw new InvalidOperationException($"no tests/captures/{name} above {AppContext.BaseDirectory}; name a capture");
    }

    /// <summary>Writes a classic capture with nanoseconds; returns its frames.</summary>
    public static long Write(string source, string target, int times, CancellationToken cancellation)
    {
        var frames = Read(source);
        var lengths = Lengths(frames);
        var span = frames[^1].TimeNs - frames[0].TimeNs + PauseNs;
        using var file = new FileStream(target, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20);
        Span<byte> header = stackalloc byte[24];
        header.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(header, 0xa1b23c4d);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], 2);
        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], 4);
        BinaryPrimitives.WriteInt32LittleEndian(header[16..], 262_144);
        BinaryPrimitives.WriteInt32LittleEndian(header[20..], 1);
        file.Write(header);
        Span<byte> record = stackalloc byte[16];
        for (var round = 0; round < times; round++)
        {
            cancellation.ThrowIfCancellationRequested();
            foreach (var (timeNs, original) in frames)
            {
                var frame = original;
                if (round > 0 && KeyOf(frame) is { } key)
                {
                    frame = [.. original];
                    Advance(frame, 4, (uint)(round * lengths.GetValueOrDefault(key)));
                    Advance(frame, 8, (uint)(round * lengths.GetValueOrDefault(Reverse(key))));
                }

                var at = timeNs + (round * span);
                BinaryPrimitives.WriteUInt32LittleEndian(record, (uint)(at / 1_000_000_000));
                BinaryPrimitives.WriteUInt32LittleEndian(record[4..], (uint)(at % 1_000_000_000));
                BinaryPrimitives.WriteInt32LittleEndian(record[8..], frame.Length);
                BinaryPrimitives.WriteInt32LittleEndian(record[12..], frame.Length);
                file.Write(record);
                file.Write(frame);
            }
        }

        return (long)frames.Count * times;
    }

    private static List<(long TimeNs, byte[] Frame)> Read(string source)
    {
        var frames = new List<(long, byte[])>();
        using var reader = CaptureReader.Open(File.OpenRead(source));
        while (reader.TryRead(out var frame))
        {
            frames.Add((frame.TimeNs, frame.Data.ToArray()));
        }

        return frames;
    }

    /// <summary>For each direction of each connection the sequence numbers that the capture uses.</summary>
    private static Dictionary<(ulong Addresses, uint Ports), long> Lengths(List<(long TimeNs, byte[] Frame)> frames)
    {
        var first = new Dictionary<(ulong, uint), uint>();
        var lengths = new Dictionary<(ulong, uint), long>();
        foreach (var (_, frame) in frames)
        {
            if (KeyOf(frame) is not { } key)
            {
                continue;
            }

            var tcp = frame.AsSpan(TcpAt(frame));
            var sequence = BinaryPrimitives.ReadUInt32BigEndian(tcp[4..]);
            first.TryAdd(key, sequence);
            var payload = BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(EthernetHeader + 2)) - ((frame[EthernetHeader] & 15) * 4) - ((tcp[12] >> 4) * 4) + ((tcp[13] & 3) != 0 ? 1 : 0);
            var end = (int)(sequence - first[key]) + payload;
            lengths[key] = Math.Max(lengths.GetValueOrDefault(key), end);
        }

        return lengths;
    }

    private static (ulong Addresses, uint Ports)? KeyOf(byte[] frame) =>
        frame.Length >= EthernetHeader + 40 && BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(12)) == 0x0800 && frame[EthernetHeader + 9] == 6
            ? (BinaryPrimitives.ReadUInt64BigEndian(frame.AsSpan(EthernetHeader + 12)), BinaryPrimitives.ReadUInt32BigEndian(frame.AsSpan(TcpAt(frame))))
            : null;

    private static (ulong Addresses, uint Ports) Reverse((ulong Addresses, uint Ports) key) => ((key.Addresses << 32) | (key.Addresses >> 32), (key.Ports << 16) | (key.Ports >> 16));

    private static int TcpAt(byte[] frame) => EthernetHeader + ((frame[EthernetHeader] & 15) * 4);

    private static void Advance(byte[] frame, int at, uint by)
    {
        var number = frame.AsSpan(TcpAt(frame) + at);
        BinaryPrimitives.WriteUInt32BigEndian(number, BinaryPrimitives.ReadUInt32BigEndian(number) + by);
    }
}
