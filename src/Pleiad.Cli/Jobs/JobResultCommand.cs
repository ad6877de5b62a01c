using System.CommandLine;
using Pleiad.Cli.Output;
using Pleiad.Cli.Running;
using Pleiad.Client.Contract;

namespace Pleiad.Cli.Jobs;

/// <summary><c>job result</c>: the answer's bytes as they came; with <c>--json</c> the job with its answer as text.</summary>
internal sealed class JobResultCommand : PleiadCommand
{
    private readonly JobArgument _job = new();

    public JobResultCommand(Terminal terminal)
        : base(terminal, "result", "Write the answer of a job to stdout, byte for byte.", "pleiad job result test1 > primes.json") => _job.AddTo(this);

    protected override async Task<ExitCode> RunAsync(ParseResult given, CancellationToken cancellation)
    {
        using var client = Connection.Open(Terminal, given);
        var job = await _job.FindAsync(client, given, cancellation);
        if (given.GetValue(Given.Json))
        {
            Terminal.Json(job, ContractJson.Default.JobInfo);
            return job.State == "done" ? ExitCode.Done : ExitCode.Failed;
        }

        await client.CopyJobResultAsync(job.Id, Terminal.Output, cancellation);
        return ExitCode.Done;
    }
}
