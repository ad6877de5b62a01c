using System.CommandLine;
using Pleiad.Cli.Completion;
using Pleiad.Cli.Running;
using Pleiad.Client;
using Pleiad.Client.Contract;
using Pleiad.Client.Queries;
using Pleiad.Core.Documents;
using Pleiad.Core.Identity;

namespace Pleiad.Cli.Jobs;

/// <summary>A job given by id or by name; a name that several services use needs <c>--service</c>.</summary>
internal sealed class JobArgument
{
    private readonly Argument<string> _job = Complete.With(new Argument<string>("JOB") { Description = "Id or name of the job." }, ValueKind.Job);
    private readonly Option<string?> _service = Complete.With(Given.Text("--service", "NAME", "The service, when jobs of several have the name."), ValueKind.Service);

    public void AddTo(Command command)
    {
        command.Add(_job);
        command.Add(_service);
    }

    /// <summary>The job with its answer.</summary>
    public async Task<JobInfo> FindAsync(PleiadClient client, ParseResult given, CancellationToken cancellation)
    {
        var text = given.GetRequiredValue(_job);
        return await client.GetJobAsync(JobId.TryParse(text, out _) ? text : await IdOfAsync(client, text, given.GetValue(_service), cancellation), cancellation);
    }

    private static async Task<string> IdOfAsync(PleiadClient client, string name, string? service, CancellationToken cancellation)
    {
        var page = await client.ListJobsAsync(new JobQuery { Name = name, Service = service, Limit = 10 }, cancellation);
        return page.Jobs switch
        {
            [var job] => job.Id,
            [] => throw new InvalidInputException("job", new InputProblem("name", name, "is the name of no job that is kept", "see 'pleiad job list', or give the job's id")),
            _ => throw new InvalidInputException(
                "job", new InputProblem("name", name, $"is the name of jobs of {string.Join(", ", page.Jobs.Select(job => job.Service))}", "add --service, or give the job's id")),
        };
    }
}
