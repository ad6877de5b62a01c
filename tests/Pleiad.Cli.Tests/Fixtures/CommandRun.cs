using System.Text;
using Pleiad.Cli.Running;

namespace Pleiad.Cli.Tests.Fixtures;

/// <summary>What a command line gave.</summary>
internal sealed record CommandOutcome(int ExitCode, string Out, string Error, byte[] Bytes);

/// <summary>Runs a command line in this process, its streams caught, its clock standing still.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "Streams in memory hold nothing that has to be given back.")]
internal sealed class CommandRun
{
    private readonly LockedStream _out = new();
    private readonly StringWriter _error = new();

    public Dictionary<string, string> Environment { get; } = [];

    public string Input { get; init; } = "";

    /// <summary>Whether it looks like a terminal with a person.</summary>
    public bool IsTerminal { get; init; }

    /// <summary>Columns of the terminal.</summary>
    public int Width { get; init; } = 120;

    /// <summary>Standard output so far.</summary>
    public string OutSoFar => Encoding.UTF8.GetString(_out.ToArray());

    public string ErrorSoFar
    {
        get
        {
            lock (_error)
            {
                return _error.ToString();
            }
        }
    }

    public Terminal Terminal => field ??= new Terminal
    {
        Input = new MemoryStream(Encoding.UTF8.GetBytes(Input)),
        Output = _out,
        Error = TextWriter.Synchronized(_error),
        Environment = name => Environment.GetValueOrDefault(name),
        Time = new FixedTime(Samples.Now),
        AsksPeople = IsTerminal,
        IsLive = IsTerminal,
        Width = () => Width,
    };

    /// <summary>Runs against an API.</summary>
    public static Task<CommandOutcome> WithAsync(FakeApi api, params string[] args) => new CommandRun().RunAsync(api, default, args);

    /// <summary>Runs without a server.</summary>
    public static Task<CommandOutcome> AloneAsync(params string[] args) => new CommandRun().RunAsync(null, default, args);

    public async Task<CommandOutcome> RunAsync(FakeApi? api, CancellationToken cancellation, params string[] args)
    {
        if (api is not null)
        {
            Environment["PLEIAD_SERVER"] = api.Address.ToString();
        }

        var code = await CommandLine.RunAsync(args, Terminal, cancellation);
        return new CommandOutcome(code, OutSoFar, ErrorSoFar, _out.ToArray());
    }

    /// <summary>A stream that a test may read while a command writes.</summary>
    private sealed class LockedStream : MemoryStream
    {
        private readonly Lock _gate = new();

        // MemoryStream sends a derived class's spans to this overload.
        public override void Write(byte[] buffer, int offset, int count)
        {
            lock (_gate)
            {
                base.Write(buffer, offset, count);
            }
        }

        public override byte[] ToArray()
        {
            lock (_gate)
            {
                return base.ToArray();
            }
        }
    }
}
