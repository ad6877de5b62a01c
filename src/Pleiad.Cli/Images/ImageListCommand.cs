using System.CommandLine;
using Pleiad.Cli.Output;
using Pleiad.Cli.Running;
using Pleiad.Client.Contract;

namespace Pleiad.Cli.Images;

/// <summary><c>image list</c>.</summary>
internal sealed class ImageListCommand : PleiadCommand
{
    private readonly LocalImages _images = new();

    public ImageListCommand(Terminal terminal)
        : base(terminal, "list", "All images of this machine.", "pleiad image list") => _images.AddTo(this);

    protected override Task<ExitCode> RunAsync(ParseResult given, CancellationToken cancellation)
    {
        var images = _images.Store(given, Terminal.Time).List();
        if (given.GetValue(Given.Json))
        {
            Terminal.Json(ImageTables.Infos(images), ContractJson.Default.IReadOnlyListImageInfo);
            return Task.FromResult(ExitCode.Done);
        }

        Terminal.Table(ImageTables.List(images, Terminal.Time));
        if (images.Count == 0)
        {
            Terminal.Note("There is no image yet; 'pleiad image build' builds those that come with Pleiad.");
        }

        return Task.FromResult(ExitCode.Done);
    }
}
