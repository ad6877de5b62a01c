using System.Text;

namespace Pleiad.Cli.Running;

/// <summary>Where a command reads and writes, and what it may assume of the reader: a person at a terminal or another program.</summary>
internal sealed class Terminal
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    private readonly Lazy<TextWriter> _out;

    public Terminal() => _out = new Lazy<TextWriter>(() => new StreamWriter(Output!, Utf8, bufferSize: 4096, leaveOpen: true) { AutoFlush = true });

    public required Stream Input { get; init; }

    /// <summary>Standard output as bytes; text goes through <see cref="Out"/>.</summary>
    public required Stream Output { get; init; }

    public required TextWriter Error { get; init; }

    /// <summary>Reads an environment variable.</summary>
    public required Func<string, string?> Environment { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public TextWriter Out => _out.Value;

    /// <summary>Whether a person can answer questions.</summary>
    public bool AsksPeople { get; init; }

    /// <summary>Whether standard output is a terminal that can be redrawn.</summary>
    public bool IsLive { get; init; }

    /// <summary>Whether colours are wanted; never when the output is no terminal.</summary>
    public bool HasColours => IsLive && string.IsNullOrEmpty(Environment("NO_COLOR"));

    /// <summary>Columns of the terminal now.</summary>
    public Func<int> Width { get; init; } = () => 100;

    /// <summary>Whether errors come with everything known about them.</summary>
    public bool IsDebugging => Environment("PLEIAD_DEBUG") is { Length: > 0 } value && value != "0";

    /// <summary>The streams of this process.</summary>
    public static Terminal OfProcess() => new()
    {
        Input = Console.OpenStandardInput(),
        Output = new StandardOutput(),
        Error = new StreamWriter(Console.OpenStandardError(), Utf8) { AutoFlush = true },
        Environment = System.Environment.GetEnvironmentVariable,
        AsksPeople = !Console.IsInputRedirected && !Console.IsErrorRedirected,
        IsLive = !Console.IsOutputRedirected && System.Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb"),
        Width = () => Console.IsOutputRedirected ? 100 : Math.Max(40, Console.WindowWidth),
    };

    /// <summary>A remark for people: never part of what a script reads.</summary>
    public void Note(string line) => Error.WriteLine(line);
}
