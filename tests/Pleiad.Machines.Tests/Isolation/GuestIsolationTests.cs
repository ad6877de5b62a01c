using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text.Json;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Networks;
using Pleiad.Machines.Processes;
using Pleiad.Machines.Tests.Hosting;
using Shouldly;
using Xunit;

namespace Pleiad.Machines.Tests.Isolation;

/// <summary>Attempts from inside a real guest. Each has its counterpart that shows that the attempt would be seen if it succeeded.</summary>
[Trait("Group", "machines")]
public sealed class GuestIsolationTests
{
    private const int ServicePort = 8080;
    private static readonly IPAddress Bridge = IPAddress.Parse("10.77.0.1");

    [Theory]
    [InlineData(NetworkMode.Namespace)]
    [InlineData(NetworkMode.User)]
    public async Task A_machine_reaches_neither_the_host_nor_what_listens_there(NetworkMode network)
    {
        // As Pleiad's API and gateway listen: on the host's loopback and, if told to, on all its addresses.
        using var everywhere = Listen(IPAddress.Any);
        using var loopback = Listen(IPAddress.Loopback);
        await using var test = await TestHost.OpenAsync(options => options.Network = network);
        using var probe = await Probe.StartAsync(test, 0);
        var hosts = HostAddresses().Append(Bridge).Append(IPAddress.Parse("10.0.2.2")).Append(IPAddress.Loopback).Distinct().ToArray();

        foreach (var host in hosts)
        {
            foreach (var port in (int[])[PortOf(everywhere), PortOf(loopback), 22, 7070, 7080])
            {
                (await probe.ConnectAsync(host, port)).ShouldNotBe("connected", $"{host}:{port}");
            }
        }

        // The host reaches its own listeners at each of its addresses, so that a machine that got through would have been let in.
        foreach (var host in HostAddresses())
        {
            using var client = new TcpClient();
            await client.ConnectAsync(host, PortOf(everywhere));
        }

        everywhere.Pending().ShouldBeTrue();
    }

    [Fact]
    public async Task A_machine_reaches_no_other_machine_whether_of_its_own_service_or_of_another()
    {
        await using var test = await TestHost.OpenAsync(options => options.Network = NetworkMode.Namespace);
        using var probe = await Probe.StartAsync(test, 0, "one");
        using var sister = await Probe.StartAsync(test, 1, "one");
        using var stranger = await Probe.StartAsync(test, 2, "two");

        foreach (var other in (Probe[])[sister, stranger])
        {
            (await probe.ConnectAsync(other.Ip, ServicePort)).ShouldNotBe("connected");
            (await probe.ConnectAsync(other.Ip, ServicePort, from: Bridge)).ShouldNotBe("connected");
            using var reached = await test.Host.ConnectAsync(other.Machine.Snapshot.Address, CancellationToken.None);
            reached.CanWrite.ShouldBeTrue("the host reaches it");
        }

        // The counterpart: with a port's isolation taken away the very same attempt succeeds.
        await ShowAsync(test, "link", "set", "dev", sister.Machine.Snapshot.Id.Value, "type", "bridge_slave", "isolated", "off");
        (await probe.ConnectAsync(sister.Ip, ServicePort)).ShouldBe("connected");
        (await probe.ConnectAsync(stranger.Ip, ServicePort)).ShouldNotBe("connected", "that one is isolated still");
    }

    [Fact]
    public async Task A_machine_that_knows_another_s_card_gets_no_frame_to_it()
    {
        await using var test = await TestHost.OpenAsync(Quiet);
        using var probe = await Probe.StartAsync(test, 0);
        using var victim = await Probe.StartAsync(test, 1);
        var frame = Frame(to: NamespaceNetwork.CardOf(victim.Ip), from: NamespaceNetwork.CardOf(probe.Ip));

        (await DeliveredAsync(probe, frame, () => SentToAsync(test, victim))).ShouldBeFalse();
        await ShowAsync(test, "link", "set", "dev", probe.Machine.Snapshot.Id.Value, "type", "bridge_slave", "isolated", "off");
        await ShowAsync(test, "link", "set", "dev", victim.Machine.Snapshot.Id.Value, "type", "bridge_slave", "isolated", "off");
        (await DeliveredAsync(probe, frame, () => SentToAsync(test, victim))).ShouldBeTrue("with isolation taken away it arrives");
    }

    [Fact]
    public async Task Frames_with_a_false_sender_are_dropped_before_they_reach_the_host()
    {
        await using var test = await TestHost.OpenAsync(Quiet);
        using var probe = await Probe.StartAsync(test, 0);
        using var other = await Probe.StartAsync(test, 1);
        var bridge = NamespaceNetwork.CardOf(Bridge);
        var spoofed = Frame(bridge, from: NamespaceNetwork.CardOf(other.Ip));
        var unknown = Frame(bridge, from: PhysicalAddress.Parse("02-00-00-00-00-99"));
        var own = Frame(bridge, from: NamespaceNetwork.CardOf(probe.Ip));

        (await DeliveredAsync(probe, spoofed, () => ReceivedByBridgeAsync(test))).ShouldBeFalse("another machine's card");
        (await DeliveredAsync(probe, unknown, () => ReceivedByBridgeAsync(test))).ShouldBeFalse("an unknown card");
        (await DeliveredAsync(probe, own, () => ReceivedByBridgeAsync(test))).ShouldBeTrue("its own card");
    }

    [Fact]
    public async Task A_connection_under_another_machine_s_address_is_never_made()
    {
        await using var test = await TestHost.OpenAsync(options => options.Network = NetworkMode.Namespace);
        using var probe = await Probe.StartAsync(test, 0);
        using var other = await Probe.StartAsync(test, 1);

        // Nothing of Pleiad's listens in the machines' network. Something that did would be reached from inside: that is the counterpart.
        using var thread = await NamespaceThread.EnterAsync(NamespaceNetwork.PathOf(test.Options.Namespace));
        using var listener = await thread.RunAsync(() => Listen(IPAddress.Any));
        (await probe.ConnectAsync(Bridge, PortOf(listener))).ShouldBe("connected", "the probe does see a success");
        (await probe.ConnectAsync(Bridge, PortOf(listener), from: other.Ip)).ShouldNotBe("connected");
        (await probe.ConnectAsync(Bridge, PortOf(listener), from: Bridge)).ShouldNotBe("connected");
    }

    [Fact]
    public async Task Nothing_listens_in_the_machines_network()
    {
        await using var test = await TestHost.OpenAsync(options => options.Network = NetworkMode.Namespace);
        await test.StartReadyAsync();

        var process = (await Programs.RunAsync(Programs.Find("ip")!, ["netns", "exec", test.Options.Namespace, "cat", "/proc/net/tcp", "/proc/net/udp"], "", TestHost.Patience, CancellationToken.None)).Split('\n');
        const string Listening = "0A";
        process.Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Where(fields => fields.Length > 3 && fields[3] == Listening).ShouldBeEmpty();
    }

    /// <summary>Without health checks between the frames that are counted.</summary>
    private static void Quiet(MachineHostOptions options) => (options.Network, options.HealthInterval) = (NetworkMode.Namespace, TimeSpan.FromMinutes(1));

    private static TcpListener Listen(IPAddress address)
    {
        var listener = new TcpListener(address, 0);
        listener.Start();
        return listener;
    }

    private static int PortOf(TcpListener listener) => ((IPEndPoint)listener.LocalEndpoint).Port;

    private static IEnumerable<IPAddress> HostAddresses() =>
        NetworkInterface.GetAllNetworkInterfaces().SelectMany(card => card.GetIPProperties().UnicastAddresses).Select(address => address.Address).Where(address => address.AddressFamily == AddressFamily.InterNetwork);

    /// <summary>A frame of a type that nobody answers to.</summary>
    private static byte[] Frame(PhysicalAddress to, PhysicalAddress from) => [.. to.GetAddressBytes(), .. from.GetAddressBytes(), 0x88, 0xb5, .. new byte[50]];

    /// <summary>Whether frames that are sent show in a count.</summary>
    private static async Task<bool> DeliveredAsync(Probe probe, byte[] frame, Func<Task<long>> count)
    {
        // The host's own traffic with the machines (health checks, the requests to the probe) counts too: many frames for each request decide.
        const int Frames = 2000;
        var before = await count();
        for (var sent = 0; sent < Frames;)
        {
            sent += await probe.SendAsync(frame, 1000);
        }

        return await count() - before >= Frames;
    }

    private static async Task<long> SentToAsync(TestHost test, Probe probe)
    {
        // Frames count when its QEMU takes them, and it takes them in their order: those that were there before this question have counted when it is answered.
        await probe.AnswersAsync();
        return await CountAsync(test, probe.Machine.Snapshot.Id.Value, "tx");
    }

    private static Task<long> ReceivedByBridgeAsync(TestHost test) => CountAsync(test, "pleiad0", "rx");

    private static async Task<long> CountAsync(TestHost test, string device, string direction)
    {
        using var links = JsonDocument.Parse(await ShowAsync(test, "-j", "-s", "link", "show", "dev", device));
        var counts = links.RootElement[0].GetProperty("stats64").GetProperty(direction);
        return counts.GetProperty("packets").GetInt64() + counts.GetProperty("dropped").GetInt64(); // A guest that has no time for them loses them at its own port.
    }

    private static Task<string> ShowAsync(TestHost test, params string[] what) =>
        Programs.RunAsync(Programs.Find("ip")!, ["-n", test.Options.Namespace, .. what], "", TestHost.Patience, CancellationToken.None);
}
