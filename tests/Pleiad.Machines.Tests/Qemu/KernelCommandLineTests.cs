using System.Net;
using Pleiad.Machines.Qemu;
using Shouldly;
using Xunit;

namespace Pleiad.Machines.Tests.Qemu;

public sealed class KernelCommandLineTests
{
    private static readonly GuestNetwork Network = new(IPAddress.Parse("10.77.1.2"), 16, IPAddress.Parse("10.77.0.1"), "02:50:0a:4d:01:02", 9090);

    [Theory]
    [InlineData("ip={ip}/{prefix} gw={gateway} port={port}", "ip=10.77.1.2/16 gw=10.77.0.1 port=9090")]
    [InlineData("netdev.ip={ip}:{netmask} {mac}", "netdev.ip=10.77.1.2:255.255.0.0 02:50:0a:4d:01:02")]
    [InlineData("{ip}{ip}", "10.77.1.210.77.1.2")]
    [InlineData("{other} {IP} {} {", "{other} {IP} {} {")]
    [InlineData("", "")]
    public void Places_are_filled_and_all_else_stays(string template, string expected) => KernelCommandLine.Render(template, Network).ShouldBe(expected);

    [Theory]
    [InlineData(0, "0.0.0.0")]
    [InlineData(8, "255.0.0.0")]
    [InlineData(17, "255.255.128.0")]
    [InlineData(32, "255.255.255.255")]
    public void Netmasks_follow_the_prefix(int prefix, string expected) => KernelCommandLine.Render("{netmask}", Network with { PrefixLength = prefix }).ShouldBe(expected);
}
