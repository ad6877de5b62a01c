using System.Collections.Concurrent;
using Pleiad.Core.Identity;
using Pleiad.State;

namespace Pleiad.Server.Jobs;

/// <summary>Lets callers wait for the end of a job without asking the database again and again.</summary>
internal sealed class JobEnds(IStateStore store, TimeProvider time)
{
    /// <summary>The database is asked at least this often, for ends that happen without a signal, such as the removal of the service.</summary>
    private static readonly TimeSpan AskInterval = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<JobId, TaskCompletionSource> _waits = new();

    /// <summary>Wakes whoever waits for this job.</summary>
    internal void Signal(JobId job)
    {
        if (_waits.TryRemove(job, out var wait))
        {
            wait.TrySetResult();
        }
    }

    /// <summary>The job, at once when it ended, else when it ends or after <paramref name="wait"/>; null when there is none.</summary>
    internal async Task<JobRecord?> WaitAsync(JobId id, TimeSpan wait, CancellationToken cancellation)
    {
        var deadline = time.GetUtcNow() + wait;
        while (true)
        {
            var ended = wait > TimeSpan.Zero ? _waits.GetOrAdd(id, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task : Task.CompletedTask;
            var job = await store.GetJobAsync(id, cancellation);
            var rest = deadline - time.GetUtcNow();
            if (job is not { State: JobState.Waiting or JobState.Running } || rest <= TimeSpan.Zero)
            {
                Signal(id);
                return job;
            }

            await Task.WhenAny(ended, Task.Delay(rest < AskInterval ? rest : AskInterval, time, cancellation));
            cancellation.ThrowIfCancellationRequested();
        }
    }
}
