using Pleiad.Machines.Images;

namespace Pleiad.Server.Tests.Running;

/// <summary>The shipped images, built once for all tests and kept with the build's artifacts.</summary>
internal static class TestImages
{
    private static readonly Lazy<Task> Built = new(BuildAsync);

    private static readonly string Root = Path.Combine(FindArtifacts(), "test-images");

    internal static string Store => Path.Combine(Root, "images");

    internal static string Cache => Path.Combine(Root, "cache");

    /// <summary>The folder of the whole source.</summary>
    internal static string Source => Path.GetDirectoryName(FindArtifacts())!;

    internal static Task EnsureAsync() => Built.Value;

    private static async Task BuildAsync()
    {
        var builder = new UnikernelBuilder(new ImageStore(Store), new UnikernelBuilderOptions { CacheDirectory = Cache });
        foreach (var shipped in ShippedImages.All)
        {
            await builder.EnsureShippedAsync(shipped.Name, null, CancellationToken.None);
        }
    }

    private static string FindArtifacts()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && folder.Name != "artifacts")
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException($"{AppContext.BaseDirectory} is not below 'artifacts'; build with UseArtifactsOutput");
    }
}
