using System.CommandLine;
using Pleiad.Cli.Completion;
using Pleiad.Cli.Output;
using Pleiad.Cli.Running;
using Pleiad.Client.Contract;
using Pleiad.Client.Queries;

namespace Pleiad.Cli.Jobs;

/// <summary><c>job list</c>.</summary>
internal sealed class JobListCommand : PleiadCommand
{
    private readonly Option<string?> _service = Complete.With(Given.Text("--service", "NAME", "Only jobs of this service."), ValueKind.Service);
    private readonly Option<string?> _state = Given.Choice("--state", "STATE", "Only jobs in this state: waiting, running, done, failed or cancelled.", "waiting", "running", "done", "failed", "cancelled");
    private readonly Option<int> _count = Given.Number("--count", 1_000, 1, 1_000_000, "Most jobs shown, the oldest first", "-n");
    private readonly Option<bool> _watch = new("--watch", "-w") { Description = "Show the list again whenever it changes, until Ctrl-C." };

    public JobListCommand(Terminal terminal)
        : base(terminal, "list", "Jobs in order of submission.", "pleiad job list --service primes --state running", "pleiad job list --watch")
    {
        Add(_service);
        Add(_state);
        Add(_count);
        Add(_watch);
    }

    protected override async Task<ExitCode> RunAsync(ParseResult given, CancellationToken cancellation)
    {
        var query = new JobQuery { Service = given.GetValue(_service), State = given.GetValue(_state), Limit = Math.Min(given.GetValue(_count), 1_000) };
        var json = given.GetValue(Given.Json);
        var watch = given.GetValue(_watch);
        using var client = Connection.Open(Terminal, given, watch ? Connection.Patient() : null);
        if (watch)
        {
            return await Watch.RunAsync(Terminal, LookAsync, JobTables.List, json ? jobs => Terminal.JsonLine(jobs, ContractJson.Default.IReadOnlyListJobInfo) : null, cancellation);
        }

        var jobs = await LookAsync(cancellation);
        if (json)
        {
            Terminal.Json(jobs, ContractJson.Default.IReadOnlyListJobInfo);
            return ExitCode.Done;
        }

        Terminal.Table(JobTables.List(jobs));
        if (jobs.Count == 0)
        {
            Terminal.Note("There is no such job; 'pleiad job submit' submits one.");
        }

        return ExitCode.Done;

        async Task<IReadOnlyList<JobInfo>> LookAsync(CancellationToken end) =>
            await client.EnumerateJobsAsync(query, end).Take(given.GetValue(_count)).ToListAsync(end);
    }
}
