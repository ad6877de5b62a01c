using System.CommandLine;
using System.Text.Json;
using Pleiad.Cli.Completion;
using Pleiad.Cli.Machines;
using Pleiad.Cli.Output;
using Pleiad.Cli.Running;
using Pleiad.Client.Contract;
using Pleiad.Client.Queries;
using Pleiad.Core.Events;

namespace Pleiad.Cli.Events;

/// <summary><c>events</c>: what was decided and happened, and why.</summary>
internal sealed class EventsCommand : PleiadCommand
{
    private static readonly string[] Kinds = [.. Enum.GetNames<EventKind>().Select(JsonNamingPolicy.CamelCase.ConvertName)];

    private readonly Option<bool> _follow = new("--follow", "-f") { Description = "Go on with each event as it happens, until Ctrl-C." };
    private readonly Option<string?> _service = Complete.With(Given.Text("--service", "NAME", "Only events about this service."), ValueKind.Service);
    private readonly Option<string?> _machine = Complete.With(Given.Text("--machine", "ID", "Only events about this machine, also one that is gone."), ValueKind.Machine);
    private readonly Option<string?> _kind = Given.Choice("--kind", "KIND", "Only events of this kind, for example machineStarting.", Kinds);
    private readonly Option<int> _count = Given.Number("--count", 50, 0, 1_000, "How many of the newest to show", "-n");

    public EventsCommand(Terminal terminal)
        : base(terminal, "events", "What was decided and happened, each with its reason.", "pleiad events -n 20", "pleiad events --follow --kind machineStarting")
    {
        foreach (var option in (Option[])[_follow, _service, _machine, _kind, _count])
        {
            Add(option);
        }
    }

    protected override async Task<ExitCode> RunAsync(ParseResult given, CancellationToken cancellation)
    {
        using var client = Connection.Open(Terminal, given);
        var machine = given.GetValue(_machine);
        var query = new EventQuery
        {
            Service = given.GetValue(_service),
            Machine = machine is null ? null : await MachineArgument.FindAsync(client, machine, cancellation),
            Kind = given.GetValue(_kind),
            Newest = given.GetValue(_count) > 0,
            Limit = given.GetValue(_count) is > 0 and var count ? count : null,
        };
        var json = given.GetValue(Given.Json);
        if (given.GetValue(_follow))
        {
            await foreach (var happened in client.FollowEventsAsync(query, cancellation))
            {
                if (json)
                {
                    Terminal.JsonLine(happened, ContractJson.Default.EventInfo);
                }
                else
                {
                    Terminal.Out.WriteLine(Line(happened));
                }
            }
        }

        var events = !query.Newest ? [] : (await client.ListEventsAsync(query, cancellation)).Events;
        if (json)
        {
            Terminal.Json(events, ContractJson.Default.IReadOnlyListEventInfo);
        }
        else
        {
            Terminal.Out.Write(string.Concat(events.Select(happened => Line(happened) + "\n")));
        }

        return ExitCode.Done;
    }

    /// <summary>One line for one event: events are read in a stream, so their columns cannot wait for each other.</summary>
    private string Line(EventInfo happened)
    {
        var about = string.Join(' ', ((string?[])[happened.Service, happened.Machine, happened.Job]).Where(part => part is not null));
        return $"{Figures.Clock(happened.Time, Terminal.Time)}  {happened.Kind,-18}  {(about.Length == 0 ? "-" : about),-22}  {happened.Reason.ReplaceLineEndings(" ")}";
    }
}
