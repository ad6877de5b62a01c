using Pleiad.Core.Identity;
using Pleiad.Core.Services;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Images;

namespace Pleiad.Bench.Start;

/// <summary>The ways in which machines of one image come up on a host: cold, cloned, resumed; and many at once.</summary>
internal sealed class MachineWays(MachineHost host, StoredImage image, string label)
{
    /// <summary>What the host is to keep ready: one spare of each kind.</summary>
    internal IEnumerable<WarmImage> Wanted => [new WarmImage(image, StartMode.Clone, 1), new WarmImage(image, StartMode.Resume, 1)];

    /// <summary>A service's machine is ordered where its spare lives, as Pleiad does; one that is resumed elsewhere is what is left when that address has another machine by then.</summary>
    internal IReadOnlyList<(string Name, Func<Task<double>> Measure)> All =>
    [
        .. new[] { StartMode.Cold, StartMode.Clone, StartMode.Resume }.Select(start => (NameOf(start), (Func<Task<double>>)(() => MeasureAsync(start, atHome: true)))),
        ($"{NameOf(StartMode.Resume)} elsewhere", () => MeasureAsync(StartMode.Resume, atHome: false)),
    ];

    internal string NameOf(StartMode start) => $"{label}, {ServiceDocument.WordOf(start)}";

    /// <summary>From the order of all to the first answer of the last, each one's own time, and how they came up.</summary>
    internal async Task<(double AllMs, IReadOnlyList<double> EachMs, IReadOnlyDictionary<StartMode, int> Ways)> BurstAsync(int count, CancellationToken cancellation)
    {
        await ReadyAsync(cancellation);
        var began = TimeProvider.System.GetTimestamp();
        var wish = host.WishFor(image.Digest, StartMode.Auto);
        var machines = wish.First.Union(host.Addresses.Except(wish.Last)).Take(count).Select(address => Order(StartMode.Auto, address)).ToArray();
        var seen = await Task.WhenAll(machines.Select(machine => machine.Started)).WaitAsync(cancellation);
        var all = TimeProvider.System.GetElapsedTime(began).TotalMilliseconds;
        await Task.WhenAll(machines.Select(machine => machine.StopAsync()));
        return seen.FirstOrDefault(one => one.Start is null) is { } failed
            ? throw new InvalidOperationException(failed.FailureDetail)
            : (all, [.. seen.Select(one => one.Start!.Duration.TotalMilliseconds)], seen.CountBy(one => one.Start!.Way).ToDictionary());
    }

    /// <summary>Waits until its spares are there.</summary>
    internal async Task ReadyAsync(CancellationToken cancellation)
    {
        while (host.SparesOf(image.Digest) < 2)
        {
            await Task.Delay(5, cancellation);
        }
    }

    private async Task<double> MeasureAsync(StartMode start, bool atHome)
    {
        var machine = Order(start, atHome && host.WishFor(image.Digest, start) is { First: [var home, ..] } ? home : host.Addresses[0]);
        var seen = await machine.Started;
        await machine.StopAsync();
        return seen.Start is not { } came ? throw new InvalidOperationException(seen.FailureDetail)
            : came.Way != start ? throw new InvalidOperationException($"{NameOf(start)}: it came up {came.Way}: {came.Note}")
            : came.Duration.TotalMilliseconds;
    }

    private IMachine Order(StartMode start, MachineAddress address) =>
        host.Start(new MachineOrder(MachineId.New(), "bench", image, address, TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(10), "a start to measure") { Start = start });
}
