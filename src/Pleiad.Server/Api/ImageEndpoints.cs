using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Pleiad.Client.Contract;
using Pleiad.Machines.Images;
using Pleiad.Server.Fleet;

namespace Pleiad.Server.Api;

/// <summary><c>/api/v1/images</c>: what machines can boot from. Building and importing work on the store itself: <c>pleiad image</c>.</summary>
internal static class ImageEndpoints
{
    internal static void Map(RouteGroupBuilder api, ApiContext context) =>
        api.MapGet("/images", () => Results.Json<IReadOnlyList<ImageInfo>>([.. context.Images.List().Select(Info)], ContractJson.Readable.IReadOnlyListImageInfo))
            .WithName("listImages").Produces<IReadOnlyList<ImageInfo>>().WithTags("images");

    private static ImageInfo Info(StoredImage image) => new(
        image.Manifest.Name, image.Digest, Words.Of(image.Manifest.Kind), image.Bytes, image.Manifest.MemoryBytes, Words.Of(image.Manifest.Platform.Machine),
        image.Manifest.Platform.Nic == NicModel.VirtioMmio ? "virtio-mmio" : "virtio-pci", image.Manifest.Port, image.Manifest.Health, image.Stored);
}
