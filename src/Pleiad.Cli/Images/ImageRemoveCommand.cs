using System.CommandLine;
using Pleiad.Cli.Completion;
using Pleiad.Cli.Output;
using Pleiad.Cli.Running;

namespace Pleiad.Cli.Images;

/// <summary><c>image remove</c>: refused while a service uses the image, unless forced.</summary>
internal sealed class ImageRemoveCommand : PleiadCommand
{
    private readonly Argument<string> _name = Complete.With(new Argument<string>("NAME") { Description = "The image." }, ValueKind.Image);
    private readonly Option<bool> _force = new("--force") { Description = "Also when services use it; they go on with what they have." };
    private readonly LocalImages _images = new();

    public ImageRemoveCommand(Terminal terminal)
        : base(terminal, "remove", "Remove an image.", "pleiad image remove hello")
    {
        Add(_name);
        Add(_force);
        _images.AddTo(this);
    }

    protected override async Task<ExitCode> RunAsync(ParseResult given, CancellationToken cancellation)
    {
        var name = given.GetRequiredValue(_name);
        await _images.Store(given, Terminal.Time).RemoveAsync(name, given.GetValue(_force), cancellation);
        if (given.GetValue(Given.Json))
        {
            Terminal.Json(new Removed(name), CliJson.Default.Removed);
        }
        else
        {
            Terminal.Out.WriteLine($"image {name} removed");
        }

        return ExitCode.Done;
    }
}

/// <summary>What was removed.</summary>
internal sealed record Removed(string Name);
