using System.Text;
using System.Text.Unicode;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Pleiad.Client.Contract;
using Pleiad.Core.Documents;
using Pleiad.Core.Events;
using Pleiad.Core.Identity;
using Pleiad.Server.Jobs;
using Pleiad.State;

namespace Pleiad.Server.Api;

/// <summary><c>/api/v1/jobs</c>: requests that are kept until they are done.</summary>
internal static class JobEndpoints
{
    private const int ResultTextMax = 64 << 10;
    private const int LimitMax = 1_000;

    internal static void Map(RouteGroupBuilder api, ApiContext context)
    {
        var jobs = api.MapGroup("/jobs").WithTags("jobs");
        jobs.MapPost("", async (JobRequest request, CancellationToken cancellation) => await SubmitAsync(context, request, cancellation))
            .WithName("submitJob").Produces<JobInfo>(201).Produces<JobInfo>(200).Produces<ApiProblem>(400).Produces<ApiProblem>(404).Produces<ApiProblem>(409);
        jobs.MapGet("", async (string? service, string? state, string? name, string? after, int? limit, CancellationToken cancellation) =>
            await ListAsync(context, service, state, name, after, limit, cancellation)).WithName("listJobs").Produces<JobPage>();
        jobs.MapGet("/{id}", async (string id, int? waitMs, CancellationToken cancellation) => await ShowAsync(context, id, waitMs, cancellation))
            .WithName("getJob").WithDescription("With waitMs (at most 30000) the answer is held back until the job ended.").Produces<JobInfo>().Produces<ApiProblem>(404);
        jobs.MapGet("/{id}/result", async (string id, HttpContext http, CancellationToken cancellation) => await ResultAsync(context, id, http, cancellation))
            .WithName("getJobResult").WithDescription("The answer's bytes as the service gave them.").Produces(200).Produces<ApiProblem>(404).Produces<ApiProblem>(409);
        jobs.MapPost("/{id}/cancel", async (string id, CancellationToken cancellation) => await CancelAsync(context, id, cancellation))
            .WithName("cancelJob").Produces<JobInfo>().Produces<ApiProblem>(404);
    }

    private static async Task<IResult> SubmitAsync(ApiContext context, JobRequest request, CancellationToken cancellation)
    {
        var job = JobRequests.Read(request, context.Time.GetUtcNow());
        var kept = await context.Store.SubmitJobAsync(job, cancellation);
        switch (kept.Kind)
        {
            case JobSubmissionKind.NoService:
                return ApiErrors.NotFound("service", job.Service, "apply it first: pleiad service apply -f service.yaml");
            case JobSubmissionKind.NameTaken:
                return ApiErrors.Result(
                    StatusCodes.Status409Conflict, "nameTaken", $"Service '{job.Service}' has another job named '{job.Name}'", $"it is {kept.Job.Method} {kept.Job.Path}, job {kept.Job.Id}; give another name");
            case JobSubmissionKind.Accepted:
                context.Events.Record(EventKind.JobAccepted, $"{job.Method} {job.Path}", job.Service, job: job.Id.ToString());
                context.Fleets.Get(job.Service)?.Jobs.Added();
                return Results.Json(Info(kept.Job, context), ContractJson.Readable.JobInfo, statusCode: StatusCodes.Status201Created);
            default:
                return Results.Json(Info(kept.Job, context), ContractJson.Readable.JobInfo);
        }
    }

    private static async Task<IResult> ListAsync(ApiContext context, string? service, string? state, string? name, string? after, int? limit, CancellationToken cancellation)
    {
        var count = limit is null or (>= 1 and <= LimitMax)
            ? limit ?? 100
            : throw new InvalidInputException("jobs", new InputProblem("limit", $"{limit}", "is out of range", $"give a whole number from 1 to {LimitMax}"));
        JobId? last = after is null ? null : Id(after);
        JobState? wanted = state is null
            ? null
            : Enum.TryParse<JobState>(state, ignoreCase: true, out var one) && !int.TryParse(state, out _)
                ? one
                : throw new InvalidInputException("jobs", new InputProblem("state", state, "is no state", $"give one of {string.Join(", ", Enum.GetNames<JobState>()).ToLowerInvariant()}"));
        var jobs = await context.Store.ListJobsAsync(new JobQuery(service, wanted, name, last, count), cancellation);
        return Results.Json(
            new JobPage([.. jobs.Select(job => Info(job, context))], jobs.Count == count ? jobs[^1].Id.ToString() : null),
            ContractJson.Readable.JobPage);
    }

    private static async Task<IResult> ShowAsync(ApiContext context, string id, int? waitMs, CancellationToken cancellation)
    {
        var job = await context.HeldBackAsync(waitMs, (wait, either) => context.JobEnds.WaitAsync(Id(id), wait, either), cancellation);
        return job is null ? NotFound(id) : Results.Json(Info(job, context), ContractJson.Readable.JobInfo);
    }

    private static async Task<IResult> ResultAsync(ApiContext context, string id, HttpContext http, CancellationToken cancellation)
    {
        switch (await context.Store.GetJobAsync(Id(id), cancellation))
        {
            case null:
                return NotFound(id);
            case { State: JobState.Done } job:
                // A service's answer is data here: a browser must not run it as a page of the API.
                http.Response.Headers.XContentTypeOptions = "nosniff";
                http.Response.Headers.ContentSecurityPolicy = "sandbox";
                http.Response.Headers.ContentDisposition = "attachment";
                return Results.Bytes(job.Result ?? [], job.ResultType ?? "application/octet-stream");
            case var job:
                return ApiErrors.Result(
                    StatusCodes.Status409Conflict, "noResult", $"Job '{job.Name}' is {Fleet.Words.Of(job.State)}", job.Error ?? "wait until it is done: GET /api/v1/jobs/{id}?waitMs=30000");
        }
    }

    private static async Task<IResult> CancelAsync(ApiContext context, string id, CancellationToken cancellation)
    {
        var before = await context.Store.GetJobAsync(Id(id), cancellation);
        var job = await context.Store.CancelJobAsync(Id(id), "cancelled by request", context.Time.GetUtcNow(), cancellation);
        if (job is null)
        {
            return NotFound(id);
        }

        context.Fleets.Get(job.Service)?.Jobs.Cancel(job.Id);
        context.JobEnds.Signal(job.Id);
        if (before?.State is JobState.Waiting or JobState.Running && job.State == JobState.Cancelled)
        {
            context.Events.Record(EventKind.JobCancelled, "cancelled by request", job.Service, job.Machine?.Value, job.Id.ToString());
        }

        return Results.Json(Info(job, context), ContractJson.Readable.JobInfo);
    }

    private static JobId Id(string text) =>
        JobId.TryParse(text, out var id) ? id : throw new InvalidInputException("jobs", new InputProblem("id", text, "is no id of a job", "give an id as 'pleiad job list' shows it"));

    private static IResult NotFound(string id) => ApiErrors.NotFound("job", id, "'pleiad job list' shows those that are kept");

    private static JobInfo Info(JobRecord job, ApiContext context)
    {
        var now = context.Time.GetUtcNow();
        var waitedUntil = job.Sent ?? job.Ended ?? now;
        return new JobInfo(
            job.Id.ToString(), job.Service, job.Name, job.Method, job.Path, Fleet.Words.Of(job.State), job.Attempts, job.Machine?.Value, job.Submitted, job.Sent, job.Ended,
            Math.Max(0, (waitedUntil - job.Submitted).TotalMilliseconds),
            job.Sent is { } sent ? Math.Max(0, ((job.Ended ?? now) - sent).TotalMilliseconds) : null,
            job.Status,
            job.Result is { Length: <= ResultTextMax } bytes && Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : null,
            job.Error);
    }
}
