using System.CommandLine;
using Pleiad.Cli.Completion;
using Pleiad.Client;
using Pleiad.Core.Documents;
using Pleiad.Core.Identity;

namespace Pleiad.Cli.Machines;

/// <summary>A machine given by its id or the beginning of it, with or without <c>m-</c>.</summary>
internal sealed class MachineArgument
{
    private readonly Argument<string> _machine = Complete.With(new Argument<string>("MACHINE") { Description = "Id of the machine, or an unambiguous beginning of it." }, ValueKind.Machine);

    public void AddTo(Command command) => command.Add(_machine);

    /// <summary>The full id. A full one is taken as it is: the machine may be gone and its log still kept.</summary>
    public Task<string> FindAsync(PleiadClient client, ParseResult given, CancellationToken cancellation) =>
        FindAsync(client, given.GetRequiredValue(_machine), cancellation);

    public static async Task<string> FindAsync(PleiadClient client, string text, CancellationToken cancellation) =>
        MachineId.TryParse(text, out var id) ? id.ToString() : await CompletedAsync(client, text, cancellation);

    private static async Task<string> CompletedAsync(PleiadClient client, string text, CancellationToken cancellation)
    {
        var start = text.StartsWith("m-", StringComparison.Ordinal) ? text : "m-" + text;
        var machines = await client.ListMachinesAsync(cancellation);
        var found = machines.Where(machine => machine.Id.StartsWith(start, StringComparison.Ordinal)).Select(machine => machine.Id).ToList();
        return found switch
        {
            [var one] => one,
            [] => throw new InvalidInputException("machine", new InputProblem("id", text, "is the beginning of no machine that runs", "see 'pleiad machine list'; for the log of one that ended give its full id")),
            _ => throw new InvalidInputException("machine", new InputProblem("id", text, $"is the beginning of {string.Join(", ", found)}", "give more of it")),
        };
    }
}
