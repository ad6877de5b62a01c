using System.CommandLine;
using Pleiad.Cli.Output;
using Pleiad.Cli.Running;
using Pleiad.Client.Contract;

namespace Pleiad.Cli.Jobs;

/// <summary><c>job show</c>.</summary>
internal sealed class JobShowCommand : PleiadCommand
{
    private readonly JobArgument _job = new();

    public JobShowCommand(Terminal terminal)
        : base(terminal, "show", "One job: where it stands, where its time went, its answer.", "pleiad job show test1") => _job.AddTo(this);

    protected override async Task<ExitCode> RunAsync(ParseResult given, CancellationToken cancellation)
    {
        using var client = Connection.Open(Terminal, given);
        var job = await _job.FindAsync(client, given, cancellation);
        if (given.GetValue(Given.Json))
        {
            Terminal.Json(job, ContractJson.Default.JobInfo);
        }
        else
        {
            JobTables.Show(Terminal, job);
        }

        return ExitCode.Done;
    }
}
