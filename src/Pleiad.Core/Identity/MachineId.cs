using System.Buffers;
using System.Security.Cryptography;

namespace Pleiad.Core.Identity;

/// <summary>Names one machine for its whole life; never used again for another.</summary>
/// <param name="Value">"m-" and ten characters of base 32 (50 random bits), for example <c>m-k3v9q2xw7d</c>; safe in file names and URLs.</param>
public readonly record struct MachineId(string Value)
{
    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

    private static readonly SearchValues<char> Allowed = SearchValues.Create(Alphabet);

    /// <summary>A new id, unique for all practical purposes.</summary>
    public static MachineId New() => new("m-" + RandomNumberGenerator.GetString(Alphabet, 10));

    /// <summary>Reads an id as <see cref="ToString"/> writes it.</summary>
    /// <returns>False when the text has another form.</returns>
    public static bool TryParse(string? text, out MachineId id)
    {
        id = new MachineId(text ?? "");
        return text is { Length: 12 } && text.StartsWith("m-", StringComparison.Ordinal) && text.AsSpan(2).IndexOfAnyExcept(Allowed) < 0;
    }

    /// <inheritdoc/>
    public override string ToString() => Value;
}
