using System.Buffers.Binary;

namespace Pleiad.Wire.Tests.Fuzz;

/// <summary>Changes captures the way faults and attackers do: on the level of the file, of frames, and of the bytes in them.</summary>
internal static class Mutation
{
    private const int RecordHeader = 16;

    public static byte[] Of(byte[] source, byte[] other, Random chance) => chance.Next(4) switch
    {
        0 => Bytes([.. source], chance),
        1 => Bytes(Cut(source, chance), chance),
        _ => Frames(source, other, chance),
    };

    /// <summary>Single bytes, and lengths set to what is usually forgotten.</summary>
    private static byte[] Bytes(byte[] file, Random chance)
    {
        int[] nasty = [0, 1, -1, int.MaxValue, int.MinValue, 65_535, 4, 3];
        for (var change = 1 + chance.Next(30); change > 0; change--)
        {
            var at = chance.Next(Math.Max(1, file.Length));
            if (chance.Next(3) == 0 && at + 4 <= file.Length)
            {
                BinaryPrimitives.WriteInt32BigEndian(file.AsSpan(at), nasty[chance.Next(nasty.Length)]);
            }
            else if (at < file.Length)
            {
                file[at] = (byte)chance.Next(256);
            }
        }

        return file;
    }

    private static byte[] Cut(byte[] file, Random chance)
    {
        var from = chance.Next(file.Length);
        var count = chance.Next(Math.Min(file.Length - from, 4000) + 1);
        return [.. file[..from], .. file[(from + count)..]];
    }

    /// <summary>Frames dropped, repeated, moved, cut, mixed with another capture's, their bytes changed behind the link layer.</summary>
    private static byte[] Frames(byte[] source, byte[] other, Random chance)
    {
        var frames = Split(source);
        if (chance.Next(4) == 0)
        {
            frames = [.. frames.Concat(Split(other))];
        }

        using var file = new MemoryStream();
        Span<byte> header = stackalloc byte[24];
        header.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(header, 0xa1b23c4d);
        BinaryPrimitives.WriteInt32LittleEndian(header[16..], 262_144);
        BinaryPrimitives.WriteInt32LittleEndian(header[20..], 1);
        file.Write(header);
        for (var index = 0; index < frames.Count; index++)
        {
            var frame = frames[chance.Next(12) == 0 ? chance.Next(frames.Count) : index];
            for (var copies = chance.Next(15) switch { 0 => 0, 1 => 2, _ => 1 }; copies > 0; copies--)
            {
                Write(file, index, Changed(frame, chance), chance);
            }
        }

        return file.ToArray();
    }

    private static byte[] Changed(byte[] frame, Random chance)
    {
        if (chance.Next(5) != 0 || frame.Length < 20)
        {
            return frame;
        }

        byte[] changed = [.. frame];
        var from = chance.Next(2) == 0 ? 14 : Math.Min(66, frame.Length - 1);
        for (var change = 1 + chance.Next(6); change > 0; change--)
        {
            changed[from + chance.Next(changed.Length - from)] = (byte)chance.Next(256);
        }

        return chance.Next(6) == 0 ? changed[..chance.Next(changed.Length)] : changed;
    }

    private static void Write(MemoryStream file, int index, byte[] frame, Random chance)
    {
        Span<byte> header = stackalloc byte[RecordHeader];
        BinaryPrimitives.WriteInt32LittleEndian(header, 1_700_000_000 + (index / 1000) + (chance.Next(200) == 0 ? chance.Next(100_000) : 0));
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], index % 1000 * 1_000_000);
        BinaryPrimitives.WriteInt32LittleEndian(header[8..], frame.Length);
        BinaryPrimitives.WriteInt32LittleEndian(header[12..], frame.Length);
        file.Write(header);
        file.Write(frame);
    }

    private static List<byte[]> Split(byte[] file)
    {
        var frames = new List<byte[]>();
        using var reader = Wire.Captures.CaptureReader.Open(new MemoryStream(file));
        while (reader.TryRead(out var frame))
        {
            frames.Add(frame.Data.ToArray());
        }

        return frames;
    }
}
