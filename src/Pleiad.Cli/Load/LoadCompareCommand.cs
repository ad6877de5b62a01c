using System.CommandLine;
using Pleiad.Cli.Running;
using Pleiad.Core.Documents;
using Pleiad.Load.Comparing;
using Pleiad.Load.Results;

namespace Pleiad.Cli.Load;

/// <summary><c>load compare</c>.</summary>
internal sealed class LoadCompareCommand : PleiadCommand
{
    private const long BytesMax = 256 << 20;

    private readonly Argument<string> _a = new("a") { Description = "Result of the first run, as 'load run --out' writes it." };
    private readonly Argument<string> _b = new("b") { Description = "Result of the second run." };
    private readonly Option<bool> _fail = new("--fail-if-worse") { Description = "End with 5 when a figure of B is worse, with 6 when a run was refused." };

    public LoadCompareCommand(Terminal terminal)
        : base(terminal, "compare", "Say whether two runs differ, or it is noise.", "pleiad load compare monday.json tuesday.json", "pleiad load compare before.json after.json --fail-if-worse --json")
    {
        Add(_a);
        Add(_b);
        Add(_fail);
    }

    protected override async Task<ExitCode> RunAsync(ParseResult given, CancellationToken cancellation)
    {
        var comparison = Comparison.Of(await ReadAsync(given.GetValue(_a)!, cancellation), await ReadAsync(given.GetValue(_b)!, cancellation));
        if (given.GetValue(Given.Json))
        {
            Terminal.Out.WriteLine(comparison.ToJson());
        }
        else
        {
            LoadTables.Show(Terminal, comparison);
        }

        return !given.GetValue(_fail) ? ExitCode.Done : comparison.IsRefused ? ExitCode.Refused : comparison.IsWorse ? ExitCode.Missed : ExitCode.Done;
    }

    private async Task<RunResult> ReadAsync(string file, CancellationToken cancellation)
    {
        var text = await InputFile.ReadTextAsync(Terminal, "result", file, BytesMax, cancellation);
        try
        {
            return RunResult.FromJson(text);
        }
        catch (InvalidDataException error)
        {
            throw new InvalidInputException("result", new InputProblem(file, null, error.Message, "give a file that 'pleiad load run --out FILE' wrote"), error);
        }
    }
}
