using System.Buffers.Binary;
using System.Text;

namespace Pleiad.Wire.Protocols.PostgreSql;

/// <summary>The values of a Bind message, in text and in binary form.</summary>
internal static class BindValues
{
    private const int ShapeMax = 64;

    /// <summary>Adds the values that say something.</summary>
    /// <param name="content">The message behind the two names.</param>
    /// <param name="values">Takes the values; null and empty ones are left out.</param>
    /// <param name="valuesMax">Most values to take.</param>
    /// <param name="shape">Takes what is the same whenever the statement is executed: how its parameters and columns are written; null when that is known better.</param>
    public static void Read(ReadOnlySpan<byte> content, List<CallValue> values, int valuesMax, StringBuilder? shape)
    {
        if (!TryU16(ref content, out var formats) || content.Length < formats * 2)
        {
            return;
        }

        var format = content[..(formats * 2)];
        content = content[(formats * 2)..];
        if (!TryU16(ref content, out var count))
        {
            return;
        }

        shape?.Append(count).Append(" parameters");
        for (var index = 0; index < count && content.Length >= 4; index++)
        {
            var isBinary = formats > 0 && BinaryPrimitives.ReadUInt16BigEndian(format[((formats == 1 ? 0 : Math.Min(index, formats - 1)) * 2)..]) == 1;
            shape?.Append(index < ShapeMax ? isBinary ? " b" : " t" : "");
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
                values.Add(new CallValue(values.Count, isBinary ? Binary(content[..length]) : ValueHash.OfText(content[..length])));
            }

            content = content[length..];
        }

        // A statement whose columns are all text says no more of them.
        if (shape is not null && TryU16(ref content, out var columns) && columns > 0 && content.Length >= columns * 2)
        {
            shape.Append(", columns");
            for (var index = 0; index < Math.Min(columns, ShapeMax); index++)
            {
                shape.Append(content[(index * 2) + 1] == 1 ? " b" : " t");
            }
        }
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
