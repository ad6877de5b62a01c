using Pleiad.Core.Services;
using Shouldly;
using Xunit;

namespace Pleiad.State.Tests.Conformance;

public abstract partial class StoreConformance
{
    [Fact]
    public async Task All_is_there_after_closing_and_opening_again()
    {
        var job = (await SubmitAsync("test1")).Single();
        await Store.DisposeAsync();
        var again = Open();
        await again.MigrateAsync(Token);
        (await again.GetJobAsync(job.Id, Token)).ShouldBeEquivalentTo(job);
    }

    [Fact]
    public async Task All_is_there_for_another_store_although_the_first_was_never_closed()
    {
        var job = (await SubmitAsync("test1")).Single();
        (await Open().GetJobAsync(job.Id, Token)).ShouldBeEquivalentTo(job);
    }

    [Fact]
    public async Task Two_stores_see_each_others_changes_at_once()
    {
        var other = Open();
        await Store.PutServiceAsync(new ServiceSpec("primes", "one"), Token);
        (await other.ListServicesAsync(Token)).ShouldHaveSingleItem();
        await other.RemoveServiceAsync("primes", "test", Noon, Token);
        (await Store.ListServicesAsync(Token)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Calls_under_way_end_before_the_store_is_closed_and_later_ones_are_refused()
    {
        await Store.PutServiceAsync(new ServiceSpec("primes", "image"), Token);
        var submissions = Enumerable.Range(0, 100).Select(number => Store.SubmitJobAsync(Job($"job{number}"), Token)).ToArray();
        var reads = Enumerable.Range(0, 20).Select(_ => Store.ListJobsAsync(new JobQuery(), Token)).ToArray();
        await Store.DisposeAsync();

        submissions.ShouldAllBe(submission => submission.IsCompletedSuccessfully);
        reads.ShouldAllBe(read => read.IsCompletedSuccessfully);
        await Should.ThrowAsync<ObjectDisposedException>(() => Store.ListServicesAsync(Token));
        await Should.ThrowAsync<ObjectDisposedException>(() => Store.SubmitJobAsync(Job("late"), Token));
        await Should.ThrowAsync<ObjectDisposedException>(() => Store.MigrateAsync(Token));
        await Store.DisposeAsync();
        (await Open().ListJobsAsync(new JobQuery(Limit: 1000), Token)).Count.ShouldBe(100);
    }

    [Fact]
    public async Task A_call_cancelled_before_it_begins_changes_nothing()
    {
        await Store.PutServiceAsync(new ServiceSpec("primes", "image"), Token);
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => Store.SubmitJobAsync(Job("test1"), cancelled.Token));
        await Should.ThrowAsync<OperationCanceledException>(() => Store.ListJobsAsync(new JobQuery(), cancelled.Token));
        await Should.ThrowAsync<OperationCanceledException>(() => Store.RemoveServiceAsync("primes", "test", Noon, cancelled.Token));
        (await Store.ListJobsAsync(new JobQuery(), Token)).ShouldBeEmpty();
        (await Store.ListServicesAsync(Token)).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_call_cancelled_while_it_waits_is_done_or_not_done_as_it_says()
    {
        await Store.PutServiceAsync(new ServiceSpec("primes", "image"), Token);
        using var cancel = new CancellationTokenSource();
        var submissions = Enumerable.Range(0, 300).Select(number => Store.SubmitJobAsync(Job($"job{number}"), number % 3 == 0 ? cancel.Token : Token)).ToArray();
        await submissions[1];
        await cancel.CancelAsync();
        var outcomes = await Task.WhenAll(submissions.Select(async submission =>
        {
            try
            {
                return (await submission).Job.Name;
            }
            catch (OperationCanceledException)
            {
                return null;
            }
        }));
        outcomes.Count(name => name is not null).ShouldBeGreaterThanOrEqualTo(200);
        (await Store.ListJobsAsync(new JobQuery(Limit: 1000), Token)).Select(job => job.Name).ShouldBe(outcomes.OfType<string>(), ignoreOrder: true);
    }
}
