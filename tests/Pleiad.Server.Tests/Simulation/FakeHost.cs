using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Pleiad.Core.Identity;
using Pleiad.Core.Services;
using Pleiad.Machines.Hosting;

namespace Pleiad.Server.Tests.Simulation;

/// <summary>A host without QEMU, as strict as the real one about addresses; machines start, fail and die as a seeded chance says.</summary>
internal sealed class FakeHost(int addresses, TimeProvider time, FakeChance chance) : IMachineHost
{
    private readonly ConcurrentDictionary<MachineId, FakeMachine> _machines = new();
    private readonly Lock _lock = new();

    /// <summary>What a caller did that it must not do.</summary>
    internal ConcurrentQueue<string> Violations { get; } = new();

    /// <summary>Asked at each start; a sentence when it must not be.</summary>
    internal Func<MachineOrder, string?> Forbids { get; set; } = _ => null;

    /// <summary>Whether machines of this order never come up.</summary>
    internal Func<MachineOrder, bool> Fails { get; set; } = _ => false;

    /// <summary>How long after their first answer machines of this order die; null for those that do not, or by chance.</summary>
    internal Func<MachineOrder, TimeSpan?> LivesFor { get; set; } = _ => null;

    /// <summary>Whether no connection can be opened, although machines live.</summary>
    internal bool Unreachable { get; set; }

    internal FakeChance Chance => chance;

    internal TimeProvider Time => time;

    /// <summary>Called with each path that a machine was asked for.</summary>
    internal Action<string> Asked { get; set; } = _ => { };

    internal int Started { get; private set; }

    internal IReadOnlyList<FakeMachine> Live => [.. _machines.Values];

    public HostCapabilities Capabilities { get; } = new("tcg", "", NetworkMode.Namespace, "", "0");

    public IReadOnlyList<MachineAddress> Addresses { get; } = [.. Enumerable.Range(2, addresses).Select(last => new MachineAddress(new IPAddress([10, 0, 0, (byte)last]), 8080))];

    public IReadOnlyCollection<IMachine> Machines => [.. _machines.Values];

    public Task<AdoptionReport> AdoptAsync(Func<MachineOrder, bool> wanted, CancellationToken cancellation) => Task.FromResult(new AdoptionReport([], []));

    public void Prepare(IReadOnlyCollection<WarmImage> images)
    {
        // Its machines start at once as it is.
    }

    public int SparesOf(string digest) => 0;

    /// <summary>What it wishes for every machine.</summary>
    internal AddressWish Wish { get; set; } = AddressWish.None;

    public AddressWish WishFor(string digest, StartMode start) => Wish;

    public IMachine Start(MachineOrder order)
    {
        lock (_lock)
        {
            if (_machines.Values.FirstOrDefault(other => other.Snapshot.Address == order.Address) is { } holder)
            {
                Violations.Enqueue($"{order.Id} is to start at {order.Address}, which {holder.Snapshot} has");
                throw new ArgumentException($"{order.Address} belongs to {holder.Snapshot.Id}");
            }

            if (Forbids(order) is { } forbidden)
            {
                Violations.Enqueue($"{order.Id} ({order.Reason}): {forbidden}");
            }

            Started++;
            var machine = new FakeMachine(this, order);
            _machines[order.Id] = machine;
            machine.Run();
            return machine;
        }
    }

    public async ValueTask<Stream> ConnectAsync(MachineAddress address, CancellationToken cancellation)
    {
        await Task.Yield();
        return Unreachable ? throw new SocketException((int)SocketError.HostUnreachable) : _machines.Values.FirstOrDefault(machine => machine.Snapshot.Address == address)?.Connect() ?? throw new SocketException((int)SocketError.ConnectionRefused);
    }

    public Stream? OpenLog(MachineId machine) => null;

    public async ValueTask DisposeAsync() => await Task.WhenAll(_machines.Values.Select(machine => machine.StopAsync()));

    internal void Forget(MachineId machine) => _machines.TryRemove(machine, out _);
}

/// <summary>Seeded chance that many tasks may ask.</summary>
internal sealed class FakeChance(int seed)
{
    private readonly Random _random = new(seed);

    /// <summary>How likely a start fails, 0–1.</summary>
    internal double StartFails { get; set; }

    /// <summary>How likely a machine dies soon after its start, 0–1.</summary>
    internal double Dies { get; set; }

    /// <summary>How long a request takes at most.</summary>
    internal TimeSpan WorkMax { get; set; } = TimeSpan.FromMilliseconds(400);

    internal TimeSpan StartMax { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long every start takes; by chance when null.</summary>
    internal TimeSpan? StartAlways { get; set; }

    /// <summary>How long every request takes; by chance when null.</summary>
    internal TimeSpan? WorkAlways { get; set; }

    internal bool Happens(double share)
    {
        lock (_random)
        {
            return _random.NextDouble() < share;
        }
    }

    internal int Below(int max)
    {
        lock (_random)
        {
            return _random.Next(max);
        }
    }

    internal TimeSpan Upto(TimeSpan max)
    {
        lock (_random)
        {
            return _random.NextDouble() * max;
        }
    }
}
