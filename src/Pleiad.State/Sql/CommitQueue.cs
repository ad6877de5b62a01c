using System.Threading.Channels;

namespace Pleiad.State.Sql;

/// <summary>
/// Runs writes one after another and lets those that wait at the same time share one COMMIT, and so one wait for the disk.
/// Each write still succeeds or fails alone: when a shared transaction fails it is rolled back and its writes run again one by one.
/// </summary>
internal sealed class CommitQueue : IAsyncDisposable
{
    /// <summary>Writes that may wait; more wait in their callers.</summary>
    private const int WaitingMax = 1024;

    /// <summary>Writes that share one COMMIT.</summary>
    private const int GroupMax = 128;

    private readonly Channel<PendingWrite> _waiting = Channel.CreateBounded<PendingWrite>(
        new BoundedChannelOptions(WaitingMax) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private readonly Func<Call, Func<Session, Task>, Task> _transact;
    private readonly Task _loop;

    /// <param name="transact">Runs one transaction.</param>
    /// <param name="scheduler">Where the queue runs its writes.</param>
    public CommitQueue(Func<Call, Func<Session, Task>, Task> transact, TaskScheduler scheduler)
    {
        _transact = transact;
        _loop = Task.Factory.StartNew(RunAsync, CancellationToken.None, TaskCreationOptions.None, scheduler).Unwrap();
    }

    /// <summary>Runs a write in its turn.</summary>
    /// <exception cref="OperationCanceledException">Cancelled while it waited; nothing was changed.</exception>
    public async Task<T> RunAsync<T>(Call call, Func<Session, Task<T>> work, CancellationToken cancellation)
    {
        var write = new PendingWrite<T>(call, work);
        await _waiting.Writer.WriteAsync(write, cancellation);
        return await write.ResultAsync(cancellation);
    }

    /// <summary>Ends when all that waits is done.</summary>
    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        await _loop;
    }

    private async Task RunAsync()
    {
        var group = new List<PendingWrite>(GroupMax);
        while (await _waiting.Reader.WaitToReadAsync())
        {
            group.Clear();
            while (group.Count < GroupMax && _waiting.Reader.TryRead(out var write))
            {
                if (write.TryBegin())
                {
                    group.Add(write);
                }
            }

            await CommitAsync(group);
        }
    }

    private async Task CommitAsync(List<PendingWrite> group)
    {
        var alone = group.Count > 1 ? await CommitTogetherAsync(group) : group;
        foreach (var write in alone)
        {
            await CommitAloneAsync(write);
        }
    }

    /// <summary>Tries one transaction for all.</summary>
    /// <returns>The writes that have to run alone.</returns>
    private async Task<IReadOnlyList<PendingWrite>> CommitTogetherAsync(List<PendingWrite> group)
    {
        var together = new Call("write a group of changes") { Repeatable = group.TrueForAll(write => write.Call.Repeatable) };
        try
        {
            await _transact(together, async session =>
            {
                foreach (var write in group)
                {
                    await write.RunAsync(session);
                }
            });
            group.ForEach(write => write.Complete());
            return [];
        }
        catch (Exception cause)
        {
            // A queue's edge: whatever went wrong belongs to one of the writes, which finds it again when it runs alone.
            var unknown = cause is CommitFailedException || cause.InnerException is CommitFailedException;
            foreach (var write in group.Where(write => unknown && !write.Call.Repeatable))
            {
                write.Fail(cause);
            }

            return [.. group.Where(write => !unknown || write.Call.Repeatable)];
        }
    }

    private async Task CommitAloneAsync(PendingWrite write)
    {
        try
        {
            await _transact(write.Call, write.RunAsync);
            write.Complete();
        }
        catch (Exception cause)
        {
            // The caller of this write gets it; the queue goes on with the next.
            write.Fail(cause);
        }
    }
}
