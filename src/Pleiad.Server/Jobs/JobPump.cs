using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Pleiad.Core.Events;
using Pleiad.Core.Identity;
using Pleiad.Gateway.Dispatch;
using Pleiad.Server.Fleet;
using Pleiad.State;

namespace Pleiad.Server.Jobs;

/// <summary>
/// Moves a service's jobs from the database to its machines. A runner first gets a slot and then takes the oldest waiting job, so that a job is marked running only when
/// a machine has it, order is that of submission, and a cancelled job never holds a place. Runners wait in the same queue as requests, which is how jobs make machines start.
/// </summary>
/// <remarks>A job is run at least once: when its machine or this server dies in the middle, it is run again, at most <see cref="AttemptsMax"/> times.</remarks>
internal sealed partial class JobPump : IAsyncDisposable
{
    /// <summary>Most times a job is given to a machine.</summary>
    internal const int AttemptsMax = 5;

    /// <summary>Most runners of one service, whatever its bounds.</summary>
    private const int RunnersMax = 2_000;

    private static readonly TimeSpan StorePause = TimeSpan.FromSeconds(1);

    private readonly FleetContext _context;
    private readonly ServiceFleet _fleet;
    private readonly JobSender _sender;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<JobId, CancellationTokenSource> _running = new();
    private readonly Lock _lock = new();
    private readonly HashSet<Task> _runners = [];
    private int _waiting;
    private int _asking;
    private bool _closed;
    private int _disposed;

    internal JobPump(FleetContext context, ServiceFleet fleet)
    {
        _context = context;
        _fleet = fleet;
        _sender = new JobSender(context.Transport);
    }

    /// <summary>A job was submitted or put back.</summary>
    internal void Added()
    {
        lock (_lock)
        {
            _waiting++;
            AskForSlots();
        }
    }

    /// <summary>Corrects the number of waiting jobs to what the database says.</summary>
    internal void Expect(int waiting)
    {
        lock (_lock)
        {
            _waiting = waiting;
            AskForSlots();
        }
    }

    /// <summary>Stops the sending of a job that was cancelled; its slot is free when the machine's connection is closed.</summary>
    internal void Cancel(JobId job)
    {
        if (_running.TryGetValue(job, out var sending))
        {
            sending.Cancel();
        }
    }

    /// <summary>Stops all runners; jobs in work stay marked running until a server puts them back. Safe to repeat.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        Task[] runners;
        lock (_lock)
        {
            _closed = true;
            _stop.Cancel();
            runners = [.. _runners];
        }

        await Task.WhenAll(runners);
        _stop.Dispose();
    }

    /// <summary>Has one runner ask for a slot for each waiting job, as far as the service's machines could ever have slots. Under the lock.</summary>
    private void AskForSlots()
    {
        var capacity = Math.Min((long)_fleet.Service.MachinesMax * _fleet.Service.Slots, RunnersMax);
        while (!_closed && _asking < _waiting && _runners.Count < capacity)
        {
            _asking++;
            var runner = RunAsync();
            _runners.Add(runner);
            _ = runner.ContinueWith(Ended, CancellationToken.None, TaskContinuationOptions.RunContinuationsAsynchronously, TaskScheduler.Default);
        }
    }

    private void Ended(Task runner)
    {
        lock (_lock)
        {
            _runners.Remove(runner);
            AskForSlots();
        }
    }

    /// <summary>This runner no longer asks; what it asked for is no longer waiting, because it has it or because it is not there any more.</summary>
    private void StopAsking()
    {
        lock (_lock)
        {
            _asking--;
            _waiting = Math.Max(0, _waiting - 1);
        }
    }

    private async Task RunAsync()
    {
        // The caller holds the lock.
        await Task.Yield();
        var asking = true;
        try
        {
            var slot = await _fleet.Dispatcher.AcquireAsync(WorkKind.Job, _stop.Token);
            if (slot.Lease is not { } lease)
            {
                Close();
                return;
            }

            using (lease)
            {
                var job = await _context.Store.TakeJobAsync(_fleet.Service.Name, lease.Machine, _context.Time.GetUtcNow(), _stop.Token);
                StopAsking();
                asking = false;
                if (job is not null)
                {
                    await RunAsync(job, lease);
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            Close();
        }
        catch (Exception error)
        {
            LogRunner(_context.Logger, _fleet.Service.Name, error);
            await Task.Delay(StorePause, _context.Time, CancellationToken.None);
        }
        finally
        {
            if (asking)
            {
                StopAsking();
            }
        }
    }

    private void Close()
    {
        lock (_lock)
        {
            _closed = true;
        }
    }

    private async Task RunAsync(JobRecord job, ISlotLease lease)
    {
        using var sending = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        _running[job.Id] = sending;
        try
        {
            var answer = await _sender.SendAsync(job, lease, sending.Token);
            if (answer.Outcome is { } outcome)
            {
                await FinishAsync(job, outcome);
            }
            else if (job.Attempts >= AttemptsMax)
            {
                await FinishAsync(job, new JobOutcome(JobState.Failed, null, null, null, $"given to a machine {job.Attempts} times, the last time: {answer.Error}"));
            }
            else
            {
                await PutBackAsync(job, lease, answer.Error!);
            }
        }
        catch (OperationCanceledException) when (sending.IsCancellationRequested)
        {
            LogCut(_context.Logger, job.Id);
        }
        finally
        {
            _running.TryRemove(job.Id, out _);
        }
    }

    private async Task FinishAsync(JobRecord job, JobOutcome outcome)
    {
        // The answer is here; it is written even while the server stops.
        var now = _context.Time.GetUtcNow();
        if (await _context.Store.FinishJobAsync(job.Id, outcome, now, CancellationToken.None))
        {
            _context.JobEnds.Signal(job.Id);
            _context.Events.Record(
                outcome.State == JobState.Done ? EventKind.JobDone : EventKind.JobFailed,
                outcome.Error ?? $"answered {outcome.Status} after {(now - job.Submitted).TotalMilliseconds:0} ms",
                job.Service,
                job.Machine?.Value,
                job.Id.ToString());
        }
    }

    private async Task PutBackAsync(JobRecord job, ISlotLease lease, string error)
    {
        var back = await _context.Store.RequeueJobsAsync(job.Id, _context.Time.GetUtcNow(), CancellationToken.None);
        if (back.Count > 0)
        {
            _context.Events.Record(EventKind.Retried, $"attempt {job.Attempts} of {AttemptsMax} failed: {error}", job.Service, lease.Machine.Value, job.Id.ToString());
            Added();
        }
    }

    [LoggerMessage(4200, LogLevel.Error, "A job of service {Service} could not be taken or finished; it is tried again")]
    private static partial void LogRunner(ILogger logger, string service, Exception error);

    [LoggerMessage(4201, LogLevel.Debug, "The sending of job {Job} was cut")]
    private static partial void LogCut(ILogger logger, JobId job);
}
