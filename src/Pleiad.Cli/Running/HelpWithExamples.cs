using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Pleiad.Cli.Running;

/// <summary>The library's help, ended by the command's examples.</summary>
internal sealed class HelpWithExamples(HelpAction inner, Terminal terminal) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        inner.MaxWidth = terminal.Width();
        inner.Invoke(parseResult);
        var command = parseResult.CommandResult.Command;
        var output = parseResult.InvocationConfiguration.Output;
        if (command is ProgramCommand)
        {
            output.WriteLine(ProgramCommand.Notes);
        }

        output.WriteLine(ExamplesOf(command) is [var only] ? $"Example:\n  {only}" : $"Examples:\n  {string.Join("\n  ", ExamplesOf(command))}");
        return (int)ExitCode.Done;
    }

    /// <summary>A command's own examples; a noun shows the first of each verb.</summary>
    public static IReadOnlyList<string> ExamplesOf(Command command) => command switch
    {
        PleiadCommand verb => verb.Examples,
        ProgramCommand program => program.Examples,
        _ => [.. command.Subcommands.SelectMany(verb => ExamplesOf(verb).Take(1))],
    };
}
