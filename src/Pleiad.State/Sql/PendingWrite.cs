namespace Pleiad.State.Sql;

/// <summary>A write that waits for its turn. It may run more than once until it is completed: each run starts from a rolled back transaction.</summary>
internal abstract class PendingWrite(Call call)
{
    private const int Waiting = 0;
    private const int Begun = 1;
    private const int Left = 2;

    private int _stage;

    public Call Call => call;

    /// <summary>Takes it from the queue.</summary>
    /// <returns>False when its caller went away before: nothing is to be done.</returns>
    public bool TryBegin() => Interlocked.CompareExchange(ref _stage, Begun, Waiting) == Waiting;

    public abstract Task RunAsync(Session session);

    /// <summary>Tells the caller that the last run is durable.</summary>
    public abstract void Complete();

    public abstract void Fail(Exception cause);

    protected bool TryLeave() => Interlocked.CompareExchange(ref _stage, Left, Waiting) == Waiting;
}

/// <inheritdoc/>
internal sealed class PendingWrite<T>(Call call, Func<Session, Task<T>> work) : PendingWrite(call)
{
    private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T _result = default!;

    /// <summary>The result, once durable. A cancellation counts only while the write waits; once begun it runs to its end.</summary>
    public async Task<T> ResultAsync(CancellationToken cancellation)
    {
        await using var registration = cancellation.UnsafeRegister(
            static (state, token) =>
            {
                var write = (PendingWrite<T>)state!;
                if (write.TryLeave())
                {
                    write._done.TrySetCanceled(token);
                }
            },
            this);
        return await _done.Task;
    }

    public override async Task RunAsync(Session session) => _result = await work(session);

    public override void Complete() => _done.TrySetResult(_result);

    public override void Fail(Exception cause) => _done.TrySetException(cause);
}
