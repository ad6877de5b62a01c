using System.Text;
using Pleiad.Load.Http;

namespace Pleiad.Load.Scenarios;

/// <summary>How a value is written where it is put in.</summary>
internal enum ValueForm
{
    Raw,
    Url,
    Json,
}

/// <summary>A text with places for values: <c>${name}</c>, <c>${name:url}</c>, <c>${name:json}</c>, <c>${name:raw}</c>; <c>$${</c> stands for <c>${</c>.</summary>
internal sealed class Template
{
    private readonly (byte[] Text, int Place, ValueForm Form)[] _parts;

    private Template(IReadOnlyList<(byte[], int, ValueForm)> parts, string source)
    {
        _parts = [.. parts];
        Source = source;
    }

    public string Source { get; }

    public bool IsConstant => _parts.All(part => part.Place < 0);

    /// <summary>Reads a template.</summary>
    /// <param name="text">The text.</param>
    /// <param name="form">How values without a form of their own are written.</param>
    /// <param name="place">Gives the place of a name.</param>
    /// <param name="problem">What is wrong, or null.</param>
    public static Template Parse(string text, ValueForm form, Func<string, int> place, out string? problem)
    {
        problem = null;
        var parts = new List<(byte[], int, ValueForm)>();
        var literal = new StringBuilder();
        for (var at = 0; at < text.Length;)
        {
            if (text.AsSpan(at).StartsWith("$${"))
            {
                literal.Append("${");
                at += 3;
                continue;
            }

            if (!text.AsSpan(at).StartsWith("${"))
            {
                literal.Append(text[at++]);
                continue;
            }

            var end = text.IndexOf('}', at);
            var inner = end < 0 ? "" : text[(at + 2)..end];
            var colon = inner.LastIndexOf(':');
            var (name, word) = colon < 0 ? (inner, "") : (inner[..colon], inner[(colon + 1)..]);
            if (end < 0 || name.Length == 0 || word is not ("" or "raw" or "url" or "json"))
            {
                problem = end < 0 ? "has '${' without '}'" : name.Length == 0 ? "has '${}' without a name" : $"has the unknown form '{word}'";
                break;
            }

            parts.Add((Encoding.UTF8.GetBytes(literal.ToString()), -1, ValueForm.Raw));
            literal.Clear();
            parts.Add(([], place(name), word switch { "raw" => ValueForm.Raw, "url" => ValueForm.Url, "json" => ValueForm.Json, _ => form }));
            at = end + 1;
        }

        parts.Add((Encoding.UTF8.GetBytes(literal.ToString()), -1, ValueForm.Raw));
        return new Template([.. parts.Where(part => part.Item2 >= 0 || part.Item1.Length > 0)], text);
    }

    /// <summary>Writes the text with the values of a session.</summary>
    /// <returns>False when a value that it needs is not there yet.</returns>
    public bool TryWrite(ByteBuffer target, byte[]?[] values)
    {
        foreach (var (text, place, form) in _parts)
        {
            if (place < 0)
            {
                target.Add(text);
                continue;
            }

            if (values[place] is not { } value)
            {
                return false;
            }

            switch (form)
            {
                case ValueForm.Url:
                    WriteEscaped(target, value);
                    break;
                case ValueForm.Json:
                    target.Add(System.Text.Json.JsonEncodedText.Encode(value).EncodedUtf8Bytes);
                    break;
                default:
                    target.Add(value);
                    break;
            }
        }

        return true;
    }

    private static void WriteEscaped(ByteBuffer target, ReadOnlySpan<byte> value)
    {
        foreach (var each in value)
        {
            if (char.IsAsciiLetterOrDigit((char)each) || each is (byte)'-' or (byte)'.' or (byte)'_' or (byte)'~')
            {
                target.Add(each);
            }
            else
            {
                target.AddPercent(each);
            }
        }
    }
}
