using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using Pleiad.Core.Identity;
using Pleiad.Machines.Images;
using Pleiad.Machines.Networks;
using Pleiad.Machines.Processes;
using Pleiad.Machines.Qemu;
using Pleiad.Machines.Tests.Guests;
using Pleiad.Machines.Tests.Hosting;
using Shouldly;
using Xunit;

namespace Pleiad.Machines.Tests.Networks;

/// <summary>The server by itself; its client is tested with a Linux machine.</summary>
[Trait("Group", "machines")]
public sealed class DhcpTests : IAsyncDisposable
{
    private const ulong BindNetAdminRaw = (1 << 10) | (1 << 12) | (1 << 13);
    private static readonly DhcpConfiguration Configuration = new("pleiad0", new IPAddress([10, 77, 0, 0]), new IPAddress([255, 255, 0, 0]), new IPAddress([10, 77, 0, 1]));
    private readonly string _name = "plt-" + MachineId.New().Value;
    private readonly string _ip = Programs.Find("ip")!;

    private static ImageManifest Asking => GuestImage.Of("/none").Manifest with { Address = AddressTemplate.Dhcp };

    public async ValueTask DisposeAsync() => await NamespaceNetwork.RemoveLeftAsync(_ip, _name, CancellationToken.None);

    [Fact]
    public async Task The_server_begins_with_the_first_guest_that_asks_and_ends_with_the_network()
    {
        var network = await NamespaceNetwork.OpenAsync(_ip, _name, 3, CancellationToken.None);
        await network.ServeAsync(GuestImage.Of("/none").Manifest);
        (await ServersAsync()).ShouldBeEmpty();

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => network.ServeAsync(Asking)));
        var server = (await ServersAsync()).ShouldHaveSingleItem();
        await network.ServeAsync(Asking);
        (await ServersAsync()).ShouldBe([server]);

        await network.RemoveAsync();
        await network.DisposeAsync();
        ProcessIdentity.Read(server).ShouldBeNull();
        File.Exists(NamespaceNetwork.PathOf(_name)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_machine_of_such_an_image_finds_the_server_there()
    {
        await using var network = await NamespaceNetwork.OpenAsync(_ip, _name, 3, CancellationToken.None);
        await using (await network.AttachAsync(MachineId.New(), network.Addresses[1], Asking))
        {
            (await ServersAsync()).ShouldHaveSingleItem();
        }
    }

    [Fact]
    public async Task The_server_is_not_root_and_has_three_capabilities_and_nothing_of_this_process_s_environment()
    {
        Environment.SetEnvironmentVariable("PLEIAD_TEST_SECRET", "s3cret");
        await using var network = await NamespaceNetwork.OpenAsync(_ip, _name, 3, CancellationToken.None);
        await network.ServeAsync(Asking);

        var server = (await ServersAsync()).ShouldHaveSingleItem();
        var status = (await File.ReadAllLinesAsync($"/proc/{server}/status")).Select(line => line.Split(':', 2)).ToDictionary(pair => pair[0], pair => pair[1].Trim());
        status["Uid"].ShouldBe("65534\t65534\t65534\t65534");
        status["Groups"].ShouldBeEmpty();
        status["NoNewPrivs"].ShouldBe("1");
        foreach (var set in (string[])["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"])
        {
            ulong.Parse(status[set], NumberStyles.HexNumber, CultureInfo.InvariantCulture).ShouldBe(BindNetAdminRaw, set);
        }

        (await File.ReadAllTextAsync($"/proc/{server}/environ")).ShouldNotContain("SECRET");
    }

    [Fact]
    public async Task The_kernel_ends_the_server_with_the_thread_that_started_it_as_when_this_process_is_killed()
    {
        var network = await NamespaceNetwork.OpenAsync(_ip, _name, 1, CancellationToken.None);
        var thread = await NamespaceThread.EnterAsync(NamespaceNetwork.PathOf(_name));
        var server = new DhcpServer(_ip, _name, thread, () => Configuration.Write([]));
        await server.ServeAsync();
        var process = server.ProcessId!.Value;

        thread.Dispose();

        await TestHost.UntilAsync(() => ProcessIdentity.Read(process) is null, () => "it runs on");
        await server.DisposeAsync();
        await network.DisposeAsync();
    }

    [Fact]
    public async Task A_server_that_died_is_started_again_and_one_that_was_left_is_ended_first()
    {
        await using var network = await NamespaceNetwork.OpenAsync(_ip, _name, 1, CancellationToken.None);
        using var thread = await NamespaceThread.EnterAsync(NamespaceNetwork.PathOf(_name));
        await using var left = new DhcpServer(_ip, _name, thread, () => Configuration.Write([]));
        await left.ServeAsync();

        await network.ServeAsync(Asking);
        var second = (await ServersAsync()).ShouldHaveSingleItem();
        left.ProcessId.ShouldBeNull();
        ProcessCalls.Kill(second, ProcessCalls.SigKill).ShouldBe(0);
        await TestHost.UntilAsync(() => ProcessIdentity.Read(second) is null, () => "it runs on");
        await network.ServeAsync(Asking);

        (await ServersAsync()).ShouldHaveSingleItem().ShouldNotBe(second);
    }

    [Fact]
    public async Task A_server_that_does_not_run_says_why_in_its_own_words()
    {
        await using var network = await NamespaceNetwork.OpenAsync(_ip, _name, 1, CancellationToken.None);
        using var thread = await NamespaceThread.EnterAsync(NamespaceNetwork.PathOf(_name));
        await using var server = new DhcpServer(_ip, _name, thread, () => (Configuration with { Interface = "nosuch0" }).Write([]));

        var error = await Should.ThrowAsync<IOException>(() => server.ServeAsync());

        error.Message.ShouldStartWith("dnsmasq does not run: ");
        error.Message.ShouldContain("nosuch0");
        (await ServersAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Only_the_server_is_ended_when_a_left_namespace_is_swept_and_who_looks_into_it_is_not()
    {
        var network = await NamespaceNetwork.OpenAsync(_ip, _name, 1, CancellationToken.None);
        using var thread = await NamespaceThread.EnterAsync(NamespaceNetwork.PathOf(_name));
        await using var server = new DhcpServer(_ip, _name, thread, () => Configuration.Write([]));
        await server.ServeAsync();
        using var looker = System.Diagnostics.Process.Start(_ip, ["netns", "exec", _name, "sleep", "60"]);
        await network.DisposeAsync();
        try
        {
            (await NamespaceNetwork.RemoveLeftAsync(_ip, _name, CancellationToken.None)).ShouldBeTrue();

            server.ProcessId.ShouldBeNull();
            looker.HasExited.ShouldBeFalse();
        }
        finally
        {
            looker.Kill();
            await looker.WaitForExitAsync();
        }
    }

    /// <summary>Processes of the server in the namespace.</summary>
    private async Task<int[]> ServersAsync()
    {
        var processes = await Programs.RunAsync(_ip, ["netns", "pids", _name], "", TestHost.Patience, CancellationToken.None);
        return [.. processes.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => int.Parse(line, CultureInfo.InvariantCulture))
            .Where(id => ProcessIdentity.ReadArguments(id) is [var program, ..] && program.EndsWith("/dnsmasq", StringComparison.Ordinal))];
    }
}

/// <summary>What needs no server.</summary>
public sealed class DhcpConfigurationTests
{
    [Fact]
    public void Every_card_has_its_address_for_ever_and_nobody_else_gets_one()
    {
        var configuration = new DhcpConfiguration("pleiad0", new IPAddress([10, 77, 0, 0]), new IPAddress([255, 255, 0, 0]), new IPAddress([10, 77, 0, 1]));

        var lines = configuration.Write([(new PhysicalAddress([2, 0x50, 10, 77, 0, 2]), new IPAddress([10, 77, 0, 2]))]).Split('\n');

        lines.ShouldContain("dhcp-range=10.77.0.0,static,255.255.0.0,infinite");
        lines.ShouldContain("dhcp-host=02:50:0a:4d:00:02,10.77.0.2");
        lines.ShouldContain("dhcp-option=option:router,10.77.0.1");
        lines.ShouldContain("port=0");
        lines.ShouldContain("leasefile-ro");
        lines.ShouldContain("interface=pleiad0");
    }

    [Theory]
    [InlineData("dnsmasq", "dnsmasq is not found, which gives machines their address by DHCP; on Debian: apt-get install --no-install-recommends dnsmasq-base")]
    [InlineData("setpriv", "setpriv is not found, which takes dnsmasq its privileges; on Debian: apt-get install --no-install-recommends util-linux")]
    [InlineData("", null)]
    public void What_is_missing_is_named_with_its_package(string missing, string? said) =>
        DhcpServer.Lacking(program => program == missing ? null : "/usr/bin/" + program).ShouldBe(said);
}
