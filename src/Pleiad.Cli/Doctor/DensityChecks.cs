using System.Globalization;
using Pleiad.Cli.Output;
using Pleiad.Cli.Running;
using Pleiad.Core.Documents;
using Pleiad.Machines.Checking;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Images;
using Pleiad.Server.Hosting;

namespace Pleiad.Cli.Doctor;

/// <summary>How many machines of an image fit here, by starting some.</summary>
internal static class DensityChecks
{
    private const string Name = "density";

    /// <param name="terminal">Where the steps are told.</param>
    /// <param name="data">The data directory.</param>
    /// <param name="name">The image's name.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<Finding> EstimateAsync(Terminal terminal, string data, string name, CancellationToken cancellation)
    {
        var images = new ImageStore(DataDirectory.ImagesOf(data), terminal.Time);
        if (images.Find(name) is not { } image)
        {
            return new(Name, Verdict.Warn, $"not tried: image {name} is not in the store", "give --image one that 'pleiad image list' shows");
        }

        var (directory, held) = await ThrowawayDirectory.BeginAsync(data, "check", made => Task.FromResult(DataDirectory.Open(made.Path)), terminal.Time, cancellation);
        try
        {
            using (held)
            {
                return Finding(await MeasureAsync(terminal, data, images, image, directory, cancellation));
            }
        }
        catch (Exception error) when (error is MachineHostException or ImageBuildException or ImageStoreException or InvalidInputException)
        {
            return new(Name, Verdict.Warn, $"not tried: {error.Message}");
        }
        finally
        {
            held.Dispose();
            await directory.EndAsync([]);
        }
    }

    /// <summary>What a report says to people.</summary>
    public static Finding Finding(DensityReport report)
    {
        var cloned = report.Cloned is { } count ? string.Create(CultureInfo.InvariantCulture, $"; {Count(count)} clones ({Figures.Bytes(report.ClonedBytes)} each)") : "";
        return new(
            Name,
            report.Booted > 0 ? Verdict.Ok : Verdict.Warn,
            string.Create(CultureInfo.InvariantCulture, $"{Count(report.Booted)} idle machines of {report.Image} fit in nine tenths of the memory ({Figures.Bytes(report.BootedBytes)} each){cloned}"),
            report.Booted > 0 ? null : "free memory, or give the image less");

        static string Count(long machines) => machines < DensityReport.PortsMax ? $"about {machines:N0}" : $"{machines:N0} (what a bridge takes)";
    }

    private static async Task<DensityReport> MeasureAsync(Terminal terminal, string data, ImageStore images, StoredImage image, ThrowawayDirectory directory, CancellationToken cancellation)
    {
        var cache = DataDirectory.CacheOf(data);
        var options = new ImageCheckOptions
        {
            Directory = DataDirectory.MachinesOf(directory.Path),
            Namespace = directory.Namespace,
            CacheDirectory = cache,
            ProbeKernel = await ProbeImage.FindAsync(images, cache, new Steps(terminal), terminal.Time, cancellation),
        };
        var available = HostMemory.AvailableBytes() ?? 0;
        terminal.Note($"starting machines of {image.Manifest.Name} to see what they take …");
        return await DensityCheck.RunAsync(image, options, available, terminal.Time, cancellation);
    }
}
