using Pleiad.Machines.Images;
using Pleiad.TestKit;

namespace Pleiad.Server.Tests.Running;

/// <summary>An image whose kernel does nothing but halt: a machine that never answers.</summary>
internal static class SilentImage
{
    internal static async Task<string> ImportAsync(string directory) => (await ImportAsync(directory, new ImageStore(TestImages.Store))).Manifest.Name;

    internal static async Task<StoredImage> ImportAsync(string directory, ImageStore store, string name = "silent", int memoryMiB = 2)
    {
        var folder = Directory.CreateDirectory(Path.Combine(directory, name)).FullName;
        var manifest = Path.Combine(folder, "image.yaml");
        await File.WriteAllTextAsync(manifest, $"name: {name}\nkernel: {TinyKernel.ThatHangs(folder)}\nmemory: {memoryMiB}MiB\naddress: \"ip={{ip}}\"\n");
        return await store.ImportAsync(manifest);
    }
}
