using System.CommandLine;
using Pleiad.Cli.Completion;
using Pleiad.Cli.Output;
using Pleiad.Cli.Running;
using Pleiad.Core.Documents;
using Pleiad.Machines.Checking;
using Pleiad.Machines.Images;
using Pleiad.Server.Hosting;

namespace Pleiad.Cli.Images;

/// <summary><c>image check</c>: boots an image apart from everything else and says how it does.</summary>
internal sealed class ImageCheckCommand : PleiadCommand
{
    private static readonly string TimeoutRule = $"{Duration.Rule}, from {ImageCheckOptions.TimeoutMin.TotalSeconds:0}s to {ImageCheckOptions.TimeoutMax.TotalMinutes:0}m";

    private readonly Argument<string> _image = Complete.With(new Argument<string>("IMAGE") { Description = "Name of a stored image, or path of an image.yaml." }, ValueKind.Image);
    private readonly Option<string?> _timeout = Given.Text("--timeout", "TIME", "Longest time to a first answer (30s unless given).", text => ReadTimeout(text) is not null, $"give {TimeoutRule}");
    private readonly Option<string?> _network = Given.Choice("--network", "MODE", "namespace or user (the best there is unless given).", "namespace", "user");
    private readonly Option<string?> _accelerator = Given.Choice("--accelerator", "NAME", "kvm or tcg (the quickest that works unless given).", "kvm", "tcg");
    private readonly LocalImages _images = new();

    public ImageCheckCommand(Terminal terminal)
        : base(
            terminal, "check", "Boot an image in a network of its own: whether it answers, how it got its address, how long it takes, how little memory it needs, and what is wrong when it does not.",
            "pleiad image check primes-unikernel", "pleiad image check ./image.yaml --timeout 2m --json")
    {
        foreach (var symbol in (Option[])[_timeout, _network, _accelerator])
        {
            Add(symbol);
        }

        Add(_image);
        _images.AddTo(this);
    }

    protected override async Task<ExitCode> RunAsync(ParseResult given, CancellationToken cancellation)
    {
        var data = _images.Data(given);
        var (directory, held) = await ThrowawayDirectory.BeginAsync(data, "check", made => Task.FromResult(DataDirectory.Open(made.Path)), Terminal.Time, cancellation);
        ImageCheckReport report;
        try
        {
            using (held)
            {
                report = await CheckAsync(given, directory, cancellation);
            }
        }
        finally
        {
            held.Dispose();
            foreach (var left in await directory.EndAsync([]))
            {
                Terminal.Note($"the check left something, which is removed now: {left}");
            }
        }

        if (given.GetValue(Given.Json))
        {
            Terminal.Json(report, CliJson.Default.ImageCheckReport);
        }
        else
        {
            ImageCheckView.Show(Terminal, report);
        }

        return report.Works ? ExitCode.Done : ExitCode.Failed;
    }

    private async Task<ImageCheckReport> CheckAsync(ParseResult given, ThrowawayDirectory directory, CancellationToken cancellation)
    {
        var store = _images.Store(given, Terminal.Time);
        var image = await FindAsync(given.GetRequiredValue(_image), store, directory, cancellation);
        var cache = DataDirectory.CacheOf(_images.Data(given));
        var options = new ImageCheckOptions
        {
            Directory = DataDirectory.MachinesOf(directory.Path),
            Namespace = directory.Namespace,
            CacheDirectory = cache,
            ProbeKernel = await ProbeImage.FindAsync(store, cache, new Steps(Terminal), Terminal.Time, cancellation),
            Accelerator = given.GetValue(_accelerator),
            Network = given.GetValue(_network) switch
            {
                "namespace" => Pleiad.Machines.Hosting.NetworkMode.Namespace,
                "user" => Pleiad.Machines.Hosting.NetworkMode.User,
                _ => null,
            },
        };
        if (ReadTimeout(given.GetValue(_timeout)) is { } timeout)
        {
            options.Timeout = timeout;
        }

        return await ImageCheck.RunAsync(image, options, new Steps(Terminal), Terminal.Time, cancellation);
    }

    /// <summary>A stored image, or one that a file describes: that one goes into a store of the check's own, so that the machine's stays as it is.</summary>
    private async Task<StoredImage> FindAsync(string image, ImageStore store, ThrowawayDirectory directory, CancellationToken cancellation)
    {
        if (image.Contains('/') || File.Exists(image))
        {
            return await new ImageStore(DataDirectory.ImagesOf(directory.Path), Terminal.Time).ImportAsync(image, cancellation);
        }

        return store.Find(image)
            ?? throw new ImageStoreException(ImageStoreFailure.NotFound, $"there is no image named '{image}' and no such file; 'pleiad image list' shows those there are");
    }

    private static TimeSpan? ReadTimeout(string? text) =>
        Duration.TryParse(text, out var time) && time >= ImageCheckOptions.TimeoutMin && time <= ImageCheckOptions.TimeoutMax ? time : null;
}
