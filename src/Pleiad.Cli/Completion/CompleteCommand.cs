using System.CommandLine;
using System.CommandLine.Completions;
using Pleiad.Cli.Running;
using Pleiad.Client;
using Pleiad.Client.Queries;
using Pleiad.Core.Documents;
using Pleiad.Core.Settings;

namespace Pleiad.Cli.Completion;

/// <summary>The hidden command that the shell's script calls: prints what may stand at the end of a command line, one a line, and never an error.</summary>
internal sealed class CompleteCommand : PleiadCommand
{
    /// <summary>Longest time to ask the server, as the user has pressed a key and waits; <c>PLEIAD_COMPLETION_LIMIT</c> gives a far or busy one more.</summary>
    private static readonly TimeSpan TimeLimit = TimeSpan.FromMilliseconds(700);

    /// <summary>Most job names offered.</summary>
    private const int JobsMax = 200;

    private readonly Argument<string> _line = new("LINE") { Description = "The command line up to the cursor." };

    public CompleteCommand(Terminal terminal)
        : base(terminal, "complete", "Print what may come at the end of a command line.", "pleiad complete -- 'pleiad job sh'")
    {
        Hidden = true;
        Add(_line);
    }

    protected override async Task<ExitCode> RunAsync(ParseResult given, CancellationToken cancellation)
    {
        var line = given.GetRequiredValue(_line);
        var typed = Program.Commands(Terminal).Parse("pleiad " + WithoutProgram(line));
        var word = line.Length == 0 || line[^1] == ' ' ? "" : line[(line.LastIndexOf(' ') + 1)..];
        if (typed.UnmatchedTokens.Any(unknown => unknown != word))
        {
            return ExitCode.Done; // nothing is known to come after what is unknown
        }

        var fixedWords = (IReadOnlyList<CompletionItem>)[];
        var wanted = Complete.WantedBy(() => fixedWords = [.. typed.GetCompletions()]);
        var values = await ValuesAsync(typed, wanted, cancellation);

        // Options only where one was begun: nobody who asks for a name wants them among it.
        var words = fixedWords.Select(item => item.InsertText ?? item.Label).Concat(values).Where(candidate => candidate.StartsWith(word, StringComparison.Ordinal));
        foreach (var candidate in words.Where(candidate => candidate[0] != '/' && (candidate[0] != '-' || word.StartsWith('-'))).Distinct().Order(StringComparer.Ordinal))
        {
            Terminal.Out.WriteLine(candidate);
        }

        return ExitCode.Done;
    }

    private static string WithoutProgram(string line)
    {
        var start = line.TrimStart();
        var end = start.IndexOf(' ', StringComparison.Ordinal);
        return end < 0 ? "" : start[(end + 1)..];
    }

    private async Task<IReadOnlyList<string>> ValuesAsync(ParseResult typed, IReadOnlyList<ValueKind> wanted, CancellationToken cancellation)
    {
        if (wanted.Count == 0)
        {
            return [];
        }

        using var limit = new CancellationTokenSource(Duration.TryParse(Terminal.Environment("PLEIAD_COMPLETION_LIMIT"), out var given) ? given : TimeLimit, Terminal.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            using var client = Connection.Open(Terminal, typed, new PleiadClientOptions { Retries = 0 });
            var values = new List<string>();
            foreach (var kind in wanted.Distinct())
            {
                values.AddRange(await ValuesAsync(client, kind, both.Token));
            }

            return values;
        }
        catch (Exception error) when (error is PleiadClientException or InvalidInputException or OperationCanceledException)
        {
            // No server, or not soon enough, or a wrong --server: a half-typed command line is no place to say so, there just are no values to offer.
            return [];
        }
    }

    private static async Task<IEnumerable<string>> ValuesAsync(PleiadClient client, ValueKind kind, CancellationToken cancellation) => kind switch
    {
        ValueKind.Service => (await client.ListServicesAsync(cancellation)).Select(service => service.Name),
        ValueKind.Image => (await client.ListImagesAsync(cancellation)).Select(image => image.Name),
        ValueKind.Machine => (await client.ListMachinesAsync(cancellation)).Select(machine => machine.Id),
        ValueKind.Job => (await client.ListJobsAsync(new JobQuery { Limit = JobsMax }, cancellation)).Jobs.Select(job => job.Name),
        ValueKind.Setting => SettingKey.All.SelectMany(key => (string[])[key.Key, key.Term]),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "is no kind of value"),
    };
}
