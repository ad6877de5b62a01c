using Pleiad.Cli.Output;
using Pleiad.Cli.Running;
using Pleiad.Client.Contract;
using Pleiad.Machines.Images;

namespace Pleiad.Cli.Images;

/// <summary>Images as people and scripts see them.</summary>
internal static class ImageTables
{
    public static IReadOnlyList<ImageInfo> Infos(IEnumerable<StoredImage> images) => [.. images.Select(Info)];

    public static ImageInfo Info(StoredImage image) => new(
        image.Manifest.Name, image.Digest, ImageDocument.WordOf(image.Manifest.Kind), image.Bytes, image.Manifest.MemoryBytes, ImageDocument.WordOf(image.Manifest.Platform.Machine),
        ImageDocument.WordOf(image.Manifest.Platform.Nic), image.Manifest.Port, image.Manifest.Health, image.Stored);

    public static TextTable List(IEnumerable<StoredImage> images, TimeProvider time)
    {
        var table = new TextTable(
            new("Name"), new("Kind", Spare: 1), new("Size", true), new("Memory", true), new("Machine", Spare: 3), new("Network", Spare: 4), new("Port", true, Spare: 2), new("Stored", true, Spare: 5),
            new("Digest", Spare: 6), new("Problem", Wraps: true));
        foreach (var image in images)
        {
            var info = Info(image);
            table.Add(
                info.Name, info.Kind, Figures.Bytes(info.Bytes), Figures.Bytes(info.MemoryBytes), info.Machine, info.Nic, Figures.Whole(info.Port),
                Figures.Ago(info.Stored, time.GetUtcNow()), info.Digest.Length > 19 ? info.Digest[..19] : info.Digest, image.Damage);
        }

        return table;
    }

    public static void Show(Terminal terminal, StoredImage image)
    {
        var info = Info(image);
        terminal.Properties(
            ("name", info.Name),
            ("digest", info.Digest),
            ("kind", info.Kind),
            ("size", $"{Figures.Bytes(info.Bytes)} ({info.Bytes} bytes)"),
            ("memory", Figures.Bytes(info.MemoryBytes)),
            ("vcpus", Figures.Whole(image.Manifest.Vcpus)),
            ("platform", $"{info.Machine}, {info.Nic}"),
            ("address", image.Manifest.Address),
            ("arguments", Given(image.Manifest.Arguments)),
            ("environment", Given(image.Manifest.Environment.ToString())),
            ("port", Figures.Whole(info.Port)),
            ("health", info.Health),
            ("cloneable", image.Manifest.Cloneable ? "yes" : "no"),
            ("stored", Figures.Moment(info.Stored, terminal.Time)),
            ("kernel", image.Manifest.Kernel),
            ("initramfs", image.Manifest.Initramfs),
            ("disk", image.Manifest.Disk),
            ("problem", image.Damage));
    }

    private static string? Given(string text) => text.Length > 0 ? text : null;
}
