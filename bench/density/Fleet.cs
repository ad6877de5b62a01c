using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Pleiad.Core.Identity;
using Pleiad.Core.Services;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Images;

namespace Pleiad.Bench.Density;

/// <summary>What so many idle machines cost.</summary>
/// <param name="Image">Of which image.</param>
/// <param name="Way">How they came up.</param>
/// <param name="Machines">How many.</param>
/// <param name="StartedMs">Until the last one answered.</param>
/// <param name="ProportionalBytes">PSS of one, the mean.</param>
/// <param name="PrivateBytes">Private memory of one, the mean.</param>
/// <param name="CpuMsPerSecond">CPU of all their processes, in ms a second.</param>
/// <param name="OwnCpuMsPerSecond">CPU of this process, which asks each for its health once a second.</param>
/// <param name="Traces">What is left of them when all are ended: processes, taps, directories, the namespace.</param>
internal sealed record FleetCost(
    string Image, StartMode Way, int Machines, double StartedMs, long ProportionalBytes, long PrivateBytes, double CpuMsPerSecond, double OwnCpuMsPerSecond, int Traces);

/// <summary>Machines of one image on a host of their own.</summary>
internal static class Fleet
{
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Watch = TimeSpan.FromSeconds(10);

    internal static async Task<FleetCost> MeasureAsync(StoredImage image, string kernel, StartMode start, int count, CancellationToken cancellation)
    {
        var directory = Directory.CreateTempSubdirectory("pleiad-density-");
        var options = new MachineHostOptions
        {
            Directory = Path.Combine(directory.FullName, "machines"),
            Namespace = directory.Name,
            CacheDirectory = directory.FullName,
            ProbeKernel = kernel,
            Accelerator = "tcg",
            AddressCount = count,
        };
        try
        {
            FleetCost cost;
            await using (var host = await MachineHost.OpenAsync(options, NullLoggerFactory.Instance, TimeProvider.System, cancellation))
            {
                if (start != StartMode.Cold)
                {
                    host.Prepare([new WarmImage(image, start, 1)]);
                    while (host.SparesOf(image.Digest) == 0)
                    {
                        await Task.Delay(10, cancellation);
                    }
                }

                cost = await MeasureAsync(host, image, start, count, cancellation);
            }

            return cost with { Traces = TracesOf(directory.FullName, options) };
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static async Task<FleetCost> MeasureAsync(MachineHost host, StoredImage image, StartMode start, int count, CancellationToken cancellation)
    {
        var began = TimeProvider.System.GetTimestamp();
        var machines = host.Addresses.Select(address => host.Start(new MachineOrder(
            MachineId.New(), "density", image, address, TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(1), "density") { Start = start })).ToArray();
        var seen = await Task.WhenAll(machines.Select(machine => machine.Started)).WaitAsync(cancellation);
        var started = TimeProvider.System.GetElapsedTime(began).TotalMilliseconds;
        if (seen.FirstOrDefault(one => one.Start?.Way is not { } way || (way == StartMode.Cold) != (start == StartMode.Cold)) is { } other)
        {
            throw new InvalidOperationException($"{other.Id}: {other.Start?.Way.ToString() ?? other.FailureDetail} {other.Start?.Note}");
        }

        host.Prepare(start == StartMode.Cold ? [] : [new WarmImage(image, start, 0)]); // A spare is no machine and is not counted; the template stays.
        await Task.WhenAll(machines.Select(machine => AskAsync(host, machine.Snapshot.Address, image.Manifest.Health))).WaitAsync(cancellation);
        await Task.Delay(Settle, cancellation);
        var processes = machines.Select(machine => machine.Snapshot.ProcessId!.Value).ToArray();
        var (before, ownBefore, watched) = (ProcessCost.ProcessorTime(processes), Environment.CpuUsage.TotalTime, TimeProvider.System.GetTimestamp());
        await Task.Delay(Watch, cancellation);
        var seconds = TimeProvider.System.GetElapsedTime(watched).TotalSeconds;
        var (after, ownAfter) = (ProcessCost.ProcessorTime(processes), Environment.CpuUsage.TotalTime);
        var costs = processes.Select(ProcessCost.Of).ToArray();
        return new FleetCost(
            image.Manifest.Name, start, count, started, (long)costs.Average(one => one.Proportional), (long)costs.Average(one => one.Private),
            (after - before).TotalMilliseconds / seconds, (ownAfter - ownBefore).TotalMilliseconds / seconds, 0);
    }

    private static async Task AskAsync(MachineHost host, MachineAddress address, string path)
    {
        await using var stream = await host.ConnectAsync(address, default);
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: density\r\nConnection: close\r\n\r\n"));
        using var reader = new StreamReader(stream, Encoding.ASCII);
        if (await reader.ReadLineAsync() is not { } status || !status.Contains(" 200 ", StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"{address} does not answer");
        }
    }

    private static int TracesOf(string directory, MachineHostOptions options) =>
        Directory.EnumerateDirectories("/proc").Count(folder => int.TryParse(Path.GetFileName(folder), out _) && CommandLine(folder).Contains(directory, StringComparison.Ordinal) && CommandLine(folder).Contains("qemu", StringComparison.Ordinal))
        + Directory.EnumerateDirectories(options.Directory, "m-*").Count()
        + (File.Exists($"/run/netns/{options.Namespace}") ? 1 : 0);

    private static string CommandLine(string folder)
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, "cmdline"));
        }
        catch (IOException)
        {
            return ""; // It ended while it was looked at.
        }
    }
}
