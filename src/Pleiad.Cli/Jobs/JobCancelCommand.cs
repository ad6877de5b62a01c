using System.CommandLine;
using Pleiad.Cli.Output;
using Pleiad.Cli.Running;
using Pleiad.Client.Contract;

namespace Pleiad.Cli.Jobs;

/// <summary><c>job cancel</c>: a job that ended stays as it was, which is no failure.</summary>
internal sealed class JobCancelCommand : PleiadCommand
{
    private readonly JobArgument _job = new();

    public JobCancelCommand(Terminal terminal)
        : base(terminal, "cancel", "Cancel a job that waits or runs.", "pleiad job cancel test1") => _job.AddTo(this);

    protected override async Task<ExitCode> RunAsync(ParseResult given, CancellationToken cancellation)
    {
        using var client = Connection.Open(Terminal, given);
        var job = await client.CancelJobAsync((await _job.FindAsync(client, given, cancellation)).Id, cancellation);
        if (given.GetValue(Given.Json))
        {
            Terminal.Json(job, ContractJson.Default.JobInfo);
        }
        else
        {
            Terminal.Out.WriteLine(job.State == "cancelled" ? $"job {job.Name} is cancelled" : $"job {job.Name} is {job.State} already; there was nothing to cancel");
        }

        return ExitCode.Done;
    }
}
