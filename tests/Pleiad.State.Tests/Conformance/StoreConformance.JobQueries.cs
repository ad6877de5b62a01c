using Pleiad.Core.Identity;
using Pleiad.Core.Services;
using Shouldly;
using Xunit;

namespace Pleiad.State.Tests.Conformance;

public abstract partial class StoreConformance
{
    [Fact]
    public async Task A_list_has_no_bodies_and_everything_else()
    {
        await Store.PutServiceAsync(new ServiceSpec("primes", "image"), Token);
        var job = Job("test1") with { Body = [1], ContentType = "text/plain" };
        await Store.SubmitJobAsync(job, Token);
        await TakeAsync("primes", 1, At(1));
        await Store.FinishJobAsync(job.Id, new JobOutcome(JobState.Done, 201, [2], "text/html", null), At(2), Token);
        var whole = (await Store.GetJobAsync(job.Id, Token)).ShouldNotBeNull();
        (await Store.ListJobsAsync(new JobQuery(), Token)).ShouldHaveSingleItem().ShouldBeEquivalentTo(whole with { Body = null, Result = null });
    }

    [Fact]
    public async Task Jobs_are_listed_by_service_state_and_name()
    {
        await SubmitAsync("test1", "test2", "test3");
        await Store.PutServiceAsync(new ServiceSpec("other", "image"), Token);
        await Store.SubmitJobAsync(Job("test2", "other"), Token);
        await TakeAsync("primes", 1, At(1));

        (await NamesAsync(new JobQuery())).ShouldBe(["primes/test1", "primes/test2", "primes/test3", "other/test2"]);
        (await NamesAsync(new JobQuery(Service: "other"))).ShouldBe(["other/test2"]);
        (await NamesAsync(new JobQuery(State: JobState.Running))).ShouldBe(["primes/test1"]);
        (await NamesAsync(new JobQuery(Name: "test2"))).ShouldBe(["primes/test2", "other/test2"]);
        (await NamesAsync(new JobQuery("primes", JobState.Waiting, "test3"))).ShouldBe(["primes/test3"]);
        (await NamesAsync(new JobQuery(Service: "none"))).ShouldBeEmpty();
    }

    [Fact]
    public async Task Paging_visits_each_job_once_in_order_of_submission_even_when_all_came_in_one_millisecond()
    {
        // All ids have the same time, so that their own order is chance.
        var names = Enumerable.Range(1, 25).Select(number => $"test{number}").ToArray();
        await SubmitAsync(names);
        var seen = new List<string>();
        JobId? after = null;
        for (var page = 0; page < 10; page++)
        {
            var jobs = await Store.ListJobsAsync(new JobQuery(After: after, Limit: 7), Token);
            jobs.Count.ShouldBeLessThanOrEqualTo(7);
            seen.AddRange(jobs.Select(job => job.Name));
            after = jobs.Count > 0 ? jobs[^1].Id : after;
        }

        seen.ShouldBe(names);
    }

    [Fact]
    public async Task Paging_goes_on_after_a_job_that_was_removed_meanwhile()
    {
        await Store.PutServiceAsync(new ServiceSpec("primes", "image"), Token);
        var jobs = Enumerable.Range(1, 4).Select(number => new JobRecord(JobId.New(At(number)), "primes", $"test{number}", "GET", "/", At(number))).ToArray();
        foreach (var job in jobs)
        {
            await Store.SubmitJobAsync(job, Token);
        }

        await Store.CancelJobAsync(jobs[1].Id, "done with", At(5), Token);
        await Store.PurgeJobsAsync(At(6), Token);
        (await NamesAsync(new JobQuery(After: jobs[1].Id))).ShouldBe(["primes/test3", "primes/test4"]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public async Task A_list_needs_a_positive_limit(int limit)
    {
        await Should.ThrowAsync<ArgumentOutOfRangeException>(() => Store.ListJobsAsync(new JobQuery(Limit: limit), Token));
        await Should.ThrowAsync<ArgumentOutOfRangeException>(() => Store.ListEventsAsync(new EventQuery(Limit: limit), Token));
    }

    [Fact]
    public async Task Waiting_jobs_are_counted_by_service()
    {
        await SubmitAsync("test1", "test2", "test3");
        await Store.PutServiceAsync(new ServiceSpec("other", "image"), Token);
        await Store.SubmitJobAsync(Job("test1", "other"), Token);
        await TakeAsync("primes", 1, At(1));
        await TakeAsync("other", 1, At(1));
        (await Store.CountWaitingJobsAsync(Token)).ShouldBe(new Dictionary<string, int> { ["primes"] = 2 });
    }

    [Fact]
    public async Task A_job_that_is_not_there_is_null() => (await Store.GetJobAsync(JobId.New(Noon), Token)).ShouldBeNull();

    private async Task<string[]> NamesAsync(JobQuery query) => [.. (await Store.ListJobsAsync(query, Token)).Select(job => $"{job.Service}/{job.Name}")];
}
