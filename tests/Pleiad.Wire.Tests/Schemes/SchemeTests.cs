using Pleiad.Core.Documents;
using Pleiad.Wire.Schemes;
using Pleiad.Wire.Tests.Accuracy;
using Shouldly;
using Xunit;

namespace Pleiad.Wire.Tests.Schemes;

public sealed class SchemeTests
{
    [Fact]
    public void A_scheme_is_read_and_written_back()
    {
        var scheme = SchemeDocument.Parse("tiers:\n- { name: web, addresses: [10.0.0.1, 'fd00::1'], port: 80 }\n- { name: app, address: 10.0.0.2, ports: [8009, 8080], replicas: 2, calls: [db, search] }\n- { name: db, port: 5432, calls: [] }\n- { name: search, port: 9200 }");

        scheme.Tiers.Select(tier => tier.Name).ShouldBe(["web", "app", "db", "search"]);
        scheme.Tiers[1].Ports.ShouldBe([8009, 8080]);
        var again = SchemeDocument.Parse(SchemeDocument.Write(scheme));
        SchemeDocument.Write(again).ShouldBe(SchemeDocument.Write(scheme));
        new TierMap(scheme).Depth.ShouldBe([0, 1, 2, 2]);
    }

    [Fact]
    public void All_that_is_wrong_is_said_at_once()
    {
        var refused = Should.Throw<InvalidInputException>(() => SchemeDocument.Parse("tiers:\n- { name: web, address: nowhere }\n- { name: web, port: 99999 }\n- { name: db, port: 1, calls: [web, gone], extra: 1 }"));

        var text = refused.Message;
        text.ShouldContain("tiers[0].address 'nowhere' is no IP address");
        text.ShouldContain("tiers[1].name 'web' is there twice");
        text.ShouldContain("tiers[1].port '99999' is out of range");
        text.ShouldContain("'gone' is no other tier");
        text.ShouldContain("tiers[2].extra is no known key");
    }

    [Theory]
    [InlineData("")]
    [InlineData("tiers: []")]
    [InlineData("tiers: [a]")]
    public void A_scheme_needs_tiers(string text) => Should.Throw<InvalidInputException>(() => SchemeDocument.Parse(text));

    [Fact]
    public void The_samples_are_schemes()
    {
        var samples = Directory.GetFiles(Path.Combine(Fixtures.TestCaptures.Root, "..", "..", "samples", "schemes"), "*.yaml");

        samples.ShouldNotBeEmpty();
        samples.ShouldAllBe(file => SchemeDocument.Parse(File.ReadAllText(file), file).Tiers.Count > 0);
    }

    [Theory]
    [InlineData("ajp-c1", 8009)]
    [InlineData("ajp-c4", 8009)]
    [InlineData("vm-ajp-c4", 8009)]
    [InlineData("http-c16", 8080)]
    public void A_scheme_is_proposed_where_every_tier_is_on_one_machine(string capture, int appPort)
    {
        var collected = CollectedRequests.Of(new MemoryStream(Fixtures.OneHost.Of(capture + ".pcapng.xz")));

        SchemeDocument.Write(collected.Assembler!.Scheme!).ShouldBe(
            $"tiers:\n  - name: web\n    address: 127.0.0.1\n    port: 80\n  - name: app\n    address: 127.0.0.1\n    port: {appPort}\n  - name: db\n    address: 127.0.0.1\n    port: 5432\n");
        // And its requests find their calls as they do on three machines.
        collected.Requests.Count.ShouldBe(Truth.Of(capture).Count);
        collected.Requests.Count(request => request.Calls is [{ Calls.Count: > 0 }]).ShouldBeGreaterThan((int)(0.99 * collected.Requests.Count));
    }

    [Fact]
    public void A_scheme_is_proposed_from_the_traffic()
    {
        var scheme = CollectedRequests.Of("vm-ajp-c4").Assembler!.Scheme!;

        SchemeDocument.Write(scheme).ShouldBe("tiers:\n  - name: web\n    address: 10.77.0.2\n    port: 80\n  - name: app\n    address: 10.77.0.3\n    port: 8009\n  - name: db\n    address: 10.77.0.4\n    port: 5432\n");
    }
}
