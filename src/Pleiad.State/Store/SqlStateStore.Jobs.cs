using Pleiad.Core.Identity;
using Pleiad.State.Sql;

namespace Pleiad.State.Store;

internal sealed partial class SqlStateStore
{
    /// <summary>Sets that end a job as cancelled; parameters reason and now.</summary>
    private const string Cancel = "state = 'cancelled', error = @reason, ended = @now";

    public Task<JobSubmission> SubmitJobAsync(JobRecord job, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(job);
        job = AsKept(job);
        return WriteAsync(
            new Call($"submit job '{job.Name}' to '{job.Service}'") { Repeatable = true, Grouped = true },
            async session =>
            {
                // The order of submission is the order of commit, so that nobody who pages by it misses a job.
                await session.LockAsync(SharedPart.JobOrder);
                if (await InsertAsync(session, job))
                {
                    return new JobSubmission(JobSubmissionKind.Accepted, job);
                }

                if (await session.NumberAsync("select count(*) as n from service where name = @service", ("service", job.Service)) == 0)
                {
                    return new JobSubmission(JobSubmissionKind.NoService, job);
                }

                var kept = await session.FirstAsync(
                    ReadJobWithBodies, $"select {JobColumnsWithBodies} from job where service = @service and name = @name", ("service", job.Service), ("name", job.Name))
                    ?? throw new StateException(
                        $"{database.Name}: job '{job.Name}' or service '{job.Service}' was changed while the job was submitted; submit it again");
                return new JobSubmission(
                    kept.Id == job.Id ? JobSubmissionKind.Accepted : SameRequest(kept, job) ? JobSubmissionKind.AlreadyKept : JobSubmissionKind.NameTaken, kept);
            },
            cancellation);
    }

    public Task<JobRecord?> TakeJobAsync(string service, MachineId machine, DateTimeOffset now, CancellationToken cancellation) =>
        WriteAsync(
            new Call($"take a job of '{service}'"),
            session => session.FirstAsync(
                ReadJobWithBodies,
                $"""
                with next as materialized (
                    select seq from job where state = 'waiting' and service = @service order by seq limit 1 {session.Dialect.SkipLocked})
                update job set state = 'running', attempts = attempts + 1, id_vmachine = @machine, sent = @now
                where seq in (select seq from next)
                returning {JobColumnsWithBodies}
                """,
                ("service", service),
                ("machine", machine),
                ("now", now)),
            cancellation);

    public Task<bool> FinishJobAsync(JobId job, JobOutcome outcome, DateTimeOffset now, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(outcome);
        if (outcome.State is not (JobState.Done or JobState.Failed))
        {
            throw new ArgumentOutOfRangeException(nameof(outcome), outcome.State, "a job ends as done or failed");
        }

        return WriteAsync(
            new Call($"end job {job}"),
            async session => await session.ExecuteAsync(
                """
                update job set state = @state, status = @status, result = @result, result_type = @result_type, error = @error, ended = @now
                where id_job = @job and state = 'running'
                """,
                ("state", outcome.State),
                ("status", outcome.Status),
                ("result", outcome.Result),
                ("result_type", outcome.ResultType),
                ("error", outcome.Error),
                ("now", now),
                ("job", job)) > 0,
            cancellation);
    }

    public Task<IReadOnlyList<JobId>> RequeueJobsAsync(JobId? job, DateTimeOffset now, CancellationToken cancellation) =>
        WriteAsync<IReadOnlyList<JobId>>(
            new Call(job is null ? "put running jobs back" : $"put job {job} back"),
            async session =>
            {
                var requeued = await session.QueryAsync(
                    row => (Order: row.Whole("seq"), Id: row.Job("id_job")),
                    $"update job set state = 'waiting', id_vmachine = null, sent = null, requeued = @now where state = 'running' {(job is null ? "" : "and id_job = @job")} returning seq, id_job",
                    job is null ? [("now", now)] : [("now", now), ("job", job)]);
                return [.. requeued.OrderBy(row => row.Order).Select(row => row.Id)];
            },
            cancellation);

    public Task<JobRecord?> CancelJobAsync(JobId job, string reason, DateTimeOffset now, CancellationToken cancellation) =>
        WriteAsync(
            new Call($"cancel job {job}") { Repeatable = true },
            async session =>
            {
                await session.ExecuteAsync(
                    $"update job set {Cancel} where id_job = @job and state in ('waiting', 'running')", ("reason", reason), ("now", now), ("job", job));
                return await JobAsync(session, job);
            },
            cancellation);

    public Task<int> PurgeJobsAsync(DateTimeOffset endedBefore, CancellationToken cancellation) =>
        WriteAsync(
            new Call("remove old jobs"),
            async session =>
            {
                // Not while a submission looks at a job of the same name.
                await session.LockAsync(SharedPart.JobOrder);
                return await session.ExecuteAsync("delete from job where ended < @before", ("before", endedBefore));
            },
            cancellation);

    /// <summary>Inserts a waiting job, unless its service is not there or its name is taken; the service then stays until the transaction ends.</summary>
    private static async Task<bool> InsertAsync(Session session, JobRecord job) => await session.ExecuteAsync(
        $"""
        insert into job (id_job, service, name, state, method, path, content_type, body, submitted)
        select @id, name, @name, 'waiting', @method, @path, @content_type, @body, @submitted
        from service where name = @service {session.Dialect.ForKeyShare}
        on conflict (service, name) do nothing
        """,
        ("id", job.Id),
        ("service", job.Service),
        ("name", job.Name),
        ("method", job.Method),
        ("path", job.Path),
        ("content_type", job.ContentType),
        ("body", job.Body),
        ("submitted", job.Submitted)) == 1;

    /// <summary>The job as a first reading would give it.</summary>
    private static JobRecord AsKept(JobRecord job) =>
        new(job.Id, job.Service, Dialect.Storable(job.Name), Dialect.Storable(job.Method), Dialect.Storable(job.Path), Dialect.Milliseconds(job.Submitted))
        {
            Body = job.Body,
            ContentType = job.ContentType is { } type ? Dialect.Storable(type) : null,
        };

    private static bool SameRequest(JobRecord kept, JobRecord asked) =>
        kept.Method == asked.Method
        && kept.Path == asked.Path
        && kept.ContentType == asked.ContentType
        && (kept.Body ?? []).AsSpan().SequenceEqual(asked.Body ?? []);
}
