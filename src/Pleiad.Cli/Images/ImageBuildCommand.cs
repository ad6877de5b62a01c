using System.CommandLine;
using System.Globalization;
using Pleiad.Cli.Output;
using Pleiad.Cli.Running;
using Pleiad.Client.Contract;
using Pleiad.Core.Documents;
using Pleiad.Machines.Images;
using Pleiad.Machines.Images.Linux;

namespace Pleiad.Cli.Images;

/// <summary><c>image build</c>: a service in C, a Linux image, or without either the images that come with Pleiad.</summary>
internal sealed class ImageBuildCommand : PleiadCommand
{
    private readonly Argument<string?> _source = new("SERVICE.c") { Description = "The service's C file; without it the images that come with Pleiad are built.", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<string?> _name = Given.Text("--name", "NAME", "Name of the image (the file's name unless given).");
    private readonly Option<string?> _memory = Given.Text("--memory", "SIZE", "RAM of a machine (4MiB unless given, with Linux 128MiB or what the files need).", text => ByteSize.TryParse(text, out _), $"give {ByteSize.Rule}");
    private readonly Option<string?> _port = Given.Text("--port", "PORT", "TCP port of the service (8080 unless given).", IsPort, "give a whole number from 1 to 65535");
    private readonly Option<string?> _health = Given.Text("--health", "PATH", "Path of the health check (/health unless given).");
    private readonly LinuxOptions _linux = new();
    private readonly LocalImages _images = new();

    public ImageBuildCommand(Terminal terminal)
        : base(
            terminal,
            "build",
            "Build an image: a unikernel from a service in C, or a Linux image from a program, a directory or a disk.",
            "pleiad image build",
            "pleiad image build hello.c --name hello --memory 8MiB",
            "pleiad image build --linux ./server --name server --env MODE=fast",
            "pleiad image build --linux ./root --command '/usr/bin/server --threads 2' --name server --vcpus 2",
            "pleiad image build --disk root.ext4 --command /usr/sbin/server --name server --memory 256MiB")
    {
        Add(_source);
        Add(_name);
        Add(_memory);
        Add(_port);
        Add(_health);
        _linux.AddTo(this);
        _images.AddTo(this);
    }

    protected override async Task<ExitCode> RunAsync(ParseResult given, CancellationToken cancellation)
    {
        var builder = _images.Builder(given, Terminal.Time);
        var built = _linux.Order(given) is { } order ? [await BuildLinuxAsync(order, given, cancellation)]
            : given.GetValue(_source) is { } source
            ? [(await builder.BuildAsync(source, NameOf(given, source), OptionsOf(given), new Steps(Terminal), cancellation)).Image]
            : await BuildShippedAsync(builder, given, cancellation);
        if (given.GetValue(Given.Json))
        {
            Terminal.Json(ImageTables.Infos(built), Wire.Default.IReadOnlyListImageInfo);
        }
        else
        {
            Terminal.Table(ImageTables.List(built, Terminal.Time));
        }

        return ExitCode.Done;
    }

    private async Task<StoredImage> BuildLinuxAsync(LinuxBuildOrder order, ParseResult given, CancellationToken cancellation)
    {
        if (given.GetValue(_source) is { } source)
        {
            throw new InvalidInputException("image build", new InputProblem("SERVICE.c", source, "is for a unikernel", "leave it out, or leave --linux and --disk out"));
        }

        order.Name = given.GetValue(_name) ?? NameOf(given, (order.Source ?? order.Disk)!.TrimEnd('/'));
        order.MemoryBytes = given.GetValue(_memory) is { } text && ByteSize.TryParse(text, out var bytes) ? bytes : null;
        order.Port = PortOf(given);
        order.Health = given.GetValue(_health) ?? order.Health;
        var built = await _images.LinuxBuilder(given, Terminal.Time).BuildAsync(order, new Steps(Terminal), cancellation);
        Terminal.Note($"kernel: {built.Kernel}");
        return built.Image;
    }

    private async Task<IReadOnlyList<StoredImage>> BuildShippedAsync(UnikernelBuilder builder, ParseResult given, CancellationToken cancellation)
    {
        foreach (var option in (Option<string?>[])[_name, _memory, _port, _health])
        {
            if (given.GetValue(option) is { } value)
            {
                throw new InvalidInputException("image build", new InputProblem(option.Name, value, "is for a service of your own", "give its C file, --linux or --disk too"));
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
        var options = new UnikernelBuildOptions { Port = PortOf(given) };
        options.Health = given.GetValue(_health) ?? options.Health;
        if (given.GetValue(_memory) is { } text && ByteSize.TryParse(text, out var bytes))
        {
            options.MemoryBytes = bytes;
        }

        return options;
    }

    private int PortOf(ParseResult given) => given.GetValue(_port) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : ImageDocument.PortDefault;

    private static bool IsPort(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is >= 1 and <= 65_535;
}
