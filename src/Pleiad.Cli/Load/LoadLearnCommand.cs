using System.CommandLine;
using System.Globalization;
using System.IO.Compression;
using Pleiad.Cli.Output;
using Pleiad.Cli.Running;
using Pleiad.Core.Documents;
using Pleiad.Load.Learning;

namespace Pleiad.Cli.Load;

/// <summary>What <c>load learn --json</c> writes.</summary>
internal sealed record LearnReport(string Scenario, IReadOnlyList<string> Files, IReadOnlyList<string> Notes, IReadOnlyList<ReplayFigure> Replay);

/// <summary><c>load learn</c>.</summary>
internal sealed class LoadLearnCommand : PleiadCommand
{
    private const long HarBytesMax = 512 << 20;

    private readonly Argument<string> _log = new("log") { Description = "Access log, plain or packed by gzip, or a .har file; '-' reads stdin." };
    private readonly Option<string?> _format = Given.Text("--format", "FORMAT", "common, combined, har, or the log's format as Apache or nginx has it; found out unless given.");
    private readonly Option<string?> _out = Given.Text("--out", "FILE", "Write the scenario here and its data beside it; to stdout unless given, when it has no data.");
    private readonly Option<string?> _name = Given.Text("--name", "NAME", "Name of the scenario (the log's unless given).");
    private readonly Option<string?> _gap = Given.Text("--session-gap", "D", "Silence after which a user's next request begins a new session (30m unless given).", text => Duration.TryParse(text, out var gap) && gap > TimeSpan.Zero, Duration.Rule);
    private readonly Option<int> _pages = Given.Number("--pages-max", 100, 1, 2_000, "Most pages; rarer ones are left out");
    private readonly Option<int> _kinds = Given.Number("--kinds-max", 4, 1, 10, "Most kinds of users to tell apart by their ways; 1 takes all for one");
    private readonly Option<bool> _assets = new("--keep-assets") { Description = "Count pictures, scripts and styles as pages." };

    public LoadLearnCommand(Terminal terminal)
        : base(
            terminal, "learn", "Make a scenario of an access log or HAR: pages, transitions, think times, arrivals.", "pleiad load learn access.log --out shop.yaml",
            "pleiad load learn access.log --format '$remote_addr [$time_local] \"$request\" $status $request_time $msec' --out shop.yaml", "pleiad load learn visit.har --out visit.yaml")
    {
        Add(_log);
        foreach (var option in (Option[])[_format, _out, _name, _gap, _pages, _kinds, _assets])
        {
            Add(option);
        }
    }

    protected override async Task<ExitCode> RunAsync(ParseResult given, CancellationToken cancellation)
    {
        var file = given.GetValue(_log)!;
        var format = given.GetValue(_format);
        var isHar = format == "har" || (format is null && file.EndsWith(".har", StringComparison.OrdinalIgnoreCase));
        var options = new LearnOptions
        {
            Name = given.GetValue(_name) ?? (file == "-" ? "learned" : Path.GetFileNameWithoutExtension(file.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? file[..^3] : file)),
            Format = format,
            SessionGap = given.GetValue(_gap) is { } gap && Duration.TryParse(gap, out var value) ? value : TimeSpan.FromMinutes(30),
            PagesMax = given.GetValue(_pages),
            KindsMax = given.GetValue(_kinds),
            KeepsAssets = given.GetValue(_assets),
        };
        var learned = isHar
            ? Learner.FromHar(await InputFile.ReadTextAsync(Terminal, "log", file, HarBytesMax, cancellation), options)
            : Learner.FromLog(Lines(file), options);
        var written = await WriteAsync(given.GetValue(_out), learned, given.GetValue(Given.Json), cancellation);
        if (given.GetValue(Given.Json))
        {
            Terminal.Json(new LearnReport(learned.Yaml, written, learned.Notes, learned.Replay), CliJson.Default.LearnReport);
            return ExitCode.Done;
        }

        foreach (var note in learned.Notes)
        {
            Terminal.Note(note);
        }

        Terminal.Note("Replayed without a server, beside the log:");
        foreach (var figure in learned.Replay)
        {
            Terminal.Note(string.Create(CultureInfo.InvariantCulture, $"  {figure.What}: {figure.Log:0.###} in the log, {figure.Replay:0.###} in the replay, distance {figure.Distance:0.000} (p = {figure.PValue:0.####}): {(figure.IsReproduced ? "reproduced" : "NOT reproduced")}"));
        }

        return ExitCode.Done;
    }

    private async Task<IReadOnlyList<string>> WriteAsync(string? file, LearnedScenario learned, bool json, CancellationToken cancellation)
    {
        if (file is null)
        {
            if (learned.Files.Count > 0 && !json)
            {
                throw new InvalidInputException("--out", new InputProblem("file", null, "is needed, for the scenario has files of data", "give --out FILE; they are written beside it"));
            }

            if (!json)
            {
                await Terminal.Out.WriteAsync(learned.Yaml);
            }

            return [];
        }

        var written = new List<string> { file };
        await LoadGiven.WriteAsync("--out", file, learned.Yaml, cancellation);
        foreach (var (name, text) in learned.Files)
        {
            written.Add(Path.Combine(Path.GetDirectoryName(Path.GetFullPath(file))!, name));
            await LoadGiven.WriteAsync("--out", written[^1], text, cancellation);
        }

        return written;
    }

    /// <summary>The lines of a log, be it packed as those of former days are.</summary>
    private IEnumerable<string> Lines(string file)
    {
        using var source = Open(file);
        using var reader = new StreamReader(source);
        while (Next() is { } line)
        {
            yield return line;
        }

        string? Next()
        {
            try
            {
                return reader.ReadLine();
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException or InvalidDataException)
            {
                throw Unreadable(file, error);
            }
        }
    }

    private Stream Open(string file)
    {
        try
        {
            if (file == "-")
            {
                return Terminal.Input;
            }

            var source = File.OpenRead(file);
            var packed = source.CanSeek && source.ReadByte() == 0x1f && source.ReadByte() == 0x8b;
            _ = source.CanSeek ? source.Seek(0, SeekOrigin.Begin) : 0;
            return packed ? new GZipStream(source, CompressionMode.Decompress) : source;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(file, error);
        }
    }

    private static InvalidInputException Unreadable(string file, Exception error) =>
        new("log", new InputProblem(file, null, $"cannot be read ({error.Message.TrimEnd('.')})", "give a readable file, or '-' for stdin"), error);
}
