using Pleiad.State.Sql;
using Shouldly;
using Xunit;

namespace Pleiad.State.Tests.Sql;

public sealed class CommitQueueTests
{
    private static readonly Call Write = new("write") { Repeatable = true };
    private static readonly Call WriteOnce = new("write once");

    private readonly TaskCompletionSource _firstBegan = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _firstMayCommit = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _transactions;
    private Func<int, Exception?> _commitFails = _ => null;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Writes_that_wait_at_the_same_time_share_one_commit()
    {
        await using var queue = NewQueue();
        var first = queue.RunAsync(Write, Returns(0), Token);
        await _firstBegan.Task;
        var others = Enumerable.Range(1, 50).Select(number => queue.RunAsync(Write, Returns(number), Token)).ToArray();
        _firstMayCommit.SetResult();
        (await first).ShouldBe(0);
        (await Task.WhenAll(others)).ShouldBe(Enumerable.Range(1, 50));
        _transactions.ShouldBe(2);
    }

    [Fact]
    public async Task A_write_that_fails_in_a_group_fails_alone()
    {
        await using var queue = NewQueue();
        var first = queue.RunAsync(Write, Returns(0), Token);
        await _firstBegan.Task;
        var bad = queue.RunAsync<int>(Write, _ => throw new InvalidOperationException("bad"), Token);
        var good = queue.RunAsync(Write, Returns(2), Token);
        _firstMayCommit.SetResult();
        await first;
        (await Should.ThrowAsync<InvalidOperationException>(() => bad)).Message.ShouldBe("bad");
        (await good).ShouldBe(2);
    }

    [Fact]
    public async Task After_a_commit_of_unknown_outcome_only_repeatable_writes_run_again()
    {
        await using var queue = NewQueue();
        var runs = 0;
        _commitFails = transaction => transaction == 2 ? new StateException("lost", new CommitFailedException(new IOException())) : null;
        var first = queue.RunAsync(Write, Returns(0), Token);
        await _firstBegan.Task;
        var once = queue.RunAsync(WriteOnce, _ => Task.FromResult(Interlocked.Increment(ref runs)), Token);
        var again = queue.RunAsync(Write, Returns(2), Token);
        _firstMayCommit.SetResult();
        await first;
        await Should.ThrowAsync<StateException>(() => once);
        (await again).ShouldBe(2);
        runs.ShouldBe(1);
    }

    [Fact]
    public async Task A_write_cancelled_while_it_waits_never_runs()
    {
        await using var queue = NewQueue();
        using var cancel = new CancellationTokenSource();
        var first = queue.RunAsync(Write, Returns(0), Token);
        await _firstBegan.Task;
        var ran = false;
        var cancelled = queue.RunAsync(Write, _ => Task.FromResult(ran = true), cancel.Token);
        await cancel.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => cancelled);
        _firstMayCommit.SetResult();
        await first;
        await queue.DisposeAsync();
        ran.ShouldBeFalse();
    }

    [Fact]
    public async Task Closing_does_what_waits_first()
    {
        var queue = NewQueue();
        var writes = Enumerable.Range(0, 5).Select(number => queue.RunAsync(Write, Returns(number), Token)).ToArray();
        var closing = queue.DisposeAsync();
        _firstMayCommit.SetResult();
        await closing;
        (await Task.WhenAll(writes)).ShouldBe([0, 1, 2, 3, 4]);
    }

    private static Func<Session, Task<int>> Returns(int number) => _ => Task.FromResult(number);

    private CommitQueue NewQueue() => new(TransactAsync, TaskScheduler.Default);

    /// <summary>Holds the first transaction before its commit, so that the rest has to wait.</summary>
    private async Task TransactAsync(Call call, Func<Session, Task> work)
    {
        var number = ++_transactions;
        _firstBegan.TrySetResult();
        await _firstMayCommit.Task;
        await work(null!);
        if (_commitFails(number) is { } failure)
        {
            throw failure;
        }
    }
}
