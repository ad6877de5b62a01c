using System.ComponentModel;
using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using Pleiad.Core.Identity;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Images;
using Pleiad.Machines.Processes;
using Pleiad.Machines.Qemu;

namespace Pleiad.Machines.Networks;

/// <summary>A network namespace with a bridge, and a tap on it per machine. Nothing leads from it to the host's own network.</summary>
internal sealed class NamespaceNetwork : IMachineNetwork
{
    /// <summary>The port of an address in the pool; a machine answers at its image's port.</summary>
    public const int PoolPort = 8080;

    internal const string BridgeName = "pleiad0";

    /// <summary>
    /// A tap that nobody reads and nothing is sent to. A bridge without ports has no carrier; when its first port comes the kernel takes up to a second
    /// to start its queue and drops what is sent meanwhile: the first packet to a starting machine.
    /// </summary>
    private const string CarrierName = "pleiad-carrier";

    private const int PrefixLength = 16;
    private const int FirstMachine = 2;

    /// <summary>Machines that have no address of the pool, at most: templates and spares; above the largest pool.</summary>
    private const int ParkingMax = 254;
    private const int DiscardPort = 9;
    private static readonly MachineAddress[] Parking = [.. Enumerable.Range(1, ParkingMax).Select(i => new MachineAddress(new IPAddress([10, 77, 255, (byte)i]), PoolPort))];
    internal static readonly IPAddress Gateway = new([10, 77, 0, 1]);
    private static readonly TimeSpan IpTimeMax = TimeSpan.FromSeconds(10);

    private readonly string _ip;
    private readonly string _name;
    private readonly NamespaceThread _thread;
    private readonly RouteSocket _routes;
    private readonly uint _bridge;
    private readonly SafeFileHandle _carrier;
    private readonly Socket _datagrams;
    private readonly ParkingLot _parking = new(Parking);
    private readonly DhcpServer _dhcp;

    private NamespaceNetwork(string ip, string name, int addresses, NamespaceThread thread, RouteSocket routes, uint bridge, SafeFileHandle carrier, Socket datagrams)
    {
        _ip = ip;
        _name = name;
        _thread = thread;
        _routes = routes;
        _bridge = bridge;
        _carrier = carrier;
        _datagrams = datagrams;
        Addresses = [.. Enumerable.Range(FirstMachine, addresses).Select(i => new MachineAddress(new IPAddress([10, 77, (byte)(i >> 8), (byte)i]), PoolPort))];
        var configuration = new DhcpConfiguration(BridgeName, new IPAddress([10, 77, 0, 0]), new IPAddress([255, 255, 0, 0]), Gateway);
        _dhcp = new DhcpServer(ip, name, thread, () => configuration.Write(Addresses.Concat(Parking).Select(address => (CardOf(address.Ip), address.Ip))));
    }

    public NetworkMode Mode => NetworkMode.Namespace;

    public IReadOnlyList<MachineAddress> Addresses { get; }

    public bool StrangersMayAnswer => false;

    /// <summary>Makes the namespace, or takes over the one an earlier run left.</summary>
    /// <exception cref="MachineHostException">It cannot be made.</exception>
    public static async Task<NamespaceNetwork> OpenAsync(string ip, string name, int addresses, CancellationToken cancellation)
    {
        NamespaceThread? thread = null;
        try
        {
            if (!File.Exists(PathOf(name)))
            {
                await Programs.RunAsync(ip, ["netns", "add", name], "", IpTimeMax, cancellation);
            }

            thread = await NamespaceThread.EnterAsync(PathOf(name));
            await DisableIpv6Async(thread);
            var exists = await thread.RunAsync(() => NetworkCalls.InterfaceIndex(BridgeName)) != 0;
            await Programs.RunAsync(ip, ["-n", name, "-batch", "-"], BridgeCommands(exists), IpTimeMax, cancellation);
            var own = thread;
            var network = await thread.RunAsync(() =>
            {
                var routes = new RouteSocket();
                var bridge = NetworkCalls.InterfaceIndex(BridgeName);
                var carrier = Tap.Open(CarrierName);
                routes.JoinBridge(NetworkCalls.InterfaceIndex(CarrierName), bridge, broadcasts: false);
                return new NamespaceNetwork(ip, name, addresses, own, routes, bridge, carrier, new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
            });
            thread = null;
            return network;
        }
        catch (Exception e) when (e is IOException or Win32Exception)
        {
            throw new MachineHostException(MachineHostFault.Network, $"the network namespace {name} cannot be made: {e.Message}", e);
        }
        finally
        {
            thread?.Dispose();
        }
    }

    /// <summary>Removes a namespace that an earlier run left.</summary>
    /// <returns>False when there is none.</returns>
    public static async Task<bool> RemoveLeftAsync(string ip, string name, CancellationToken cancellation)
    {
        if (!File.Exists(PathOf(name)))
        {
            return false;
        }

        await DhcpServer.EndLeftAsync(ip, name, cancellation);
        await Programs.RunAsync(ip, ["netns", "del", name], "", IpTimeMax, cancellation);
        return true;
    }

    /// <summary>The file that stands for a namespace made by <c>ip netns</c>.</summary>
    public static string PathOf(string name) => $"/run/netns/{name}";

    /// <summary>A card's address made of an IP address: the same machine address always has the same card, locally administered.</summary>
    internal static PhysicalAddress CardOf(IPAddress ip) => new([0x02, 0x50, .. ip.GetAddressBytes()]);

    internal static string TextOf(PhysicalAddress card) => string.Join(':', card.GetAddressBytes().Select(b => b.ToString("x2", CultureInfo.InvariantCulture)));

    public MachineAddress ServiceAddress(MachineAddress address, ImageManifest image) => address with { Port = image.Port };

    public async Task<INetworkPlace> AttachAsync(MachineId machine, MachineAddress? address, ImageManifest image, Home? home = null)
    {
        await ServeAsync(image);
        var parking = address is null ? _parking.Take() : (MachineAddress?)null;
        var place = new NamespacePlace(this, address ?? parking!.Value, image, parking, home);
        try
        {
            var own = place.Service.Ip;
            var (tap, link) = await _thread.RunAsync(() => OpenTap(machine, own, home));
            place.Open(tap, link);
            return place;
        }
        catch (Exception e) when (e is Win32Exception or IOException)
        {
            Return(parking);
            throw new IOException($"the machine's tap cannot be made: {e.Message}", e);
        }
    }

    public Task ServeAsync(ImageManifest image) => AddressTemplate.IsDhcp(image.Address) ? _dhcp.ServeAsync() : Task.CompletedTask;

    public INetworkPlace Resume(MachineAddress address, ImageManifest image) => new NamespacePlace(this, address, image, parking: null, home: null);

    public async ValueTask<Socket> ConnectAsync(MachineAddress address, CancellationToken cancellation)
    {
        var socket = await _thread.RunAsync(static () => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true });
        try
        {
            await socket.ConnectAsync(new IPEndPoint(address.Ip, address.Port), cancellation);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public async Task RemoveAsync() => await RemoveLeftAsync(_ip, _name, CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await _dhcp.DisposeAsync();
        await _thread.RunAsync(() =>
        {
            _routes.Dispose();
            _carrier.Dispose();
            _datagrams.Dispose();
            return true;
        });
        _thread.Dispose();
    }

    /// <summary>Commands for <c>ip -batch</c>. The bridge keeps one card address: it would take its lowest port's otherwise, and guests would look for it anew.</summary>
    private static string BridgeCommands(bool exists) => string.Join(
        '\n',
        [
            "link set lo up",
            .. exists ? Array.Empty<string>() : [$"link add {BridgeName} type bridge mcast_snooping 0 stp_state 0 forward_delay 0"],
            $"link set {BridgeName} address {TextOf(CardOf(Gateway))} up",
            $"addr replace {Gateway}/{PrefixLength} dev {BridgeName}",
            "",
        ]);

    /// <summary>Guests speak IPv4: without this every new tap would wake all of them with IPv6's announcements.</summary>
    private static Task<bool> DisableIpv6Async(NamespaceThread thread) => thread.RunAsync(() =>
    {
        const string Setting = "/proc/sys/net/ipv6/conf/default/disable_ipv6";
        if (File.Exists(Setting))
        {
            File.WriteAllText(Setting, "1");
        }

        return true;
    });

    /// <summary>What the guest at an address is told.</summary>
    internal static GuestNetwork GuestAt(IPAddress ip, int port) => new(ip, PrefixLength, Gateway, TextOf(CardOf(ip)), port);

    /// <summary>Gives a parking address back.</summary>
    internal void Return(MachineAddress? parking)
    {
        if (parking is { } address)
        {
            _parking.Return(address);
        }
    }

    /// <summary>Leads an address's traffic to a tap, and another's no longer, unless that is led elsewhere by now.</summary>
    internal Task MoveAsync(uint link, IPAddress from, Home? home, IPAddress to) => _thread.RunAsync(() =>
    {
        Unlead(from, home);
        _routes.RemovePortAddress(link, CardOf(from));
        Lead(link, to);
        return true;
    });

    /// <summary>Leads an address's traffic nowhere, unless it is led elsewhere by now.</summary>
    internal Task LeaveAsync(IPAddress ip, Home? home) => _thread.RunAsync(() =>
    {
        Unlead(ip, home);
        return true;
    });

    private (SafeFileHandle Tap, uint Link) OpenTap(MachineId machine, IPAddress ip, Home? home)
    {
        if (home is { IsLost: true })
        {
            throw new IOException($"{ip} is another machine's by now"); // Which was led there on this thread, or will be: it must not be led away.
        }

        var name = machine.Value;
        var tap = Tap.Open(name);
        try
        {
            var link = NetworkCalls.InterfaceIndex(name);
            _routes.JoinBridge(link, _bridge, broadcasts: true);
            Lead(link, ip);

            // What is sent to a guest before its driver runs waits in the tap, but for the one packet that QEMU has taken out of it: that one QEMU drops
            // when the driver reports (it delivers while the card's status is not yet set). So that it is not the first connection, it is this.
            _datagrams.SendTo([], new IPEndPoint(ip, DiscardPort));
            return (tap, link);
        }
        catch
        {
            tap.Dispose();
            throw;
        }
    }

    /// <summary>A home is lost before the machine that takes it is led there, on this same thread: what is looked at here cannot change under way.</summary>
    private void Unlead(IPAddress ip, Home? home)
    {
        if (home is not { IsLost: true })
        {
            _routes.RemoveNeighbour(_bridge, ip);
        }
    }

    private void Lead(uint link, IPAddress ip)
    {
        var card = CardOf(ip);
        _routes.AddPortAddress(link, card);
        _routes.AddNeighbour(_bridge, ip, card);
    }
}
