namespace Pleiad.Machines.Images;

/// <summary>An image whose sources come with Pleiad; built at first use.</summary>
/// <param name="Name">Name of the image.</param>
/// <param name="Service">Folder of its source below <c>guest/services</c>.</param>
/// <param name="Meaning">One sentence for people.</param>
public sealed record ShippedImage(string Name, string Service, string Meaning);

/// <summary>The images whose sources come with Pleiad.</summary>
public static class ShippedImages
{
    /// <summary>Counts primes: the work of the main job.</summary>
    public static readonly ShippedImage Primes = new("primes-unikernel", "primes", "counts the primes up to N the naive way: GET /primes?n=N");

    /// <summary>Sends back what it receives.</summary>
    public static readonly ShippedImage Echo = new("echo-unikernel", "echo", "answers with what it was sent");

    /// <summary>All of them.</summary>
    public static readonly IReadOnlyList<ShippedImage> All = [Primes, Echo];

    /// <summary>The shipped image of a name, or null.</summary>
    public static ShippedImage? Find(string name) => All.FirstOrDefault(image => image.Name == name);
}
