using System.CommandLine;
using Pleiad.Cli.Output;
using Pleiad.Cli.Running;
using Pleiad.Client.Contract;
using Pleiad.Core.Documents;
using Pleiad.Machines.Images;

namespace Pleiad.Cli.Images;

/// <summary><c>image build</c>: a service in C, or without one the images that come with Pleiad.</summary>
internal sealed class ImageBuildCommand : PleiadCommand
{
    private readonly Argument<string?> _source = new("SERVICE.c") { Description = "The service's C file; without it the images that come with Pleiad are built.", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<string?> _name = Given.Text("--name", "NAME", "Name of the image (the file's name unless given).");
    private readonly Option<string?> _memory = Given.Text("--memory", "SIZE", "RAM of a machine (4MiB unless given).", text => ByteSize.TryParse(text, out _), $"give {ByteSize.Rule}");
    private readonly LocalImages _images = new();

    public ImageBuildCommand(Terminal terminal)
        : base(terminal, "build", "Build a unikernel image from a service in C.", "pleiad image build", "pleiad image build hello.c --name hello --memory 8MiB")
    {
        Add(_source);
        Add(_name);
        Add(_memory);
        _images.AddTo(this);
    }

    protected override async Task<ExitCode> RunAsync(ParseResult given, CancellationToken cancellation)
    {
        var builder = _images.Builder(given, Terminal.Time);
        var built = given.GetValue(_source) is { } source
            ? [(await builder.BuildAsync(source, NameOf(given, source), OptionsOf(given), new Steps(Terminal), cancellation)).Image]
            : await BuildShippedAsync(builder, given, cancellation);
        if (given.GetValue(Given.Json))
        {
            Terminal.Json(ImageTables.Infos(built), ContractJson.Default.IReadOnlyListImageInfo);
        }
        else
        {
            Terminal.Table(ImageTables.List(built, Terminal.Time));
        }

        return ExitCode.Done;
    }

    private async Task<IReadOnlyList<StoredImage>> BuildShippedAsync(UnikernelBuilder builder, ParseResult given, CancellationToken cancellation)
    {
        foreach (var option in (Option<string?>[])[_name, _memory])
        {
            if (given.GetValue(option) is { } value)
            {
                throw new InvalidInputException("image build", new InputProblem(option.Name, value, "is for a service of your own", "give its C file too"));
            }
        }

        var built = new List<StoredImage>();
        foreach (var shipped in ShippedImages.All)
        {
            built.Add(await builder.EnsureShippedAsync(shipped.Name, new Steps(Terminal), cancellation));
        }

        return built;
    }

    private string NameOf(ParseResult given, string source) => given.GetValue(_name) ?? Path.GetFileNameWithoutExtension(source).ToLowerInvariant().Replace('_', '-');

    private UnikernelBuildOptions OptionsOf(ParseResult given)
    {
        var options = new UnikernelBuildOptions();
        if (given.GetValue(_memory) is { } text && ByteSize.TryParse(text, out var bytes))
        {
            options.MemoryBytes = bytes;
        }

        return options;
    }
}
