using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Pleiad.Machines.Images;

/// <summary>Digests as the store writes them: <c>sha256:</c> and 64 lower-case hexadecimal digits.</summary>
internal static class ImageDigest
{
    private const string Prefix = "sha256:";
    private const int HexLength = 64;

    private static readonly SearchValues<char> Hex = SearchValues.Create("0123456789abcdef");

    /// <summary>The digest of a text in UTF-8.</summary>
    public static string Of(string text) => Prefix + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    /// <summary>The digest of a file's content.</summary>
    public static string OfFile(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        return Prefix + Convert.ToHexStringLower(SHA256.HashData(file));
    }

    /// <summary>The digest that a hash has gathered.</summary>
    public static string Of(IncrementalHash hash) => Prefix + Convert.ToHexStringLower(hash.GetHashAndReset());

    /// <summary>Whether a text has a digest's form, and so is safe to make a file name of.</summary>
    public static bool IsValid(string? text) =>
        text?.Length == Prefix.Length + HexLength && text.StartsWith(Prefix, StringComparison.Ordinal) && !text.AsSpan(Prefix.Length).ContainsAnyExcept(Hex);

    /// <summary>The hexadecimal digits of a digest.</summary>
    public static string HexOf(string digest) => digest[Prefix.Length..];
}
