using Pleiad.Core.Services;
using Pleiad.Machines.Images;

namespace Pleiad.Server.Fleet;

/// <summary>
/// Which image a service has, which is to take its place and which it was changed from: pins of three owners in the image store. A server that begins after a kill
/// between any two steps finds one answer, and never one that was refused.
/// </summary>
/// <remarks>
/// The image that is to take the place is pinned as the next one, then the service is written, then it is pinned as the service's own. So an own pin that is a next pin too
/// is the newest one, and a next pin alone is of a service that was not written, unless the service that was written names that image and no other.
/// </remarks>
internal sealed class ServiceImages(ImageStore images, string dataDirectory)
{
    /// <summary>The image a service was applied with, also when its name stands for another by now; a new one is taken up by applying the service again.</summary>
    internal async Task<FleetImage> AppliedAsync(ServiceSpec spec, CancellationToken cancellation)
    {
        string? digest = null;
        try
        {
            var (own, next) = (PinsOf(Owner(spec.Name)), PinsOf(NextOwner(spec.Name)));
            digest = (own.Find(pin => next.Exists(other => other.Digest == pin.Digest))
                ?? own.Find(pin => pin.Name == spec.Image)
                ?? next.Find(pin => pin.Name == spec.Image))?.Digest;
            if (digest is null && images.Find(spec.Image) is { } named)
            {
                // It was written without its image: the answer of the store was lost, and the service was refused. What it had is what it is changed from.
                digest = named.Digest;
                if (own is [var had, ..])
                {
                    await images.PinAsync(had.Name, had.Digest, FormerOwner(spec.Name), cancellation);
                }

                await OfferAsync(spec.Name, named, former: null, cancellation);
            }

            digest ??= own.FirstOrDefault()?.Digest;
            if (digest is null)
            {
                throw new ImageStoreException(ImageStoreFailure.NotFound, $"image {spec.Image} is not in the store; build or import it");
            }

            var image = images.Get(digest);
            if (!own.Exists(pin => pin.Digest == digest))
            {
                await TakeAsync(spec.Name, image, cancellation);
            }

            return FleetImage.Of(image);
        }
        catch (ImageStoreException error)
        {
            return new FleetImage(digest, null, error.Message);
        }
    }

    /// <summary>The image that a service was being changed from, or null.</summary>
    /// <param name="service">Its name.</param>
    /// <param name="applied">The digest it was applied with. Pinned as the former one too it is what a change was to leave or to go back to, and not what it goes on from.</param>
    internal FleetImage? Former(string service, string? applied)
    {
        string? digest = null;
        try
        {
            digest = PinsOf(FormerOwner(service)).Find(pin => pin.Digest != applied)?.Digest;
            return digest is null ? null : FleetImage.Of(images.Get(digest));
        }
        catch (ImageStoreException error)
        {
            return digest is null ? null : new FleetImage(digest, null, error.Message);
        }
    }

    /// <summary>Keeps what a service is to be changed to, and from; it still has the image it had.</summary>
    /// <exception cref="ImageStoreException">The change must not be written.</exception>
    internal async Task OfferAsync(string service, StoredImage next, StoredImage? former, CancellationToken cancellation)
    {
        if (former is not null)
        {
            await images.PinAsync(former.Manifest.Name, former.Digest, FormerOwner(service), cancellation);
        }

        await images.PinAsync(next.Manifest.Name, next.Digest, NextOwner(service), cancellation);
    }

    /// <summary>Makes the offered image the service's own: the service was written with it.</summary>
    internal Task TakeAsync(string service, StoredImage image, CancellationToken cancellation) =>
        images.PinAsync(image.Manifest.Name, image.Digest, Owner(service), cancellation);

    /// <summary>Lets go of everything but these two. Each step leaves what tells the same, so it may end after any of them.</summary>
    /// <param name="service">Its name.</param>
    /// <param name="applied">The image it has; null for none.</param>
    /// <param name="former">The digest it is being changed from; null for none.</param>
    /// <param name="cancellation">Ends the wait for the store.</param>
    internal async Task SettleAsync(string service, FleetImage? applied, string? former, CancellationToken cancellation)
    {
        var own = PinsOf(Owner(service));
        if (applied?.Stored is { } image && !own.Exists(pin => pin.Digest == image.Digest))
        {
            await TakeAsync(service, image, cancellation);
        }

        await KeepAsync(Owner(service), applied?.Digest, cancellation);
        await KeepAsync(NextOwner(service), null, cancellation);
        await KeepAsync(FormerOwner(service), former, cancellation);
    }

    private async Task KeepAsync(ImageOwner owner, string? keep, CancellationToken cancellation)
    {
        if (PinsOf(owner).Exists(pin => pin.Digest != keep))
        {
            await images.UnpinAsync(owner, keep, cancellation);
        }
    }

    private List<ImagePin> PinsOf(ImageOwner owner) => [.. images.Pins().Where(pin => pin.Owner == owner)];

    private ImageOwner Owner(string service) => new(dataDirectory, service);

    /// <summary>Who keeps the image that is to become a service's; no service can have this name.</summary>
    private ImageOwner NextOwner(string service) => new(dataDirectory, service + " (next image)");

    /// <summary>Who keeps the image that a service goes back to while it is changed. A pin of this owner is what tells the next server of the change.</summary>
    private ImageOwner FormerOwner(string service) => new(dataDirectory, service + " (former image)");
}
