using System.Collections.Concurrent;
using System.Text.Json;
using Pleiad.Core.Identity;
using Pleiad.Core.Services;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Images;
using Pleiad.Machines.Processes;
using Pleiad.Machines.Tests.Guests;
using Pleiad.Machines.Tests.Hosting;

namespace Pleiad.Machines.Tests.Cloning;

/// <summary>What a guest of the service "identity" says of itself.</summary>
internal sealed record Identity(string Address, string Random, DateTimeOffset Time);

/// <summary>A host that keeps spares of an image whose service says who it is.</summary>
internal sealed class WarmHost : IAsyncDisposable
{
    private readonly StoredImage _image;
    private readonly StartMode _start;
    private readonly string _path;

    private WarmHost(TestHost test, StoredImage image, StartMode start, string path) => (Test, _image, _start, _path) = (test, image, start, path);

    internal TestHost Test { get; }

    internal ConcurrentQueue<HostNotice> Notices { get; } = new();

    /// <summary>Of the unikernel with the service "identity".</summary>
    internal static async Task<WarmHost> OpenAsync(StartMode start, int spares, NetworkMode network = NetworkMode.Namespace, int addresses = 16, Func<string, string>? qemu = null)
    {
        var image = GuestImage.Of(await GuestImage.KernelAsync("identity"));
        return await OpenAsync(_ => Task.FromResult(image with { Manifest = image.Manifest with { Cloneable = true } }), "/", start, spares, network, addresses, qemu);
    }

    /// <summary>Of the C# service on Debian's kernel.</summary>
    internal static Task<WarmHost> OpenLinuxAsync(StartMode start, int spares) =>
        OpenAsync(LinuxImage.PrimesAsync, "/identity", start, spares, NetworkMode.Namespace, addresses: 16, qemu: null);

    private static async Task<WarmHost> OpenAsync(
        Func<string, Task<StoredImage>> image, string path, StartMode start, int spares, NetworkMode network, int addresses, Func<string, string>? qemu)
    {
        var test = await TestHost.OpenAsync(
            options =>
            {
                options.Network = network;
                options.AddressCount = addresses;
            },
            qemu);
        var warm = new WarmHost(test, await image(test.Scratch), start, path);
        test.Options.Noticed = warm.Notices.Enqueue;
        warm.Prepare(spares);
        return warm;
    }

    internal void Prepare(int spares) => Test.Host.Prepare([new WarmImage(_image, _start, spares)]);

    /// <summary>Waits until so many spares are ready to be taken.</summary>
    internal Task SparesAsync(int count) => TestHost.UntilAsync(
        () => Test.Host.SparesOf(_image.Digest) == count,
        () => $"{Test.Host.SparesOf(_image.Digest)} spares; {string.Join("; ", Notices.Select(notice => notice.Reason).Concat(Test.Logged))}");

    internal IMachine Start(int address) => Start(address, _start);

    internal Task<IMachine> StartAsync(int address) => StartAsync(address, _start);

    internal async Task<IMachine> StartAsync(int address, StartMode start)
    {
        var machine = Start(address, start);
        var snapshot = await machine.Started.WaitAsync(TestHost.Patience);
        return snapshot.State == MachineState.Ready ? machine : throw new InvalidOperationException($"not ready: {snapshot}");
    }

    private IMachine Start(int address, StartMode start) => Test.Host.Start(Test.Order(_image, address) with { Start = start });

    internal async Task<Identity> AskAsync(IMachine machine)
    {
        using var client = new HttpClient(new SocketsHttpHandler { ConnectCallback = (_, cancellation) => Test.Host.ConnectAsync(machine.Snapshot.Address, cancellation) });
        using var answer = JsonDocument.Parse(await client.GetStringAsync(new Uri("http://machine" + _path)));
        var root = answer.RootElement;
        return new Identity(
            root.GetProperty("address").GetString()!,
            root.GetProperty("random").GetString()!,
            DateTimeOffset.UnixEpoch.AddTicks(root.GetProperty("unixNanoseconds").GetInt64() / 100));
    }

    /// <summary>Connections that the host has to an address: its own side of each.</summary>
    internal async Task<IReadOnlyList<string>> ConnectionsAsync(MachineAddress address)
    {
        var lines = await Programs.RunAsync(
            Programs.Find("ip")!, ["netns", "exec", Test.Options.Namespace, "ss", "-Htn", "state", "established", "dst", address.Ip.ToString()], "", TestHost.Patience, CancellationToken.None);
        return [.. lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[2])];
    }

    /// <summary>Where machines of it come up quickest.</summary>
    internal IReadOnlyList<MachineAddress> Homes => Test.Host.WishFor(_image.Digest, _start).First;

    /// <summary>Where spares live, also while they are being proven.</summary>
    internal IReadOnlyList<MachineAddress> HomesOfAll => Test.Host.WishFor(_image.Digest, _start).Last;

    internal async Task<IMachine> StartThereAsync(MachineAddress address, StartMode start)
    {
        var machine = Test.Host.Start(Test.Order(_image) with { Address = address, Start = start });
        await machine.Started.WaitAsync(TestHost.Patience);
        return machine.Snapshot.State == MachineState.Ready ? machine : throw new InvalidOperationException($"not ready: {machine.Snapshot}");
    }

    public ValueTask DisposeAsync() => Test.DisposeAsync();
}
