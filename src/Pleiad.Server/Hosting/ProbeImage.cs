using Pleiad.Machines.Images;

namespace Pleiad.Server.Hosting;

/// <summary>The kernel that an accelerator is tried with: one of the shipped unikernels, built when there is none yet.</summary>
public static class ProbeImage
{
    /// <summary>Path of the kernel.</summary>
    /// <exception cref="UnikernelBuildException">There is none and it cannot be built.</exception>
    public static async Task<string> FindAsync(ImageStore images, string cache, TimeProvider time, CancellationToken cancellation)
    {
        var shipped = images.List().FirstOrDefault(image => image.Damage is null && ShippedImages.Find(image.Manifest.Name) is not null);
        shipped ??= await new UnikernelBuilder(images, new UnikernelBuilderOptions { CacheDirectory = cache }, time).EnsureShippedAsync(ShippedImages.Primes.Name, null, cancellation);
        return shipped.Manifest.Kernel;
    }
}
