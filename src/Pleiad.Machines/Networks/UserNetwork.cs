using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Pleiad.Core.Identity;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Images;
using Pleiad.Machines.Qemu;

namespace Pleiad.Machines.Networks;

/// <summary>QEMU's user-mode network: needs no privileges. Each machine has a closed network of its own and one loopback port that leads into it.</summary>
internal sealed class UserNetwork : IMachineNetwork
{
    /// <summary>Ports are taken from here to the host's range for outgoing connections, which would take them away.</summary>
    private const int FirstPort = 10_240;
    private const int DefaultOutgoingFirst = 32_768;
    private const int LoopbackPrefix = 24;
    private const string Card = "02:50:0a:00:02:0f";
    private static readonly IPAddress GuestAddress = new([10, 0, 2, 15]);
    private static readonly IPAddress Gateway = new([10, 0, 2, 2]);

    private UserNetwork(IReadOnlyList<MachineAddress> addresses) => Addresses = addresses;

    public NetworkMode Mode => NetworkMode.User;

    public IReadOnlyList<MachineAddress> Addresses { get; }

    public bool StrangersMayAnswer => true;

    /// <summary>Chooses ports that are free now.</summary>
    /// <param name="addresses">How many.</param>
    /// <param name="seed">Text that the search starts from, so that a restart tends to find the same ones.</param>
    /// <param name="kept">Ports of machines that an earlier run left: in the pool although taken.</param>
    /// <exception cref="MachineHostException">There are not so many.</exception>
    public static UserNetwork Open(int addresses, string seed, IEnumerable<int> kept)
    {
        var ports = new List<int>(kept.Distinct().Take(addresses));
        var range = Math.Max(1, OutgoingFirst() - FirstPort);
        var hash = 0u;
        foreach (var c in seed)
        {
            hash = (hash * 31) + c;
        }

        for (var i = 0; i < range && ports.Count < addresses; i++)
        {
            var port = FirstPort + (int)((hash + (uint)i) % (uint)range);
            if (!ports.Contains(port) && IsFree(port))
            {
                ports.Add(port);
            }
        }

        return ports.Count == addresses
            ? new UserNetwork([.. ports.Select(port => new MachineAddress(IPAddress.Loopback, port))])
            : throw new MachineHostException(MachineHostFault.Network, $"only {ports.Count} of {addresses} loopback ports are free from {FirstPort} to {FirstPort + range - 1}; ask for fewer addresses");
    }

    public MachineAddress ServiceAddress(MachineAddress address, ImageManifest image) => address;

    public Task<INetworkPlace> AttachAsync(MachineId machine, MachineAddress? address, ImageManifest image, Home? home = null) => address switch
    {
        null => Task.FromResult(Resume(new MachineAddress(IPAddress.Loopback, FreePort()), image)),
        { } own when IsFree(own.Port) => Task.FromResult(Resume(own, image)),
        { } own => throw new IOException($"port {own} was taken by another program; end that program or restart Pleiad, which chooses free ports anew"),
    };

    /// <remarks>QEMU has a DHCP server of its own in each machine's network, which gives <see cref="GuestAddress"/>.</remarks>
    public Task ServeAsync(ImageManifest image) => Task.CompletedTask;

    public INetworkPlace Resume(MachineAddress address, ImageManifest image) => new Place(address, image.Port);

    public async ValueTask<Socket> ConnectAsync(MachineAddress address, CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
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

    public Task RemoveAsync() => Task.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Whether a server may listen there now.</summary>
    private static bool IsFree(int port)
    {
        // .NET sets SO_REUSEADDR on Unix, as QEMU does: a port in TIME_WAIT counts as free, one with a listener does not.
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            socket.Listen(1);
            return true;
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied)
        {
            return false;
        }
    }

    /// <summary>A port that is free now; should somebody take it before QEMU does, QEMU says so and another spare is made.</summary>
    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private static int OutgoingFirst() =>
        File.Exists("/proc/sys/net/ipv4/ip_local_port_range")
        && int.TryParse(File.ReadAllText("/proc/sys/net/ipv4/ip_local_port_range").Split('\t', ' ')[0], out var first)
        && first > FirstPort + 1024
            ? Math.Min(first, 65_000)
            : DefaultOutgoingFirst;

    private sealed class Place(MachineAddress address, int guestPort) : INetworkPlace
    {
        private static readonly TimeSpan AnswerTimeMax = TimeSpan.FromSeconds(5);
        private MachineAddress _address = address;

        public NicAttachment Nic => new UserNic(new IPEndPoint(_address.Ip, _address.Port), GuestAddress, guestPort, Card);

        public GuestNetwork Guest => new(GuestAddress, LoopbackPrefix, Gateway, Card, guestPort);

        public MachineAddress Service => _address;

        public SafeHandle? Descriptor => null;

        public void Handed()
        {
            // QEMU opens all it needs itself.
        }

        public async Task MoveAsync(MachineAddress address, QmpClient qmp)
        {
            // Only the human monitor has these; an empty answer means done.
            await MonitorAsync(qmp, $"hostfwd_add net tcp:{address.Ip}:{address.Port}-{GuestAddress}:{guestPort}", answer => answer.Length == 0);
            await MonitorAsync(qmp, $"hostfwd_remove net tcp:{_address.Ip}:{_address.Port}", answer => answer.Contains("removed", StringComparison.Ordinal));
            _address = address;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private static async Task MonitorAsync(QmpClient qmp, string command, Func<string, bool> isGood)
        {
            var answer = await qmp.ExecuteAsync("human-monitor-command", json => json.WriteString("command-line", command), AnswerTimeMax, CancellationToken.None);
            if ((answer.GetString() ?? "").Trim() is var text && !isGood(text))
            {
                throw new IOException($"QEMU refused '{command}': {text}");
            }
        }
    }
}
