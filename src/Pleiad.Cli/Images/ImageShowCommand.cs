using System.CommandLine;
using Pleiad.Cli.Completion;
using Pleiad.Cli.Output;
using Pleiad.Cli.Running;
using Pleiad.Client.Contract;
using Pleiad.Machines.Images;

namespace Pleiad.Cli.Images;

/// <summary><c>image show</c>.</summary>
internal sealed class ImageShowCommand : PleiadCommand
{
    private readonly Argument<string> _name = Complete.With(new Argument<string>("NAME") { Description = "The image." }, ValueKind.Image);
    private readonly LocalImages _images = new();

    public ImageShowCommand(Terminal terminal)
        : base(terminal, "show", "One image: its manifest, size and digest.", "pleiad image show primes-unikernel")
    {
        Add(_name);
        _images.AddTo(this);
    }

    protected override Task<ExitCode> RunAsync(ParseResult given, CancellationToken cancellation)
    {
        var name = given.GetRequiredValue(_name);
        var image = _images.Store(given, Terminal.Time).List().FirstOrDefault(image => image.Manifest.Name == name)
            ?? throw new ImageStoreException(ImageStoreFailure.NotFound, $"there is no image named '{name}'; see 'pleiad image list'");
        if (given.GetValue(Given.Json))
        {
            Terminal.Json(ImageTables.Info(image), ContractJson.Default.ImageInfo);
        }
        else
        {
            ImageTables.Show(Terminal, image);
        }

        return Task.FromResult(ExitCode.Done);
    }
}
