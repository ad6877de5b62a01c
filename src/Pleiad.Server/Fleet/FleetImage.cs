using Pleiad.Machines.Images;

namespace Pleiad.Server.Fleet;

/// <summary>The image of a service: whole, or what is known of one that cannot be used.</summary>
/// <param name="Digest">What machines of the service boot from; null when not even that is known.</param>
/// <param name="Stored">The image, null while it cannot be used.</param>
/// <param name="Problem">Why it cannot be used and what to do, null when it can.</param>
internal sealed record FleetImage(string? Digest, StoredImage? Stored, string? Problem)
{
    internal static FleetImage Of(StoredImage image) => new(image.Digest, image, null);

    /// <summary>For example: primes-unikernel (sha256:0123456789ab…).</summary>
    public override string ToString() => Stored is { } image ? $"{image.Manifest.Name} ({image.Digest[..19]}…)" : Digest is { } digest ? $"{digest[..19]}…" : "unknown";
}
