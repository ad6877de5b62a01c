using Pleiad.Core.Identity;
using Pleiad.State;

namespace Pleiad.Server.Jobs;

/// <summary>Lets callers wait for the end of a job without asking the database again and again.</summary>
internal sealed class JobEnds(IStateStore store, TimeProvider time)
{
    /// <summary>The database is asked at least this often, for ends that happen without a signal, such as the removal of the service.</summary>
    private static readonly TimeSpan AskInterval = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<JobId, Ending> _endings = [];

    /// <summary>Jobs that somebody waits for.</summary>
    internal int Awaited
    {
        get
        {
            lock (_gate)
            {
                return _endings.Count;
            }
        }
    }

    /// <summary>Wakes whoever waits for this job.</summary>
    internal void Signal(JobId job)
    {
        lock (_gate)
        {
            if (_endings.TryGetValue(job, out var ending))
            {
                ending.Signal.TrySetResult();
            }
        }
    }

    /// <summary>The job, at once when it ended, else when it ends or after <paramref name="wait"/>; null when there is none.</summary>
    internal async Task<JobRecord?> WaitAsync(JobId id, TimeSpan wait, CancellationToken cancellation)
    {
        if (wait <= TimeSpan.Zero)
        {
            return await store.GetJobAsync(id, cancellation);
        }

        var deadline = time.GetUtcNow() + wait;
        var ended = Enter(id);
        try
        {
            while (true)
            {
                var job = await store.GetJobAsync(id, cancellation);
                var rest = deadline - time.GetUtcNow();
                if (job is not { State: JobState.Waiting or JobState.Running } || rest <= TimeSpan.Zero)
                {
                    return job;
                }

                var pause = rest < AskInterval ? rest : AskInterval;
                await (ended.IsCompleted ? Task.Delay(pause, time, cancellation) : ended.WaitAsync(pause, time, cancellation)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                cancellation.ThrowIfCancellationRequested();
            }
        }
        finally
        {
            Leave(id);
        }
    }

    private Task Enter(JobId id)
    {
        lock (_gate)
        {
            if (!_endings.TryGetValue(id, out var ending))
            {
                _endings[id] = ending = new Ending();
            }

            ending.Waiters++;
            return ending.Signal.Task;
        }
    }

    private void Leave(JobId id)
    {
        lock (_gate)
        {
            if (--_endings[id].Waiters == 0)
            {
                _endings.Remove(id);
            }
        }
    }

    private sealed class Ending
    {
        internal TaskCompletionSource Signal { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal int Waiters { get; set; }
    }
}
