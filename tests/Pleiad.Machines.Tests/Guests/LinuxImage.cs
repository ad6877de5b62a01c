using Pleiad.Machines.Images;
using Pleiad.Machines.Images.Linux;
using Pleiad.TestKit;

namespace Pleiad.Machines.Tests.Guests;

/// <summary>Linux images as 'pleiad image build' makes them, with a kernel that is fetched once and kept with the build's artifacts.</summary>
internal static class LinuxImage
{
    private static readonly TimeSpan CompileTime = TimeSpan.FromMinutes(2);

    private static readonly Lazy<Task<string>> ProbeProgram = new(CompileAsync);

    private static string Root => Path.Combine(GuestImage.Repository(), "artifacts", "test-images");

    /// <summary>Builds an image into a store of the test's own.</summary>
    public static async Task<StoredImage> BuildAsync(string directory, LinuxBuildOrder order) =>
        (await new LinuxBuilder(new ImageStore(Path.Combine(directory, "images")), new LinuxBuilderOptions { CacheDirectory = Path.Combine(Root, "cache") })
            .BuildAsync(order, null, CancellationToken.None)).Image;

    /// <summary>The C# service of the samples.</summary>
    public static async Task<StoredImage> PrimesAsync(string directory) =>
        await BuildAsync(directory, new LinuxBuildOrder { Name = "primes-linux", Source = await LinuxPrimesProgram.PathAsync() });

    /// <summary>The program of probe.c, static.</summary>
    public static Task<string> ProbeAsync() => ProbeProgram.Value;

    private static async Task<string> CompileAsync()
    {
        var source = Path.Combine(GuestImage.Repository(), "tests", "Pleiad.Machines.Tests", "Guests", "probe.c");
        var program = Path.Combine(Directory.CreateDirectory(Root).FullName, $"probe-{Environment.ProcessId}");
        await Programs.RunAsync(CompileTime, "gcc", "-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-Os", "-static", "-s", "-o", program, source);
        var kept = Path.Combine(Root, "probe");
        File.Move(program, kept, overwrite: true);
        return kept;
    }
}
