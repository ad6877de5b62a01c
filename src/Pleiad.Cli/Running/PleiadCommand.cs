using System.CommandLine;

namespace Pleiad.Cli.Running;

/// <summary>A command that does something. Its file says its options, its examples and what it does; errors are reported here.</summary>
internal abstract class PleiadCommand : Command
{
    protected PleiadCommand(Terminal terminal, string name, string description, params string[] examples)
        : base(name, description)
    {
        Terminal = terminal;
        Examples = examples;
        SetAction(RunReportingAsync);
    }

    /// <summary>Complete command lines for the help; each is parsed by a test.</summary>
    public IReadOnlyList<string> Examples { get; }

    protected Terminal Terminal { get; }

    protected abstract Task<ExitCode> RunAsync(ParseResult given, CancellationToken cancellation);

    private async Task<int> RunReportingAsync(ParseResult given, CancellationToken cancellation)
    {
        try
        {
            return (int)await RunAsync(given, cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return (int)ExitCode.Interrupted;
        }
        catch (OutputClosedException)
        {
            return (int)ExitCode.Done;
        }
        catch (Exception error)
        {
            return (int)ErrorReport.Write(Terminal, error);
        }
    }
}

/// <summary>A noun: holds the verbs.</summary>
internal sealed class Noun(string name, string description) : Command(name, description);
