using System.CommandLine;
using Pleiad.Cli.Completion;
using Pleiad.Cli.Output;
using Pleiad.Cli.Running;
using Pleiad.Client;
using Pleiad.Client.Contract;

namespace Pleiad.Cli.Jobs;

/// <summary><c>job submit</c>.</summary>
internal sealed class JobSubmitCommand : PleiadCommand
{
    /// <summary>Largest body of a job, in bytes; the API's own limit.</summary>
    public const long BodyMax = 8 << 20;

    private readonly Option<string?> _service = Complete.With(Given.Text("--service", "NAME", "The service that does it."), ValueKind.Service);
    private readonly Option<string?> _name = Given.Text("--name", "NAME", "Name of the job, unique in its service; submitting the same again is safe. Made up unless given.");
    private readonly Option<string?> _path = Given.Text("--path", "PATH", "Target of the request, with its query.", path => path.StartsWith('/'), "begin with '/', for example '/primes?n=1000'");
    private readonly Option<string?> _method = Given.Text("--method", "METHOD", "HTTP method (GET unless given, POST with a body).", method => method.Length is > 0 and <= 32 && method.All(char.IsAsciiLetter), "give a method such as GET, POST or PUT");
    private readonly Option<string?> _body = Given.Text("--body", "FILE", "File that holds the body of the request; '-' reads stdin.");
    private readonly Option<string?> _contentType = Given.Text("--content-type", "TYPE", "Content type of the body.");
    private readonly Option<bool> _wait = new("--wait") { Description = "Wait until it ended, and fail when it failed." };

    public JobSubmitCommand(Terminal terminal)
        : base(
            terminal, "submit", "Submit a job; it is kept on disk before this returns.",
            "pleiad job submit --service primes --name test1 --path '/primes?n=10000' --wait", "pleiad job submit --service echo --path /echo --body letter.txt --content-type text/plain")
    {
        _service.Required = true;
        _path.Required = true;
        foreach (var option in (Option[])[_service, _name, _path, _method, _body, _contentType, _wait])
        {
            Add(option);
        }
    }

    protected override async Task<ExitCode> RunAsync(ParseResult given, CancellationToken cancellation)
    {
        var request = new JobRequest(given.GetValue(_service)!, given.GetValue(_path)!)
        {
            Name = given.GetValue(_name),
            Method = given.GetValue(_method)?.ToUpperInvariant(),
            Body = given.GetValue(_body) is { } file ? await InputFile.ReadAsync(Terminal, "--body", file, BodyMax, cancellation) : null,
            ContentType = given.GetValue(_contentType),
        };
        using var client = Connection.Open(Terminal, given);
        var (job, created) = await client.SubmitJobAsync(request, cancellation);
        if (!created)
        {
            Terminal.Note($"job {job.Name} was submitted before and is {job.State}");
        }

        if (given.GetValue(_wait))
        {
            job = await WaitAsync(client, job, cancellation);
        }

        if (given.GetValue(Given.Json))
        {
            Terminal.Json(job, ContractJson.Default.JobInfo);
        }
        else if (given.GetValue(_wait))
        {
            JobTables.Show(Terminal, job);
        }
        else
        {
            Terminal.Out.WriteLine($"job {job.Name} is {job.State} ({job.Id})");
        }

        return given.GetValue(_wait) && job.State != "done" ? ExitCode.Failed : ExitCode.Done;
    }

    private async Task<JobInfo> WaitAsync(PleiadClient client, JobInfo job, CancellationToken cancellation)
    {
        try
        {
            return await client.WaitForJobAsync(job.Id, cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            Terminal.Note($"the job goes on; 'pleiad job show {job.Id}' shows it, 'pleiad job cancel {job.Id}' ends it");
            throw;
        }
    }
}
