using System.CommandLine;
using Pleiad.Cli.Output;
using Pleiad.Cli.Running;
using Pleiad.Client.Contract;

namespace Pleiad.Cli.Images;

/// <summary><c>image import</c>: any PVH or multiboot kernel, described by an image.yaml.</summary>
internal sealed class ImageImportCommand : PleiadCommand
{
    private readonly Argument<string> _manifest = new("IMAGE.yaml") { Description = "The manifest; the kernel it names is relative to it." };
    private readonly LocalImages _images = new();

    public ImageImportCommand(Terminal terminal)
        : base(terminal, "import", "Store an image that an image.yaml describes.", "pleiad image import image.yaml")
    {
        Add(_manifest);
        _images.AddTo(this);
    }

    protected override async Task<ExitCode> RunAsync(ParseResult given, CancellationToken cancellation)
    {
        var image = await _images.Store(given, Terminal.Time).ImportAsync(given.GetRequiredValue(_manifest), cancellation);
        if (given.GetValue(Given.Json))
        {
            Terminal.Json(ImageTables.Info(image), ContractJson.Default.ImageInfo);
        }
        else
        {
            Terminal.Out.WriteLine($"image {image.Manifest.Name} stored, {Figures.Bytes(image.Bytes)}, {image.Digest}");
        }

        return ExitCode.Done;
    }
}
