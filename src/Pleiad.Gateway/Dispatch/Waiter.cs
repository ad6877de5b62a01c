using System.Threading.Tasks.Sources;

namespace Pleiad.Gateway.Dispatch;

/// <summary>
/// One that waits for a slot: at once its place in a lane, the source of the asker's task, and the callback of its cancellation, in one object.
/// Who takes it out of its lane (under the dispatcher's lock) settles it, and nobody else can.
/// </summary>
internal sealed class Waiter : IValueTaskSource<DispatchResult>
{
    private readonly Dispatcher _owner;
    private ManualResetValueTaskSourceCore<DispatchResult> _source = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _registration;
    private DispatchResult _result;

    public Waiter(Dispatcher owner, long number, long enqueued)
    {
        _owner = owner;
        Number = number;
        Enqueued = enqueued;
    }

    /// <summary>Position in the order of arrival, over all lanes.</summary>
    public long Number { get; }

    /// <summary>Timestamp of the arrival.</summary>
    public long Enqueued { get; }

    /// <summary>Timestamp of the deadline; <see cref="long.MaxValue"/> for none.</summary>
    public long Deadline { get; set; } = long.MaxValue;

    /// <summary>The lane it waits in; null once it was taken out.</summary>
    public WaitLane? Lane { get; set; }

    public Waiter? Previous { get; set; }

    /// <summary>Next in the lane; once taken out, next in the chain that is to be completed.</summary>
    public Waiter? Next { get; set; }

    public ValueTask<DispatchResult> Task => new(this, _source.Version);

    /// <summary>Listens to the asker. Called once, after the waiter is in its lane, by the thread that then returns the task.</summary>
    public void Listen(CancellationToken cancellation) =>
        _registration = cancellation.UnsafeRegister(static (state, token) => ((Waiter)state!).Cancel(token), this);

    /// <summary>Says how it ended; under the lock, after it was taken out of its lane.</summary>
    public void Settle(DispatchOutcome outcome, ISlotLease? lease, TimeSpan waited) => _result = new DispatchResult(outcome, lease, waited);

    /// <summary>Tells the asker; outside the lock.</summary>
    public void Complete() => _source.SetResult(_result);

    private void Cancel(CancellationToken token)
    {
        if (_owner.TryAbandon(this))
        {
            _source.SetException(new OperationCanceledException(token));
        }
    }

    DispatchResult IValueTaskSource<DispatchResult>.GetResult(short token)
    {
        // Not Dispose: that would wait for a callback that is running, which has nothing left to do.
        _registration.Unregister();
        return _source.GetResult(token);
    }

    ValueTaskSourceStatus IValueTaskSource<DispatchResult>.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource<DispatchResult>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);
}
