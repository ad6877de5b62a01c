using Pleiad.Machines.Images;

namespace Pleiad.Server.Hosting;

/// <summary>The kernel that an accelerator is tried with: one of the shipped unikernels, built when there is none yet.</summary>
public static class ProbeImage
{
    /// <summary>Path of the kernel.</summary>
    /// <param name="images">Where images are.</param>
    /// <param name="cache">Where the build keeps what it fetched.</param>
    /// <param name="progress">Is told what takes time; nothing when there is an image already.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="ImageBuildException">There is none and it cannot be built.</exception>
    public static async Task<string> FindAsync(ImageStore images, string cache, IProgress<string> progress, TimeProvider time, CancellationToken cancellation)
    {
        var shipped = images.List().FirstOrDefault(image => image.Damage is null && ShippedImages.Find(image.Manifest.Name) is not null);
        shipped ??= await new UnikernelBuilder(images, new UnikernelBuilderOptions { CacheDirectory = cache }, time).EnsureShippedAsync(ShippedImages.Primes.Name, progress, cancellation);
        return shipped.Manifest.Kernel;
    }
}
