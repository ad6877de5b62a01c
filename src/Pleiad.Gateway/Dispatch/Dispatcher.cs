using Pleiad.Core.Identity;
using Pleiad.Core.Metrics;

namespace Pleiad.Gateway.Dispatch;

/// <summary>Slots and queue of one service in memory; one lock, held for well under a microsecond at a time.</summary>
/// <remarks>
/// Invariant outside the lock: nobody waits while a machine that takes work has a free slot. So an asker is either served at once or joins the queue,
/// and each slot that becomes free goes to the one that came first.
/// <code>
/// waiter:  in a lane ──► granted │ deadline passed │ closed │ cancelled      (exactly one, decided by who takes it out of its lane)
/// machine: takes work ⇄ full, takes work ⇄ suspended, any ──► draining, any ──► removed
/// </code>
/// </remarks>
public sealed partial class Dispatcher : IDispatcher
{
    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly Action? _changed;
    private readonly ITimer _timer;
    private readonly Dictionary<MachineId, MachineEntry> _machines = [];
    private readonly List<MachineEntry> _suspended = [];
    private readonly MachineHeap _ready = new();
    private readonly WaitQueue _queue = new();
    private DispatcherOptions _options;
    private long _timerDue = long.MaxValue;
    private long _ages;
    private long _granted;
    private long _queueFull;
    private long _deadlinePassed;
    private int _inFlight;
    private bool _closed;

    /// <summary>A dispatcher without machines.</summary>
    /// <param name="service">The service.</param>
    /// <param name="options">Bounds of its queue.</param>
    /// <param name="time">The clock of waits and deadlines.</param>
    /// <param name="changed">
    /// Called outside the lock whenever a plan may be due: something began to wait, was refused or was late, a lease came back, a machine came, went,
    /// was suspended or resumed. It runs on the thread that did it, so it must return quickly and not throw.
    /// </param>
    public Dispatcher(string service, DispatcherOptions options, TimeProvider time, Action? changed = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(service);
        ArgumentNullException.ThrowIfNull(time);
        Check(options);
        Service = service;
        _options = options;
        _time = time;
        _changed = changed;
        _timer = time.CreateTimer(static state => ((Dispatcher)state!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <inheritdoc/>
    public string Service { get; }

    /// <inheritdoc/>
    public DurationHistogram Waits { get; } = new();

    /// <inheritdoc/>
    public DispatcherOptions Options => Volatile.Read(ref _options);

    /// <inheritdoc/>
    public ValueTask<DispatchResult> AcquireAsync(WorkKind kind, CancellationToken cancellation) => AcquireAsync(kind, null, cancellation);

    /// <inheritdoc/>
    public ValueTask<DispatchResult> AcquireElsewhereAsync(WorkKind kind, MachineId avoid, CancellationToken cancellation) =>
        AcquireAsync(kind, avoid, cancellation);

    private ValueTask<DispatchResult> AcquireAsync(WorkKind kind, MachineId? avoid, CancellationToken cancellation)
    {
        if (cancellation.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<DispatchResult>(cancellation);
        }

        Waiter? waiter = null;
        lock (_gate)
        {
            if (_closed)
            {
                return new ValueTask<DispatchResult>(new DispatchResult(DispatchOutcome.Closed, null, TimeSpan.Zero));
            }

            if ((avoid is { } other ? _ready.FirstBut(other) : _ready.First) is { } machine)
            {
                Waits.Observe(TimeSpan.Zero);
                return new ValueTask<DispatchResult>(new DispatchResult(DispatchOutcome.Granted, Grant(machine), TimeSpan.Zero));
            }

            if (kind == WorkKind.Request && _queue.Requests >= _options.QueueLimit)
            {
                _queueFull++;
            }
            else
            {
                waiter = _queue.Add(this, kind == WorkKind.Request ? _options.QueueDeadline : null, _time.GetTimestamp(), _time.TimestampFrequency);
                WakeBy(waiter.Deadline);
            }
        }

        _changed?.Invoke();
        if (waiter is null)
        {
            return new ValueTask<DispatchResult>(new DispatchResult(DispatchOutcome.QueueFull, null, TimeSpan.Zero));
        }

        waiter.Listen(cancellation);
        return waiter.Task;
    }

    /// <inheritdoc/>
    public void Configure(DispatcherOptions options)
    {
        Check(options);
        lock (_gate)
        {
            _options = options;
        }
    }

    /// <inheritdoc/>
    public void Close()
    {
        Waiter? chain;
        lock (_gate)
        {
            if (_closed)
            {
                return;
            }

            _closed = true;
            _timer.Dispose();
            Waiter? last = chain = null;
            while (_queue.TryTakeFirst(out var waiter))
            {
                Settle(waiter, DispatchOutcome.Closed, null, ref chain, ref last);
            }
        }

        Complete(chain);
        _changed?.Invoke();
    }

    /// <summary>Takes a waiter out because its asker went away.</summary>
    /// <returns>False when it was settled before.</returns>
    internal bool TryAbandon(Waiter waiter)
    {
        lock (_gate)
        {
            return _queue.TryRemove(waiter);
        }
    }

    /// <summary>Takes a slot back; called once per lease.</summary>
    internal void Release(MachineEntry machine, int slot)
    {
        Waiter? chain;
        lock (_gate)
        {
            if (machine.Removed)
            {
                return;
            }

            _inFlight--;
            machine.Return(slot);
            machine.LastReleased = _time.GetTimestamp();
            _ready.Settle(machine);
            chain = ServeQueue();
            if (machine.InUse == 0)
            {
                machine.Drained?.TrySetResult();
            }
        }

        Complete(chain);
        _changed?.Invoke();
    }

    private SlotLease Grant(MachineEntry machine)
    {
        var slot = machine.Take();
        _ready.Settle(machine);
        _inFlight++;
        _granted++;
        return new SlotLease(machine, slot);
    }

    /// <summary>Gives free slots to those that wait.</summary>
    /// <returns>The chain to complete outside the lock.</returns>
    private Waiter? ServeQueue()
    {
        Waiter? chain = null;
        Waiter? last = null;
        while (!_closed && _ready.First is { } machine && _queue.TryTakeFirst(out var waiter))
        {
            Settle(waiter, DispatchOutcome.Granted, Grant(machine), ref chain, ref last);
        }

        return chain;
    }

    private void OnTimer()
    {
        Waiter? chain = null;
        lock (_gate)
        {
            if (_closed)
            {
                return;
            }

            Waiter? last = null;
            var now = _time.GetTimestamp();
            while (_queue.TryTakeLate(now, out var waiter))
            {
                _deadlinePassed++;
                Settle(waiter, DispatchOutcome.DeadlinePassed, null, ref chain, ref last);
            }

            var resumed = ResumeMachines(now);
            if (resumed && ServeQueue() is { } granted)
            {
                Append(granted, ref chain, ref last);
            }

            _timerDue = long.MaxValue;
            WakeBy(Math.Min(_queue.NextDeadline, NextResumption()));
        }

        Complete(chain);
        _changed?.Invoke();
    }

    /// <summary>Sets the one timer so that it fires by <paramref name="due"/>; one set for earlier stays and sets itself again when it fires.</summary>
    private void WakeBy(long due)
    {
        if (due < _timerDue)
        {
            _timerDue = due;
            var wait = Math.Max(0, Math.Ceiling((due - _time.GetTimestamp()) * 1000d / _time.TimestampFrequency));
            _timer.Change(TimeSpan.FromMilliseconds(wait), Timeout.InfiniteTimeSpan);
        }
    }

    private void Settle(Waiter waiter, DispatchOutcome outcome, SlotLease? lease, ref Waiter? chain, ref Waiter? last)
    {
        var waited = _time.GetElapsedTime(waiter.Enqueued);
        if (outcome == DispatchOutcome.Granted)
        {
            Waits.Observe(waited);
        }

        waiter.Settle(outcome, lease, waited);
        Append(waiter, ref chain, ref last);
    }

    private static void Append(Waiter waiter, ref Waiter? chain, ref Waiter? last)
    {
        if (last is null)
        {
            chain = waiter;
        }
        else
        {
            last.Next = waiter;
        }

        last = waiter;
    }

    private static void Complete(Waiter? chain)
    {
        while (chain is { } waiter)
        {
            // Read first: once told, the asker may drop it.
            chain = waiter.Next;
            waiter.Next = null;
            waiter.Complete();
        }
    }

    private static void Check(DispatcherOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfNegative(options.QueueLimit);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.QueueDeadline, TimeSpan.Zero);
    }
}
