namespace Pleiad.Cli.Running;

/// <summary>Tells each step of long work at once and in order, on standard error.</summary>
internal sealed class Steps(Terminal terminal) : IProgress<string>
{
    public void Report(string value) => terminal.Note(value + " …");
}
