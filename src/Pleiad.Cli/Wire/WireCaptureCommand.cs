using System.CommandLine;
using System.Text.Json.Serialization;
using Pleiad.Cli.Output;
using Pleiad.Cli.Running;
using Pleiad.Core.Documents;
using Pleiad.Wire.Live;

namespace Pleiad.Cli.Wire;

/// <summary><c>wire capture</c>: takes the traffic of an interface into files.</summary>
internal sealed class WireCaptureCommand : PleiadCommand
{
    private readonly Option<string> _interface = new("--interface", "-i") { Description = "Network interface, for example br0, or 'any'.", HelpName = "NAME", Required = true };
    private readonly Option<string> _write = new("--write", "-w") { Description = "File to write (pcapng).", HelpName = "FILE", Required = true };
    private readonly Option<string?> _rotate = Given.Text("--rotate", "SIZE|TIME", "Begin a new file after so much, for example 100MiB or 60s.", text => ByteSize.TryParse(text, out _) || Duration.TryParse(text, out _), "give a size like 100MiB or a time like 60s");
    private readonly Option<int> _files = Given.Number("--files", 10, 1, 100_000, "Most files kept when rotating");
    private readonly Option<string?> _filter = Given.Text("--filter", "EXPRESSION", "Only what passes this filter of libpcap, for example 'tcp port 80 or tcp port 5432'.");
    private readonly Option<string?> _duration = Given.Text("--duration", "TIME", "End after this; until interrupted unless given.", text => Duration.TryParse(text, out _), $"give {Duration.Rule}");

    public WireCaptureCommand(Terminal terminal)
        : base(
            terminal,
            "capture",
            "Take the traffic of an interface into pcapng files (needs libpcap, and root or CAP_NET_RAW).",
            "pleiad wire capture --interface br0 --write traffic.pcapng --duration 60s",
            "pleiad wire capture -i any -w traffic.pcapng --rotate 100MiB --files 20 --filter 'tcp port 80 or tcp port 5432'")
    {
        Add(_interface);
        Add(_write);
        Add(_rotate);
        Add(_files);
        Add(_filter);
        Add(_duration);
    }

    protected override async Task<ExitCode> RunAsync(ParseResult given, CancellationToken cancellation)
    {
        var options = new LiveCaptureOptions
        {
            Interface = given.GetRequiredValue(_interface),
            File = given.GetRequiredValue(_write),
            FilesMax = given.GetValue(_files),
            Filter = given.GetValue(_filter),
            Duration = given.GetValue(_duration) is { } text && Duration.TryParse(text, out var duration) ? duration : null,
        };
        if (given.GetValue(_rotate) is { } rotate)
        {
            options.RotateBytes = ByteSize.TryParse(rotate, out var bytes) ? bytes : null;
            options.RotateEvery = options.RotateBytes is null && Duration.TryParse(rotate, out var every) ? every : null;
        }

        var result = await Task.Factory.StartNew(
            () => LiveCapture.Run(options, Terminal.Time, () => Terminal.Note($"capturing from {options.Interface}; Ctrl-C ends"), cancellation),
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var report = new CaptureResult(result.Frames, result.Bytes, result.Dropped, result.Files);
        if (given.GetValue(Given.Json))
        {
            Terminal.Json(report, CliJson.Default.CaptureResult);
        }
        else
        {
            Terminal.Out.WriteLine($"{result.Frames} frames, {Figures.Bytes(result.Bytes)}, {result.Dropped} lost: {string.Join(", ", result.Files)}");
        }

        return ExitCode.Done;
    }
}

/// <summary>What was captured.</summary>
internal sealed record CaptureResult(
    [property: JsonPropertyName("frames")] long Frames,
    [property: JsonPropertyName("bytes")] long Bytes,
    [property: JsonPropertyName("dropped")] long Dropped,
    [property: JsonPropertyName("files")] IReadOnlyList<string> Files);
