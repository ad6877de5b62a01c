using Pleiad.Wire.Tests.Fixtures;
using Shouldly;
using Xunit;

namespace Pleiad.Wire.Tests.Protocols;

/// <summary>
/// What the parsers read from stored captures, line by line. The lines were checked against tshark 4.0.17 (requests, statuses, statements and times of HTTP, AJP13, PGSQL and
/// TNS); docs/wire.md says where tshark is wrong. PLEIAD_GOLDEN=write writes them anew.
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
