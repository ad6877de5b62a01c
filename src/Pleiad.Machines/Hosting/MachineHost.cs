using System.Collections.Concurrent;
using System.ComponentModel;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Pleiad.Core.Identity;
using Pleiad.Core.Services;
using Pleiad.Machines.Cloning;
using Pleiad.Machines.Networks;

namespace Pleiad.Machines.Hosting;

/// <summary>The controller of this host's machines: QEMU processes in a network of their own.</summary>
/// <remarks>
/// Addresses of the pool: in a namespace an IP address with the port 8080; a machine answers at its image's port, so its snapshot's address has that
/// port and <see cref="ConnectAsync"/> is given the snapshot's address. Under user-mode networking an address is a loopback port, forwarded to the image's port.
/// </remarks>
public sealed class MachineHost : IMachineHost
{
    private const int WishMax = 16;

    private readonly HostContext _context;
    private readonly WarmPools _warm;
    private readonly ConcurrentDictionary<MachineId, MachineDriver> _machines = new();
    private readonly ConcurrentDictionary<MachineAddress, MachineId> _taken = new();
    private readonly HashSet<MachineAddress> _pool;
    private readonly Lock _gate = new();
    private bool _closed;

    private MachineHost(HostParts parts)
    {
        _context = new HostContext(
            parts.Options,
            parts.Files,
            parts.Mark,
            parts.Network,
            new Homes(parts.Network.Mode == NetworkMode.Namespace ? parts.Network.Addresses : []),
            parts.Qemu,
            parts.Capabilities.Accelerator,
            parts.Launcher,
            parts.Watch,
            new SemaphoreSlim(parts.Options.StartsMax, parts.Options.StartsMax),
            parts.Time,
            parts.Log,
            Forget);
        _warm = new WarmPools(_context);
        _pool = [.. parts.Network.Addresses];
        Capabilities = parts.Capabilities;
    }

    /// <inheritdoc/>
    public HostCapabilities Capabilities { get; }

    /// <inheritdoc/>
    public IReadOnlyList<MachineAddress> Addresses => _context.Network.Addresses;

    /// <inheritdoc/>
    public IReadOnlyCollection<IMachine> Machines => [.. _machines.Values];

    /// <summary>Opens this host: finds QEMU, probes the accelerator, makes the network. Machines of an earlier run are left alone until <see cref="AdoptAsync"/>.</summary>
    /// <param name="options">How.</param>
    /// <param name="loggers">Makes its logger.</param>
    /// <param name="time">Its clock.</param>
    /// <param name="cancellation">Ends the attempt.</param>
    /// <exception cref="MachineHostException">It cannot work here; the message names the remedy.</exception>
    public static Task<MachineHost> OpenAsync(MachineHostOptions options, ILoggerFactory loggers, TimeProvider time, CancellationToken cancellation) =>
        OpenAsync(options, qemuPath: null, loggers, time, cancellation);

    internal static async Task<MachineHost> OpenAsync(MachineHostOptions options, string? qemuPath, ILoggerFactory loggers, TimeProvider time, CancellationToken cancellation) =>
        new(await HostParts.MakeAsync(options, qemuPath, loggers, time, cancellation));

    /// <summary>Ends and removes all that an instance left which was killed, without opening a host.</summary>
    /// <param name="directory">Its <see cref="MachineHostOptions.Directory"/>, which no running Pleiad uses.</param>
    /// <param name="namespaceName">Its <see cref="MachineHostOptions.Namespace"/>.</param>
    /// <param name="time">Measures waits.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>What was removed, and what could not be, one sentence each; logs are left.</returns>
    public static Task<IReadOnlyList<string>> SweepAsync(string directory, string namespaceName, TimeProvider time, CancellationToken cancellation) =>
        HostSweep.RunAsync(new MachineFiles(directory), namespaceName, time, cancellation);

    /// <inheritdoc/>
    public async Task<AdoptionReport> AdoptAsync(Func<MachineOrder, bool> wanted, CancellationToken cancellation)
    {
        var (adopted, removed) = await new Adoption(_context, _warm, wanted).RunAsync(_machines.ContainsKey, cancellation);
        foreach (var driver in adopted)
        {
            Add(driver);
            driver.Run();
            _context.Log.Adopted(driver.Order.Id, driver.Snapshot.Address.ToString());
        }

        foreach (var what in removed)
        {
            _context.Log.Removed(what);
        }

        return new AdoptionReport(adopted, removed);
    }

    /// <inheritdoc/>
    public void Prepare(IReadOnlyCollection<WarmImage> images)
    {
        ArgumentNullException.ThrowIfNull(images);
        _warm.Prepare(images);
    }

    /// <inheritdoc/>
    public int SparesOf(string digest) => _warm.ReadyOf(digest);

    /// <inheritdoc/>
    public AddressWish WishFor(string digest, StartMode start)
    {
        // A wish is looked through for each address of the pool, so it is kept short: who does not get one loses milliseconds.
        MachineAddress[] first = start is StartMode.Auto or StartMode.Resume ? [.. _warm.HomesOf(digest).Take(WishMax)] : [];
        return new AddressWish(first, [.. _context.Homes.All.Except(first).Take(WishMax)]);
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The address is not of the pool or has a machine, the id is in use, or a timeout is not above zero: the caller's book is wrong.</exception>
    public IMachine Start(MachineOrder order)
    {
        ArgumentNullException.ThrowIfNull(order);
        if (!MachineId.TryParse(order.Id.Value, out _))
        {
            throw new ArgumentException($"'{order.Id}' is no machine id", nameof(order));
        }

        if (order.StartTimeout <= TimeSpan.Zero || order.HangTimeout <= TimeSpan.Zero)
        {
            throw new ArgumentException($"the timeouts {order.StartTimeout} and {order.HangTimeout} must be above zero", nameof(order));
        }

        if (!_pool.Contains(order.Address))
        {
            throw new ArgumentException($"{order.Address} is not an address of this host", nameof(order));
        }

        var driver = new MachineDriver(_context, _warm, order);
        Add(driver);
        driver.Run();
        return driver;
    }

    /// <inheritdoc/>
    public async ValueTask<Stream> ConnectAsync(MachineAddress address, CancellationToken cancellation)
    {
        try
        {
            return new NetworkStream(await _context.Network.ConnectAsync(address, cancellation), ownsSocket: true);
        }
        catch (IOException)
        {
            throw new SocketException((int)SocketError.TooManyOpenSockets);
        }
    }

    /// <inheritdoc/>
    public Stream? OpenLog(MachineId machine)
    {
        try
        {
            return MachineId.TryParse(machine.Value, out _)
                ? new FileStream(_context.Files.LogOf(machine), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete)
                : null;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Ends all machines and removes the network. Machines of an earlier run that were not adopted stay, and the network with them.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_context.Options.KeepMachines && !_machines.IsEmpty)
        {
            await _warm.DisposeAsync();
            await AbandonAsync();
            return;
        }

        if (!Close())
        {
            return;
        }

        await _warm.DisposeAsync();
        var drivers = _machines.Values.ToArray();
        await Task.WhenAll(drivers.Select(driver => driver.StopAsync()));
        await Task.WhenAll(drivers.Select(driver => driver.Completion));
        try
        {
            if (_context.Mark.FindAll().Count == 0)
            {
                await _context.Network.RemoveAsync();
                foreach (var left in await _context.Launcher.RemoveAsync())
                {
                    _context.Log.NetworkLeft(left);
                }
            }
            else
            {
                _context.Log.NetworkLeft("machines of an earlier run are in it");
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or Win32Exception)
        {
            _context.Log.NetworkLeft(e.Message);
        }

        await ReleaseAsync();
    }

    /// <summary>Lets go of everything as a killed process does: machines and network stay for the next host to adopt.</summary>
    internal async Task AbandonAsync()
    {
        if (Close())
        {
            await _warm.EndAsync(abandon: true);
            await Task.WhenAll(_machines.Values.Select(driver => driver.AbandonAsync()));
            await ReleaseAsync();
        }
    }

    private bool Close()
    {
        lock (_gate)
        {
            var first = !_closed;
            _closed = true;
            return first;
        }
    }

    private async Task ReleaseAsync()
    {
        await _context.Network.DisposeAsync();
        _context.Launcher.Dispose();
        _context.Watch.Dispose();
        _context.Starts.Dispose();
    }

    private void Add(MachineDriver driver)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            if (!_taken.TryAdd(driver.Order.Address, driver.Order.Id))
            {
                throw new ArgumentException($"{driver.Order.Address} belongs to machine {_taken.GetValueOrDefault(driver.Order.Address)}");
            }

            if (!_machines.TryAdd(driver.Order.Id, driver))
            {
                _taken.TryRemove(driver.Order.Address, out _);
                throw new ArgumentException($"machine {driver.Order.Id} exists already");
            }

            _context.Homes.Order(driver.Order.Address);
        }
    }

    private void Forget(MachineDriver driver)
    {
        _machines.TryRemove(driver.Order.Id, out _);
        _context.Homes.Free(driver.Order.Address);
        _taken.TryRemove(driver.Order.Address, out _);
    }
}
