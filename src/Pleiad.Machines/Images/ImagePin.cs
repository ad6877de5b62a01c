namespace Pleiad.Machines.Images;

/// <summary>Who uses an image: a service of the server that works on a data directory.</summary>
/// <param name="DataDirectory">The server's data directory; made absolute when it is stored.</param>
/// <param name="Service">The service's name.</param>
public sealed record ImageOwner(string DataDirectory, string Service)
{
    /// <summary>For people, for example <c>service primes of /var/lib/pleiad</c>.</summary>
    public override string ToString() => $"service {Service} of {DataDirectory}";
}

/// <summary>That somebody uses an image, which keeps it in the store.</summary>
/// <param name="Name">The image's name.</param>
/// <param name="Digest">The image's digest; the name may stand for another one by now.</param>
/// <param name="Owner">Who uses it.</param>
public sealed record ImagePin(string Name, string Digest, ImageOwner Owner);
