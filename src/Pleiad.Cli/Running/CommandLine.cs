using System.CommandLine;
using System.CommandLine.Parsing;

namespace Pleiad.Cli.Running;

/// <summary>From arguments to an exit code: parses, reports wrong usage, runs the command.</summary>
internal static class CommandLine
{
    public static async Task<int> RunAsync(IReadOnlyList<string> args, Terminal terminal, CancellationToken cancellation)
    {
        var given = Parse(Program.Commands(terminal), args);
        if (given.GetValue(ProgramCommand.Version))
        {
            terminal.Out.WriteLine(given.GetValue(Given.Json) ? $$"""{"version":"{{ProgramCommand.VersionText}}"}""" : $"pleiad {ProgramCommand.VersionText}");
            return (int)ExitCode.Done;
        }

        if (args.Count == 0)
        {
            given = Parse((ProgramCommand)given.RootCommandResult.Command, ["--help"]);
        }
        else if (given.Errors.Count > 0 && given.Action is not HelpWithExamples)
        {
            return (int)WrongUsage(given, terminal);
        }

        // Signals and errors are this program's own business: see Signals and PleiadCommand.
        var invocation = new InvocationConfiguration { Output = terminal.Out, Error = terminal.Error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
        try
        {
            return await given.InvokeAsync(invocation, cancellation);
        }
        catch (OutputClosedException)
        {
            return (int)ExitCode.Done;
        }
    }

    /// <summary>Parses without the library's response files: an argument that begins with '@' is an argument.</summary>
    public static ParseResult Parse(ProgramCommand program, IReadOnlyList<string> args) =>
        program.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });

    private static ExitCode WrongUsage(ParseResult given, Terminal terminal)
    {
        var names = new List<string>();
        for (SymbolResult? result = given.CommandResult; result is CommandResult command; result = result.Parent)
        {
            names.Insert(0, command.Command.Name);
        }

        var line = string.Join(' ', names);
        var messages = given.Errors.Select(error => error.Message.ReplaceLineEndings(" ")).Distinct();
        if (given.UnmatchedTokens.Count > 0)
        {
            // What is missing usually stands there, misspelt.
            messages = messages.Where(message => given.UnmatchedTokens.Any(token => message.Contains($"'{token}'", StringComparison.Ordinal)));
        }

        foreach (var message in messages)
        {
            terminal.Error.WriteLine($"{line}: {message}{Suggestion(given, message)}");
        }

        terminal.Error.WriteLine($"{line}: see '{line} --help'");
        return ExitCode.WrongInput;
    }

    /// <summary>The known word that is nearest to the unknown one of the message, when one is near.</summary>
    private static string Suggestion(ParseResult given, string message)
    {
        var unknown = given.UnmatchedTokens.FirstOrDefault(token => message.Contains($"'{token}'", StringComparison.Ordinal));
        if (unknown is null)
        {
            return "";
        }

        var command = given.CommandResult.Command;
        var recursive = command.Parents.OfType<Command>().SelectMany(parent => parent.Options.Where(option => option.Recursive));
        var near = command.Subcommands.Where(known => !known.Hidden).Select(known => known.Name)
            .Concat(command.Options.Concat(recursive).Select(option => option.Name))
            .Where(known => Spelling.Distance(unknown, known) <= Math.Max(1, unknown.Length / 3))
            .MinBy(known => Spelling.Distance(unknown, known));
        return near is null ? "" : $" Did you mean '{near}'?";
    }
}
