using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using Pleiad.Core.Identity;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Networks;
using Pleiad.Machines.Processes;
using Pleiad.Machines.Tests.Guests;
using Pleiad.Machines.Tests.Hosting;
using Shouldly;
using Xunit;

namespace Pleiad.Machines.Tests.Networks;

[Trait("Group", "machines")]
public sealed class NetworkTests : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly string _name = "plt-" + MachineId.New().Value;
    private readonly string _ip = Programs.Find("ip")!;

    public async ValueTask DisposeAsync() => await NamespaceNetwork.RemoveLeftAsync(_ip, _name, CancellationToken.None);

    [Fact]
    public async Task A_namespace_is_made_used_again_and_removed()
    {
        var network = await NamespaceNetwork.OpenAsync(_ip, _name, 3, CancellationToken.None);
        network.Addresses.Select(address => address.ToString()).ShouldBe(["10.77.0.2:8080", "10.77.0.3:8080", "10.77.0.4:8080"]);
        File.Exists(NamespaceNetwork.PathOf(_name)).ShouldBeTrue();
        var links = await ShowAsync("-d", "link", "show", "pleiad0");
        links.ShouldContain("02:50:0a:4d:00:01");
        (await ShowAsync("addr", "show", "pleiad0")).ShouldContain("inet 10.77.0.1/16");
        await network.DisposeAsync();

        var again = await NamespaceNetwork.OpenAsync(_ip, _name, 3, CancellationToken.None);
        await again.RemoveAsync();
        await again.DisposeAsync();
        File.Exists(NamespaceNetwork.PathOf(_name)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_tap_is_an_isolated_port_with_one_known_card_and_is_gone_with_its_descriptor()
    {
        await using var network = await NamespaceNetwork.OpenAsync(_ip, _name, 3, CancellationToken.None);
        var machine = MachineId.New();
        var place = await network.AttachAsync(machine, network.Addresses[0], GuestImage.Of("/none", port: 9000).Manifest);

        place.Service.ToString().ShouldBe("10.77.0.2:9000");
        var port = await ShowAsync("-d", "link", "show", machine.Value);
        port.ShouldContain("isolated on");
        port.ShouldContain("learning off");
        port.ShouldContain(" flood off");
        (await ShowAsync("neigh", "show")).ShouldContain("10.77.0.2 dev pleiad0 lladdr 02:50:0a:4d:00:02 PERMANENT");

        await place.DisposeAsync();

        // A process that another test starts at this moment may hold a copy of the descriptor until it has become its program.
        await TestHost.UntilAsync(() => !ShowAsync("link", "show").Result.Contains(machine.Value, StringComparison.Ordinal), () => "the tap is left");
        (await ShowAsync("neigh", "show")).ShouldNotContain("10.77.0.2");
        await network.RemoveAsync();
    }

    [Fact]
    public async Task A_spare_that_lost_its_home_while_its_tap_was_made_does_not_take_it_from_the_machine_there()
    {
        await using var network = await NamespaceNetwork.OpenAsync(_ip, _name, 3, CancellationToken.None);
        var image = GuestImage.Of("/none", port: 9000).Manifest;
        var homes = new Homes(network.Addresses);
        var home = homes.Choose()!;
        homes.Order(home.Address);
        homes.Evict(home.Address);
        var machine = MachineId.New();
        var place = await network.AttachAsync(machine, home.Address, image);

        (await Should.ThrowAsync<IOException>(() => network.AttachAsync(MachineId.New(), home.Address, image, home))).Message.ShouldContain("another machine's");

        (await CardsAsync()).ShouldContain($"02:50:0a:4d:00:04 dev {machine.Value} ");
        (await ShowAsync("neigh", "show")).ShouldContain("10.77.0.4 dev pleiad0 lladdr 02:50:0a:4d:00:04 PERMANENT");
        await place.DisposeAsync();
        await network.RemoveAsync();
    }

    [Fact]
    public async Task A_tap_that_is_moved_leaves_its_old_card_behind()
    {
        await using var network = await NamespaceNetwork.OpenAsync(_ip, _name, 3, CancellationToken.None);
        var machine = MachineId.New();
        var place = await network.AttachAsync(machine, network.Addresses[0], GuestImage.Of("/none", port: 9000).Manifest);

        await place.MoveAsync(network.Addresses[1], qmp: null!);

        var cards = await CardsAsync();
        cards.ShouldContain($"02:50:0a:4d:00:03 dev {machine.Value} ");
        cards.ShouldNotContain("02:50:0a:4d:00:02");
        await place.DisposeAsync();
        await network.RemoveAsync();
    }

    [Fact]
    public async Task Nothing_leads_from_the_namespace_to_the_host()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        await using var network = await NamespaceNetwork.OpenAsync(_ip, _name, 3, CancellationToken.None);

        await Should.ThrowAsync<SocketException>(async () => await network.ConnectAsync(new MachineAddress(IPAddress.Loopback, port), CancellationToken.None));
        (await ShowAsync("route", "show")).Trim().ShouldStartWith("10.77.0.0/16 dev pleiad0");
        await network.RemoveAsync();
    }

    [Fact]
    public async Task A_thread_that_cannot_enter_tells_why()
    {
        var error = await Should.ThrowAsync<Win32Exception>(() => NamespaceThread.EnterAsync("/run/netns/" + _name));
        error.Message.ShouldContain(_name);
    }

    [Fact]
    public async Task A_namespace_thread_hands_failures_to_the_asker_and_refuses_work_after_its_end()
    {
        await using var network = await NamespaceNetwork.OpenAsync(_ip, _name, 1, CancellationToken.None);
        var thread = await NamespaceThread.EnterAsync(NamespaceNetwork.PathOf(_name));
        await Should.ThrowAsync<InvalidDataException>(() => thread.RunAsync<int>(() => throw new InvalidDataException("mine")));
        (await thread.RunAsync(() => 7)).ShouldBe(7);
        thread.Dispose();
        Should.Throw<ObjectDisposedException>(() => { _ = thread.RunAsync(() => 7); });
        await network.RemoveAsync();
    }

    [Fact]
    public void User_mode_offers_free_loopback_ports_the_same_ones_again_and_those_of_leftovers_first()
    {
        var first = UserNetwork.Open(5, "seed", []);
        first.Addresses.Select(address => address.Port).Distinct().Count().ShouldBe(5);
        first.Addresses.ShouldAllBe(address => address.Ip.Equals(IPAddress.Loopback) && address.Port > 1024);
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, first.Addresses[0].Port));
        taken.Listen(1);

        UserNetwork.Open(5, "seed", []).Addresses.ShouldNotContain(first.Addresses[0]);
        UserNetwork.Open(5, "seed", [first.Addresses[0].Port]).Addresses[0].ShouldBe(first.Addresses[0]);
    }

    [Fact]
    public void A_forced_mode_is_taken_and_says_so()
    {
        NetworkChoice.Make(NetworkMode.User).Reason.ShouldBe("asked for");
        var best = NetworkChoice.Make(null);
        best.Reason.ShouldNotBeEmpty();
        (best.Mode == NetworkMode.Namespace).ShouldBe(best.Ip is not null);
    }

    private Task<string> CardsAsync() => Programs.RunAsync(Programs.Find("bridge")!, ["-n", _name, "fdb", "show", "br", "pleiad0"], "", Patience, CancellationToken.None);

    private Task<string> ShowAsync(params string[] what) => Programs.RunAsync(_ip, ["-n", _name, .. what], "", Patience, CancellationToken.None);
}
