using Pleiad.Wire.Tests.Fixtures;
using Shouldly;
using Xunit;

namespace Pleiad.Wire.Tests.Protocols;

/// <summary>
/// What the parsers make of stored captures, exchange by exchange, as it was when it was looked through; <see cref="TsharkTests"/> compares the messages with another reader's.
/// PLEIAD_GOLDEN=write writes the files anew.
/// </summary>
public sealed class GoldenTests
{
    [Theory]
    [InlineData("edge-cases.pcapng.xz")]
    [InlineData("public/ndpi-ajp.pcap")]
    [InlineData("public/ndpi-oracle12.pcapng")]
    [InlineData("public/ndpi-pgsql.pcap")]
    [InlineData("public/zeek-http-pipelined-requests.pcap")]
    [InlineData("public/zeek-pg-greenhouse-app.pcap")]
    [InlineData("public/zeek-pg-psql-select-now.pcap")]
    public void A_stored_capture_reads_as_it_did(string name)
    {
        var golden = Path.Combine(TestCaptures.Root, "..", "Pleiad.Wire.Tests", "Golden", Path.GetFileName(name) + ".txt");
        var read = ExchangeLog.Describe(TestCaptures.Unpacked(name));
        if (Environment.GetEnvironmentVariable("PLEIAD_GOLDEN") == "write")
        {
            File.WriteAllText(golden, read);
        }

        read.ShouldBe(File.ReadAllText(golden));
    }
}
