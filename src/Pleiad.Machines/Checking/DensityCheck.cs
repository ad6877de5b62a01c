using System.Diagnostics;
using Pleiad.Core.Identity;
using Pleiad.Core.Services;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Images;

namespace Pleiad.Machines.Checking;

/// <summary>Estimates how many machines of an image fit on this host, from the memory that some of them really take.</summary>
public static class DensityCheck
{
    /// <summary>Two, so that what they share does not count as one's own.</summary>
    private const int Machines = 2;

    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SpareTimeMax = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan SparePause = TimeSpan.FromMilliseconds(20);

    /// <summary>Starts machines in a host and a network of their own and measures them; nothing of them is left.</summary>
    /// <param name="image">The image.</param>
    /// <param name="options">How.</param>
    /// <param name="availableBytes">Memory that the host can give away now.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellation">Ends it; machines and network are removed before the call returns.</param>
    /// <exception cref="MachineHostException">No machine can run here, or none of this image comes up; the message names the remedy.</exception>
    public static async Task<DensityReport> RunAsync(StoredImage image, ImageCheckOptions options, long availableBytes, TimeProvider time, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(options);
        await using var host = await options.OpenHostAsync(Machines, time, cancellation);
        var booted = await MeasureAsync(host, image, StartMode.Cold, options.Timeout, time, cancellation) ?? throw new UnreachableException();
        long? cloned = null;
        if (image.Manifest.Cloneable)
        {
            await PrepareAsync(host, image, time, cancellation);
            cloned = await MeasureAsync(host, image, StartMode.Clone, options.Timeout, time, cancellation);
        }

        return new DensityReport(image.Manifest.Name, booted, cloned, availableBytes);
    }

    private static async Task PrepareAsync(MachineHost host, StoredImage image, TimeProvider time, CancellationToken cancellation)
    {
        host.Prepare([new WarmImage(image, StartMode.Clone, Machines)]);
        for (var began = time.GetTimestamp(); host.SparesOf(image.Digest) < Machines && time.GetElapsedTime(began) < SpareTimeMax;)
        {
            await Task.Delay(SparePause, time, cancellation);
        }
    }

    /// <returns>Null when machines came up another way than this: then nothing is known of it.</returns>
    private static async Task<long?> MeasureAsync(MachineHost host, StoredImage image, StartMode start, TimeSpan timeout, TimeProvider time, CancellationToken cancellation)
    {
        var machines = host.Addresses.Select(address => host.Start(new MachineOrder(MachineId.New(), "density", image, address, timeout, timeout, "density check") { Start = start })).ToArray();
        try
        {
            var seen = await Task.WhenAll(machines.Select(machine => machine.Started)).WaitAsync(cancellation);
            if (Array.Find(seen, one => one.Start is null) is { } failed)
            {
                throw new MachineHostException(MachineHostFault.BadOption, $"a machine of image {image.Manifest.Name} does not come up: {failed.FailureDetail}; 'pleiad image check {image.Manifest.Name}' says more");
            }

            if (Array.Exists(seen, one => one.Start!.Way != start))
            {
                return null;
            }

            await Task.Delay(Settle, time, cancellation);
            return (long)machines.Average(machine => ProcessMemory.Private(machine.Snapshot.ProcessId ?? 0) ?? throw Unreadable());
        }
        finally
        {
            await Task.WhenAll(machines.Select(machine => machine.StopAsync()));
        }
    }

    private static MachineHostException Unreadable() =>
        new(MachineHostFault.BadOption, "the memory of a machine's process cannot be read in /proc; run it as the user who runs Pleiad");
}
