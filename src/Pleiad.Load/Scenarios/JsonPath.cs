using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Pleiad.Load.Scenarios;

/// <summary>The part of JSON path that names one value: <c>$.items[0].id</c>, <c>$['a b'].c</c>.</summary>
internal sealed class JsonPath
{
    public const string Rule = "give a path such as $.items[0].id or $['a b']";

    private readonly (byte[]? Name, int Index)[] _steps;

    private JsonPath(IReadOnlyList<(byte[]?, int)> steps) => _steps = [.. steps];

    public static JsonPath? Parse(string text)
    {
        if (!text.StartsWith('$'))
        {
            return null;
        }

        var steps = new List<(byte[]?, int)>();
        for (var at = 1; at < text.Length;)
        {
            if (text[at] == '.')
            {
                var end = text.AsSpan(at + 1).IndexOfAny('.', '[') is var found and >= 0 ? at + 1 + found : text.Length;
                if (end == at + 1)
                {
                    return null;
                }

                steps.Add((Encoding.UTF8.GetBytes(text[(at + 1)..end]), 0));
                at = end;
            }
            else if (text.AsSpan(at).StartsWith("['") && text.IndexOf("']", at, StringComparison.Ordinal) is var quote and >= 0)
            {
                steps.Add((Encoding.UTF8.GetBytes(text[(at + 2)..quote]), 0));
                at = quote + 2;
            }
            else if (text[at] == '[' && text.IndexOf(']', at) is var close and >= 0 && int.TryParse(text.AsSpan(at + 1, close - at - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var index))
            {
                steps.Add((null, index));
                at = close + 1;
            }
            else
            {
                return null;
            }
        }

        return new JsonPath(steps);
    }

    /// <summary>The value as text (a text without its quotes; an object or list as it stands), or null when there is none or the body is no JSON that far.</summary>
    public byte[]? Find(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json.StartsWith("\uFEFF"u8) ? json[3..] : json);
        try
        {
            if (!reader.Read())
            {
                return null;
            }

            foreach (var (name, index) in _steps)
            {
                if (!(name is null ? ToItem(ref reader, index) : ToProperty(ref reader, name)))
                {
                    return null;
                }
            }

            return Text(ref reader, json);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static byte[]? Text(ref Utf8JsonReader reader, ReadOnlySpan<byte> json)
    {
        if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
        {
            var begin = (int)reader.TokenStartIndex;
            reader.Skip();
            return json[begin..(int)reader.BytesConsumed].ToArray();
        }

        if (!reader.ValueIsEscaped)
        {
            return reader.ValueSpan.ToArray();
        }

        var rented = ArrayPool<byte>.Shared.Rent(reader.ValueSpan.Length);
        try
        {
            return rented.AsSpan(0, reader.CopyString(rented)).ToArray();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private static bool ToProperty(ref Utf8JsonReader reader, byte[] name)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return false;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var found = reader.ValueTextEquals(name);
            reader.Read();
            if (found)
            {
                return true;
            }

            reader.Skip();
        }

        return false;
    }

    private static bool ToItem(ref Utf8JsonReader reader, int index)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            return false;
        }

        for (var at = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; at++)
        {
            if (at == index)
            {
                return true;
            }

            reader.Skip();
        }

        return false;
    }
}
