using System.CommandLine;
using Pleiad.Cli.Running;

namespace Pleiad.Cli.Completion;

/// <summary><c>completion bash</c>: prints the script; it asks the program itself, so it knows every command and value.</summary>
internal sealed class CompletionCommand : PleiadCommand
{
    private const string Bash =
        """
        # bash completion for pleiad; for one shell only: source <(pleiad completion bash)
        _pleiad() {
            local line=${COMP_LINE:0:COMP_POINT} word=${COMP_WORDS[COMP_CWORD]} candidate
            COMPREPLY=()
            while IFS= read -r candidate; do
                [[ $candidate == "$word"* ]] && COMPREPLY+=("$candidate")
            done < <("${COMP_WORDS[0]}" complete -- "$line" 2>/dev/null)
        }
        complete -o default -F _pleiad pleiad ./pleiad
        """;

    private readonly Argument<string> _shell = new("SHELL") { Description = "bash" };

    public CompletionCommand(Terminal terminal)
        : base(terminal, "completion", "Print a script that makes the shell complete commands, options and names.", "pleiad completion bash > /etc/bash_completion.d/pleiad")
    {
        _shell.AcceptOnlyFromAmong("bash");
        Add(_shell);
    }

    protected override Task<ExitCode> RunAsync(ParseResult given, CancellationToken cancellation)
    {
        Terminal.Out.WriteLine(Bash);
        return Task.FromResult(ExitCode.Done);
    }
}
