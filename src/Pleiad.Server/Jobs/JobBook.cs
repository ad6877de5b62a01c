using Microsoft.Extensions.Logging;
using Pleiad.Core.Events;
using Pleiad.Server.Fleet;
using Pleiad.State;

namespace Pleiad.Server.Jobs;

/// <summary>
/// Writes what became of a job, whatever the store does: while the server lives a job that was taken either gets its end or waits again.
/// Only its server's own end stops the attempts; the next server puts back what is still marked running.
/// </summary>
internal sealed partial class JobBook(FleetContext context)
{
    /// <summary>Attempts to write an answer; then the job is put back, as it may be the answer that cannot be written.</summary>
    internal const int FinishTriesMax = 8;

    private static readonly TimeSpan PauseFirst = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan PauseMax = TimeSpan.FromSeconds(10);

    /// <summary>The end of a job that was given to machines often enough.</summary>
    internal static JobOutcome GivenUp(JobRecord job, string error) => new(JobState.Failed, null, null, null, $"given to a machine {job.Attempts} times, the last time: {error}");

    /// <summary>Ends a job with its outcome.</summary>
    /// <param name="job">The job as it was taken.</param>
    /// <param name="outcome">How it ended.</param>
    /// <param name="isLast">Whether it may not be run again.</param>
    /// <param name="stop">The server ends: one more attempt, without pauses.</param>
    /// <returns>True when it waits again instead.</returns>
    internal async Task<bool> FinishAsync(JobRecord job, JobOutcome outcome, bool isLast, CancellationToken stop)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await WriteEndAsync(job, outcome, isAgain: attempt > 1);
                return false;
            }
            catch (Exception error)
            {
                LogFinish(context.Logger, job.Id, attempt, error);
                if (stop.IsCancellationRequested)
                {
                    return false;
                }

                if (attempt == FinishTriesMax)
                {
                    if (!isLast)
                    {
                        return await PutBackAsync(job, $"its answer could not be written: {error.Message}", stop);
                    }

                    outcome = GivenUp(job, $"its answer could not be written: {error.Message}");
                }
            }

            await PauseAsync(attempt, stop);
        }
    }

    /// <summary>Lets a job wait again.</summary>
    /// <returns>False when it was cancelled or has ended, or when the server ends before the store answers.</returns>
    internal async Task<bool> PutBackAsync(JobRecord job, string why, CancellationToken stop)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                // After a failure nobody knows whether it waits already, and then another runner may have it by now.
                if (attempt > 1 && (await context.Store.GetJobAsync(job.Id, CancellationToken.None) is not { State: JobState.Running } kept || kept.Attempts != job.Attempts))
                {
                    return true;
                }

                var back = await context.Store.RequeueJobsAsync(job.Id, context.Time.GetUtcNow(), CancellationToken.None);
                if (back.Count > 0)
                {
                    context.Events.Record(EventKind.Retried, why, job.Service, job.Machine?.Value, job.Id.ToString());
                }

                return back.Count > 0;
            }
            catch (Exception error)
            {
                LogPutBack(context.Logger, job.Id, attempt, error);
                if (stop.IsCancellationRequested)
                {
                    return false;
                }
            }

            await PauseAsync(attempt, stop);
        }
    }

    private async Task WriteEndAsync(JobRecord job, JobOutcome outcome, bool isAgain)
    {
        var now = context.Time.GetUtcNow();
        var written = await context.Store.FinishJobAsync(job.Id, outcome, now, CancellationToken.None);
        if (!written && isAgain)
        {
            // An earlier attempt may have been carried out although it failed.
            written = await context.Store.GetJobAsync(job.Id, CancellationToken.None) is { } kept && kept.State == outcome.State && kept.Attempts == job.Attempts;
        }

        if (written)
        {
            context.JobEnds.Signal(job.Id);
            context.Events.Record(
                outcome.State == JobState.Done ? EventKind.JobDone : EventKind.JobFailed,
                outcome.Error ?? $"answered {outcome.Status} after {(now - job.Submitted).TotalMilliseconds:0} ms",
                job.Service,
                job.Machine?.Value,
                job.Id.ToString());
        }
    }

    private async Task PauseAsync(int attempt, CancellationToken stop)
    {
        var pause = PauseFirst * (1 << Math.Min(attempt - 1, 10));
        await Task.Delay(pause < PauseMax ? pause : PauseMax, context.Time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    [LoggerMessage(4210, LogLevel.Error, "The end of job {Job} could not be written, attempt {Attempt}")]
    private static partial void LogFinish(ILogger logger, Core.Identity.JobId job, int attempt, Exception error);

    [LoggerMessage(4211, LogLevel.Error, "Job {Job} could not be put back, attempt {Attempt}")]
    private static partial void LogPutBack(ILogger logger, Core.Identity.JobId job, int attempt, Exception error);
}
