using System.Net;
using System.Runtime.CompilerServices;
using Pleiad.Client.Contract;
using Pleiad.Client.Queries;
using Pleiad.Client.Transport;

namespace Pleiad.Client;

public sealed partial class PleiadClient
{
    /// <summary>Submits a job. One with a name may be submitted again and is one job all the same; one without a name is sent only once.</summary>
    /// <returns>The job, and whether it is new. 409 when another request has the name.</returns>
    public async Task<SubmittedJob> SubmitJobAsync(JobRequest job, CancellationToken cancellation)
    {
        using var answer = await _api.SendAsync(
            ApiCall.Post(new ApiPath("jobs"), () => JsonBody.Of(job, ContractJson.Default.JobRequest)) with { Repeatable = job.Name is not null }, cancellation);
        return new SubmittedJob(await ApiTransport.ReadBodyAsync(answer, ContractJson.Default.JobInfo, cancellation), answer.StatusCode == HttpStatusCode.Created);
    }

    /// <summary>One job; 404 when there is none.</summary>
    public Task<JobInfo> GetJobAsync(string id, CancellationToken cancellation) =>
        _api.ReadAsync(ApiCall.Get(new ApiPath("jobs", id)), ContractJson.Default.JobInfo, cancellation);

    /// <summary>Waits until a job ended, also over a restart of the server.</summary>
    /// <returns>The job: done, failed or cancelled.</returns>
    public async Task<JobInfo> WaitForJobAsync(string id, CancellationToken cancellation)
    {
        var call = ApiCall.Get(new ApiPath("jobs", id).With("waitMs", (long)HeldMax.TotalMilliseconds)) with { Patient = true, Held = HeldMax };
        while (true)
        {
            var job = await _api.ReadAsync(call, ContractJson.Default.JobInfo, cancellation);
            if (job.Ended is not null)
            {
                return job;
            }
        }
    }

    /// <summary>One page of jobs in order of submission.</summary>
    public Task<JobPage> ListJobsAsync(JobQuery query, CancellationToken cancellation) =>
        _api.ReadAsync(
            ApiCall.Get(
                new ApiPath("jobs").With("service", query.Service).With("state", query.State).With("name", query.Name).With("after", query.After).With("limit", query.Limit)),
            ContractJson.Default.JobPage,
            cancellation);

    /// <summary>All jobs in order of submission, page after page.</summary>
    public async IAsyncEnumerable<JobInfo> EnumerateJobsAsync(JobQuery query, [EnumeratorCancellation] CancellationToken cancellation)
    {
        for (JobPage? page = null; page is null || page.Next is not null;)
        {
            page = await ListJobsAsync(page is null ? query : query with { After = page.Next }, cancellation);
            foreach (var job in page.Jobs)
            {
                yield return job;
            }
        }
    }

    /// <summary>Copies the bytes of a job's answer. 409 while it has not ended, or when it failed.</summary>
    public Task CopyJobResultAsync(string id, Stream destination, CancellationToken cancellation) =>
        _api.CopyAsync(ApiCall.Get(new ApiPath("jobs", id, "result")), destination, cancellation);

    /// <summary>Cancels a job; one that ended stays as it was.</summary>
    /// <returns>The job as it is now.</returns>
    public Task<JobInfo> CancelJobAsync(string id, CancellationToken cancellation) =>
        _api.ReadAsync(ApiCall.Post(new ApiPath("jobs", id, "cancel")), ContractJson.Default.JobInfo, cancellation);
}

/// <summary>A job after it was submitted.</summary>
/// <param name="Job">As it is kept now.</param>
/// <param name="Created">False when the same was submitted before.</param>
public sealed record SubmittedJob(JobInfo Job, bool Created);
