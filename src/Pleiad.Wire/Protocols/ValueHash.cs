using System.Buffers.Binary;
using System.Buffers.Text;

namespace Pleiad.Wire.Protocols;

/// <summary>Hashes of values that are equal for equal values however a protocol writes them: 42 as text, as int2 or as int8.</summary>
internal static class ValueHash
{
    private const int DigitsMax = 18;

    public static ulong OfNumber(long number) => Mix((ulong)number ^ 0x9E3779B97F4A7C15);

    /// <summary>A text; digits count as the number they write, a UUID as its 16 bytes.</summary>
    public static ulong OfText(ReadOnlySpan<byte> text)
    {
        if (text.Length is > 0 and <= DigitsMax + 1 && Utf8Parser.TryParse(text, out long number, out var used) && used == text.Length && text[0] != '+')
        {
            return OfNumber(number);
        }

        if (text.Length == 36 && Utf8Parser.TryParse(text, out Guid id, out used, 'D') && used == 36)
        {
            Span<byte> bytes = stackalloc byte[16];
            id.TryWriteBytes(bytes, bigEndian: true, out _);
            return OfBytes(bytes);
        }

        return OfBytes(text);
    }

    public static ulong OfBytes(ReadOnlySpan<byte> bytes)
    {
        var hash = 14695981039346656037UL ^ (ulong)bytes.Length;
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
        {
            hash = Step(hash, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        }

        var rest = 0UL;
        foreach (var each in bytes)
        {
            rest = (rest << 8) | each;
        }

        return Mix(Step(hash, rest));
    }

    public static ulong Combine(ulong first, ulong second) => Mix((first * 31) + second);

    // The upper half of the product comes back into the lower, where the next multiplication needs it.
    private static ulong Step(ulong hash, ulong bytes)
    {
        hash = (hash ^ bytes) * 0x9E3779B97F4A7C15;
        return hash ^ (hash >> 32);
    }

    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
        value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
        return value ^ (value >> 31);
    }
}
