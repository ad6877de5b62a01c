using Microsoft.Extensions.Logging;
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

    /// <summary>First pause of a machine that could not be reached; doubles with each attempt of the job.</summary>
    private static readonly TimeSpan SuspensionFirst = TimeSpan.FromSeconds(1);

    private readonly FleetContext _context;
    private readonly ServiceFleet _fleet;
    private readonly JobSender _sender;
    private readonly JobBook _book;
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<JobId, CancellationTokenSource> _held = [];
    private readonly HashSet<JobId> _cancelledEarly = [];
    private readonly Lock _lock = new();
    private readonly HashSet<Task> _runners = [];
    private int _waiting;
    private int _asking;
    private int _taking;
    private bool _closed;
    private int _disposed;

    internal JobPump(FleetContext context, ServiceFleet fleet)
    {
        _context = context;
        _fleet = fleet;
        _sender = new JobSender(context.Transport, context.Time);
        _book = new JobBook(context);
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

    /// <summary>Whether a runner has this job, from the moment it was taken until its end is written or it waits again.</summary>
    internal bool Has(JobId job)
    {
        lock (_lock)
        {
            return _held.ContainsKey(job);
        }
    }

    /// <summary>Stops the sending of a job that was cancelled; its slot is free when the machine's connection is closed.</summary>
    internal void Cancel(JobId job)
    {
        CancellationTokenSource? sending;
        lock (_lock)
        {
            if (!_held.TryGetValue(job, out sending) && _taking > 0)
            {
                // It may just have been taken; whoever took it finds it here.
                _cancelledEarly.Add(job);
            }
        }

        try
        {
            sending?.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It ended meanwhile.
        }
    }

    /// <summary>Stops all runners; a job in work waits again if the store answers, else the next server puts it back. Safe to repeat.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        Close();
        await _stop.CancelAsync();
        Task[] runners;
        lock (_lock)
        {
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

            JobRecord? job;
            JobSender.Answer? answer = null;
            using (lease)
            {
                job = await TakeAsync(lease);
                StopAsking();
                asking = false;
                if (job is null)
                {
                    return;
                }

                answer = await SendAsync(job, lease);
            }

            // The slot is free for others; the job is this runner's until the store knows what became of it.
            await SettleAsync(job, answer);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            Close();
        }
        catch (Exception error)
        {
            LogRunner(_context.Logger, _fleet.Service.Name, error);
            await Task.Delay(StorePause, _context.Time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
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

    private async Task<JobRecord?> TakeAsync(ISlotLease lease)
    {
        lock (_lock)
        {
            _taking++;
        }

        JobRecord? job = null;
        try
        {
            job = await _context.Store.TakeJobAsync(_fleet.Service.Name, lease.Machine, _context.Time.GetUtcNow(), _stop.Token);
            return job;
        }
        finally
        {
            lock (_lock)
            {
                if (job is not null)
                {
                    var sending = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
                    _held[job.Id] = sending;
                    if (_cancelledEarly.Contains(job.Id))
                    {
                        sending.Cancel(); // Nobody listens to it yet.
                    }
                }

                if (--_taking == 0)
                {
                    _cancelledEarly.Clear();
                }
            }
        }
    }

    /// <returns>Null when it was cut, because the job was cancelled or the server ends.</returns>
    private async Task<JobSender.Answer?> SendAsync(JobRecord job, ISlotLease lease)
    {
        CancellationTokenSource sending;
        lock (_lock)
        {
            sending = _held[job.Id];
        }

        try
        {
            var answer = await _sender.SendAsync(job, lease, sending.Token);
            if (answer is { Error: not null, Sent: false })
            {
                // It looks unused and would draw every job until it answers again or is found dead: long enough that attempts left outlast its hang timeout.
                var pause = SuspensionFirst * (1 << Math.Min(job.Attempts - 1, 4));
                var least = _fleet.Service.HangTimeout / (AttemptsMax - 2);
                _fleet.Dispatcher.Suspend(lease.Machine, pause > least ? pause : least);
            }

            return answer;
        }
        catch (OperationCanceledException) when (sending.IsCancellationRequested)
        {
            LogCut(_context.Logger, job.Id);
            return null;
        }
        catch (Exception error)
        {
            // A job that cannot be sent ends like one whose machine fails, and not never.
            LogSend(_context.Logger, job.Id, error);
            return new JobSender.Answer(null, $"{error.GetType().Name}: {error.Message}", Sent: true);
        }
    }

    private async Task SettleAsync(JobRecord job, JobSender.Answer? answer)
    {
        try
        {
            // An attempt that the end of the service or the server cut says nothing about the job.
            var isLast = job.Attempts >= AttemptsMax && !_fleet.IsClosed;
            var waits = answer switch
            {
                { Outcome: { } outcome } => await _book.FinishAsync(job, outcome, isLast, _stop.Token),
                { Error: { } error } when isLast => await _book.FinishAsync(job, JobBook.GivenUp(job, error), isLast, _stop.Token),
                { Error: var error } => await _book.PutBackAsync(job, $"attempt {job.Attempts} of {AttemptsMax} failed: {error}", _stop.Token),
                null => _stop.IsCancellationRequested && await _book.PutBackAsync(job, "the server stops", _stop.Token),
            };
            if (waits)
            {
                Added();
            }
        }
        finally
        {
            lock (_lock)
            {
                if (_held.Remove(job.Id, out var sending))
                {
                    sending.Dispose();
                }
            }
        }
    }

    [LoggerMessage(4200, LogLevel.Error, "A runner of service {Service} failed; another follows")]
    private static partial void LogRunner(ILogger logger, string service, Exception error);

    [LoggerMessage(4202, LogLevel.Error, "Job {Job} could not be sent")]
    private static partial void LogSend(ILogger logger, JobId job, Exception error);

    [LoggerMessage(4201, LogLevel.Debug, "The sending of job {Job} was cut")]
    private static partial void LogCut(ILogger logger, JobId job);
}
