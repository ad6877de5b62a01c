using System.Net;
using Pleiad.Core.Identity;
using Shouldly;
using Xunit;

namespace Pleiad.Core.Tests.Identity;

public sealed class IdentityTests
{
    [Theory]
    [InlineData("a")]
    [InlineData("7")]
    [InlineData("primes-unikernel")]
    [InlineData("a--b")]
    [InlineData("a123456789012345678901234567890123456789")]
    public void A_name_that_keeps_the_rule_is_valid(string name) => Names.IsValid(name).ShouldBeTrue();

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("-a")]
    [InlineData("a-")]
    [InlineData("A")]
    [InlineData("a_b")]
    [InlineData("a.b")]
    [InlineData("../a")]
    [InlineData("a b")]
    [InlineData("a\n")]
    [InlineData("é")]
    [InlineData("a1234567890123456789012345678901234567890")]
    public void A_name_that_breaks_the_rule_is_not(string? name) => Names.IsValid(name).ShouldBeFalse();

    [Fact]
    public void Every_valid_name_is_one_file_name_and_one_host_label()
    {
        var random = new Random(5);
        for (var round = 0; round < 20_000; round++)
        {
            var name = string.Concat(Enumerable.Range(0, random.Next(0, 5)).Select(_ => (char)random.Next(0, 0x180)));
            if (Names.IsValid(name))
            {
                Path.GetFileName(name).ShouldBe(name);
                Uri.CheckHostName(name + ".pleiad").ShouldBe(UriHostNameType.Dns);
            }
        }
    }

    [Fact]
    public void New_machine_ids_read_back_and_differ()
    {
        var ids = Enumerable.Range(0, 2_000).Select(_ => MachineId.New()).ToList();

        ids.Distinct().Count().ShouldBe(ids.Count);
        foreach (var id in ids)
        {
            MachineId.TryParse(id.ToString(), out var read).ShouldBeTrue();
            read.ShouldBe(id);
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("m-")]
    [InlineData("m-k3v9q2xw7")]
    [InlineData("m-k3v9q2xw7dd")]
    [InlineData("m-K3V9Q2XW7D")]
    [InlineData("m-k3v9q2xwi7")]
    [InlineData("x-k3v9q2xw7d")]
    [InlineData("m-../../etc/")]
    public void What_is_no_machine_id_is_refused(string? text) => MachineId.TryParse(text, out _).ShouldBeFalse();

    [Fact]
    public void Job_ids_read_back_and_sort_by_the_time_of_submission()
    {
        var start = new DateTimeOffset(2026, 11, 22, 0, 0, 0, TimeSpan.Zero);
        var ids = Enumerable.Range(0, 500).Select(i => JobId.New(start.AddMilliseconds(i))).ToList();

        ids.Select(id => id.ToString()).ShouldBeInOrder();
        foreach (var id in ids)
        {
            JobId.TryParse(id.ToString(), out var read).ShouldBeTrue();
            read.ShouldBe(id);
        }

        JobId.TryParse("no id", out _).ShouldBeFalse();
        JobId.TryParse(null, out _).ShouldBeFalse();
    }

    [Fact]
    public void An_address_is_written_as_the_authority_of_a_URL() => new MachineAddress(IPAddress.Parse("10.77.0.2"), 8080).ToString().ShouldBe("10.77.0.2:8080");
}
