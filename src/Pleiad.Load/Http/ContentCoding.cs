using System.IO.Compression;

namespace Pleiad.Load.Http;

/// <summary>Undoes the compression of a body.</summary>
internal static class ContentCoding
{
    /// <returns>The plain body, or null when it is damaged, cut, unknown or larger than bodies are read.</returns>
    public static byte[]? Decode(string coding, ReadOnlySpan<byte> body)
    {
        if (body.IsEmpty)
        {
            return []; // Servers name a coding for an answer without a body too.
        }

        using var source = new MemoryStream(body.ToArray());
        using Stream? stream = coding.ToUpperInvariant() switch
        {
            "GZIP" or "X-GZIP" => new GZipStream(source, CompressionMode.Decompress),
            "BR" => new BrotliStream(source, CompressionMode.Decompress),
            "DEFLATE" => new ZLibStream(source, CompressionMode.Decompress),
            "IDENTITY" => source,
            _ => null,
        };
        if (stream is null)
        {
            return null;
        }

        using var plain = new MemoryStream();
        try
        {
            var buffer = new byte[16 * 1024];
            while (stream.Read(buffer) is > 0 and var count)
            {
                plain.Write(buffer, 0, count);
                if (plain.Length > AnswerReader.BodyBytesMax)
                {
                    return null;
                }
            }

            return plain.ToArray();
        }
        catch (Exception error) when (error is InvalidDataException or InvalidOperationException)
        {
            // Brotli says of damaged data that the operation is invalid.
            return null;
        }
    }
}
