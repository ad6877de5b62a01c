using System.IO.Compression;
using System.Text;
using Pleiad.Load.Http;
using Shouldly;
using Xunit;

namespace Pleiad.Load.Tests.Http;

public sealed class ContentCodingTests
{
    private static readonly byte[] Plain = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 200).Select(number => $"line {number}; ")));

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    public void Only_a_whole_body_is_read_as_one(string coding)
    {
        var packed = Pack(coding);

        ContentCoding.Decode(coding, packed).ShouldBe(Plain);
        for (var length = 1; length < packed.Length; length++)
        {
            ContentCoding.Decode(coding, packed.AsSpan(0, length)).ShouldBeNull($"{length} of {packed.Length} bytes");
        }
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("identity")]
    public void No_body_is_an_empty_one_whatever_its_coding(string coding) => ContentCoding.Decode(coding, []).ShouldBe([]);

    [Theory]
    [InlineData("compress")]
    [InlineData("gzip, br")]
    public void An_unknown_coding_is_none_that_can_be_read(string coding) => ContentCoding.Decode(coding, Plain).ShouldBeNull();

    private static byte[] Pack(string coding)
    {
        using var packed = new MemoryStream();
        using (Stream stream = coding switch
        {
            "gzip" => new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true),
            "deflate" => new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true),
            _ => new BrotliStream(packed, CompressionLevel.Optimal, leaveOpen: true),
        })
        {
            stream.Write(Plain);
        }

        return packed.ToArray();
    }
}
