using System.Buffers.Binary;

namespace Pleiad.Wire.Protocols.PostgreSql;

/// <summary>The values of a Bind message, in text and in binary form.</summary>
internal static class BindValues
{
    /// <summary>Adds the values that say something.</summary>
    /// <param name="content">The message behind the two names.</param>
    /// <param name="values">Takes the values; null and empty ones are left out.</param>
    /// <param name="valuesMax">Most values to take.</param>
    /// <returns>Number of the statement's parameters.</returns>
    public static int Read(ReadOnlySpan<byte> content, List<CallValue> values, int valuesMax)
    {
        if (!TryU16(ref content, out var formats) || content.Length < formats * 2)
        {
            return 0;
        }

        var format = content[..(formats * 2)];
        content = content[(formats * 2)..];
        if (!TryU16(ref content, out var count))
        {
            return 0;
        }

        for (var index = 0; index < count && content.Length >= 4; index++)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(content);
            content = content[4..];
            if (length <= 0)
            {
                continue;
            }

            if (length > content.Length)
            {
                break;
            }

            if (values.Count < valuesMax)
            {
                var isBinary = formats > 0 && BinaryPrimitives.ReadUInt16BigEndian(format[((formats == 1 ? 0 : Math.Min(index, formats - 1)) * 2)..]) == 1;
                values.Add(new CallValue(values.Count, isBinary ? Binary(content[..length]) : ValueHash.OfText(content[..length])));
            }

            content = content[length..];
        }

        return count;
    }

    // int2, int4, int8; what has another length is compared as it is: a UUID's 16 bytes, or a text.
    private static ulong Binary(ReadOnlySpan<byte> value) => value.Length switch
    {
        2 => ValueHash.OfNumber(BinaryPrimitives.ReadInt16BigEndian(value)),
        4 => ValueHash.OfNumber(BinaryPrimitives.ReadInt32BigEndian(value)),
        8 => ValueHash.OfNumber(BinaryPrimitives.ReadInt64BigEndian(value)),
        16 => ValueHash.OfBytes(value),
        _ => ValueHash.OfText(value),
    };

    private static bool TryU16(ref ReadOnlySpan<byte> content, out int value)
    {
        value = content.Length >= 2 ? BinaryPrimitives.ReadUInt16BigEndian(content) : 0;
        content = content.Length >= 2 ? content[2..] : [];
        return content.Length > 0 || value == 0;
    }
}
