using System.Reflection;
using Pleiad.Server.Hosting;
using Pleiad.State;
using Pleiad.TestKit;
using Shouldly;
using Xunit;

namespace Pleiad.Server.Tests.BadInput;

/// <summary>What a server does when its lease cannot be renewed.</summary>
public sealed class FullDiskLeaseTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_file_that_cannot_be_written_for_longer_than_the_lease_does_not_end_the_server()
    {
        var (store, calls) = LeaseStore.Make();
        await using var lease = await ServerLease.TakeAsync(store, "a", storeIsFile: true, new SkippingTime(), default);
        calls.Answer = () => throw new StateException("the disk is full");
        await calls.CountAsync(20);
        calls.Answer = () => LeaseOf("a", granted: true);
        await calls.CountAsync(2);

        lease.Lost.IsCompleted.ShouldBeFalse();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_lease_that_another_server_took_ends_this_one(bool storeIsFile)
    {
        var (store, calls) = LeaseStore.Make();
        await using var lease = await ServerLease.TakeAsync(store, "a", storeIsFile, new SkippingTime(), default);
        calls.Answer = () => LeaseOf("b", granted: false);

        (await Should.ThrowAsync<StateException>(() => lease.Lost.WaitAsync(Limit))).Message.ShouldContain("another server, b, runs the services");
    }

    [Fact]
    public async Task A_database_server_that_cannot_be_reached_until_the_lease_ends_ends_the_server()
    {
        var (store, calls) = LeaseStore.Make();
        await using var lease = await ServerLease.TakeAsync(store, "a", storeIsFile: false, new SkippingTime(), default);
        calls.Answer = () => throw new StateException("no answer");

        (await Should.ThrowAsync<StateException>(() => lease.Lost.WaitAsync(Limit))).Message.ShouldContain("no answer");
        calls.Count.ShouldBeGreaterThanOrEqualTo(4, "it was tried again as long as the lease allowed");
    }

    private static Lease LeaseOf(string holder, bool granted) => new(granted, holder, 1, DateTimeOffset.UnixEpoch);

    /// <summary>A clock that stands still but for the waits asked of it: each passes at once, and is then later by just that wait.</summary>
    private sealed class SkippingTime : TimeProvider
    {
        private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(1);
        private long _ticks = DateTimeOffset.UnixEpoch.Ticks;

        public override DateTimeOffset GetUtcNow() => new(Interlocked.Read(ref _ticks), TimeSpan.Zero);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Interlocked.Add(ref _ticks, Math.Max(0, dueTime.Ticks));
            return System.CreateTimer(callback, state, Pause, period);
        }
    }

    /// <summary>A store of which only the lease is asked.</summary>
    public class LeaseStore : DispatchProxy
    {
        private volatile Func<Lease> _answer = () => LeaseOf("a", granted: true);
        private int _count;

        public Func<Lease> Answer
        {
            get => _answer;
            set => _answer = value;
        }

        public int Count => Volatile.Read(ref _count);

        public static (IStateStore Store, LeaseStore Calls) Make()
        {
            var store = Create<IStateStore, LeaseStore>();
            return (store, (LeaseStore)(object)store);
        }

        public Task CountAsync(int further)
        {
            var end = Count + further;
            return Eventually.BecomesTrueAsync(() => Count >= end, Limit, () => $"{Count} renewals");
        }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            switch (targetMethod?.Name)
            {
                case nameof(IStateStore.AcquireLeaseAsync):
                    Interlocked.Increment(ref _count);
                    return AnswerAsync();
                case nameof(IStateStore.ReleaseLeaseAsync):
                    return Task.CompletedTask;
                default:
                    throw new NotSupportedException(targetMethod?.Name);
            }
        }

        private Task<Lease> AnswerAsync()
        {
            try
            {
                return Task.FromResult(_answer());
            }
            catch (StateException error)
            {
                return Task.FromException<Lease>(error);
            }
        }
    }
}
