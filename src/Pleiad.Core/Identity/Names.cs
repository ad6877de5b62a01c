namespace Pleiad.Core.Identity;

/// <summary>The one rule for names of services and images: they become host names, file names and YAML values.</summary>
public static class Names
{
    /// <summary>Longest name, in characters.</summary>
    public const int LengthMax = 40;

    /// <summary>The rule in words, for error messages.</summary>
    public const string Rule = "1 to 40 of a-z, 0-9 and '-', beginning and ending with a letter or digit";

    /// <summary>Whether <paramref name="name"/> keeps the rule.</summary>
    public static bool IsValid(string? name) =>
        name is { Length: > 0 and <= LengthMax }
        && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-')
        && name[0] != '-'
        && name[^1] != '-';
}
