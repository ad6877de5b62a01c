using Pleiad.Core.Identity;
using Pleiad.Core.Services;
using Shouldly;
using Xunit;

namespace Pleiad.State.Tests.Conformance;

public abstract partial class StoreConformance
{
    [Fact]
    public async Task Jobs_are_taken_in_order_of_submission_and_each_once()
    {
        var names = Enumerable.Range(1, 12).Select(number => $"test{number}").ToArray();
        await SubmitAsync(names);
        var first = await TakeAsync("primes", 5, At(1));
        var second = await TakeAsync("primes", 100, At(2));
        first.Concat(second).Select(job => job.Name).ShouldBe(names);
        first.ShouldAllBe(job => job.State == JobState.Running && job.Attempts == 1);
        (await TakeAsync("primes", 1, At(3))).ShouldBeEmpty();
    }

    [Fact]
    public async Task Only_jobs_of_the_service_asked_for_are_taken()
    {
        await SubmitAsync("test1");
        (await TakeAsync("other", 5, At(1))).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_taken_job_shows_its_machine_and_when_until_it_is_put_back()
    {
        var job = (await SubmitAndTakeAsync("test1")).Single();
        (job.Machine, job.Sent).ShouldBe((Taker, At(1)));
        (await ExecuteAsync("select id_vmachine from job")).ShouldBe(Taker.Value);
        await Store.RequeueJobsAsync(null, At(2), Token);
        var back = (await Store.GetJobAsync(job.Id, Token)).ShouldNotBeNull();
        (back.State, back.Machine, back.Sent).ShouldBe((JobState.Waiting, null, null));
    }

    [Fact]
    public async Task No_job_is_taken_twice_by_many_takers_and_none_is_left()
    {
        await Store.PutServiceAsync(new ServiceSpec("primes", "image"), Token);
        await AllAtOnceAsync(120, number => Store.SubmitJobAsync(Job($"job{number}"), Token));
        var other = Open();
        var taken = await AllAtOnceAsync(130, number => (number % 2 == 0 ? Store : other).TakeJobAsync("primes", MachineId.New(), At(1), Token));
        var ids = taken.OfType<JobRecord>().Select(job => job.Id).ToArray();
        ids.ShouldBeUnique();
        ids.Length.ShouldBe(120);
    }

    [Fact]
    public async Task A_job_that_ends_keeps_its_answer_and_ends_once()
    {
        var job = (await SubmitAndTakeAsync("test1")).Single();
        (await Store.FinishJobAsync(job.Id, new JobOutcome(JobState.Done, 200, [1, 2], "application/json", null), At(3), Token)).ShouldBeTrue();
        (await Store.FinishJobAsync(job.Id, new JobOutcome(JobState.Failed, 500, null, null, "late"), At(4), Token)).ShouldBeFalse();

        (await Store.GetJobAsync(job.Id, Token)).ShouldBeEquivalentTo(job with
        {
            State = JobState.Done,
            Ended = At(3),
            Status = 200,
            Result = [1, 2],
            ResultType = "application/json",
        });
    }

    [Fact]
    public async Task A_job_that_was_not_taken_cannot_end()
    {
        var job = (await SubmitAsync("test1")).Single();
        (await Store.FinishJobAsync(job.Id, new JobOutcome(JobState.Done, 200, null, null, null), At(1), Token)).ShouldBeFalse();
        (await Store.GetJobAsync(job.Id, Token)).ShouldBeEquivalentTo(job);
        (await Store.FinishJobAsync(JobId.New(Noon), new JobOutcome(JobState.Done, 200, null, null, null), At(1), Token)).ShouldBeFalse();
    }

    [Theory]
    [InlineData(JobState.Waiting)]
    [InlineData(JobState.Running)]
    [InlineData(JobState.Cancelled)]
    public async Task A_job_ends_as_done_or_failed_only(JobState state) =>
        await Should.ThrowAsync<ArgumentOutOfRangeException>(() => Store.FinishJobAsync(JobId.New(Noon), new JobOutcome(state, null, null, null, null), Noon, Token));

    [Fact]
    public async Task Of_many_that_end_a_job_at_once_exactly_one_does()
    {
        var job = (await SubmitAndTakeAsync("test1")).Single();
        var other = Open();
        var ended = await AllAtOnceAsync(20, number =>
            (number % 2 == 0 ? Store : other).FinishJobAsync(job.Id, new JobOutcome(JobState.Done, 200 + number, null, null, null), At(2), Token));
        var winner = Enumerable.Range(0, 20).ShouldHaveSingleItem(number => ended[number]);
        (await Store.GetJobAsync(job.Id, Token)).ShouldNotBeNull().Status.ShouldBe(200 + winner);
    }

    [Fact]
    public async Task Running_jobs_put_back_wait_in_their_old_order()
    {
        var jobs = await SubmitAsync("test1", "test2", "test3", "test4");
        await TakeAsync("primes", 3, At(1));
        await Store.FinishJobAsync(jobs[1].Id, new JobOutcome(JobState.Done, 200, null, null, null), At(2), Token);

        (await Store.RequeueJobsAsync(null, At(3), Token)).ShouldBe([jobs[0].Id, jobs[2].Id]);

        var again = await TakeAsync("primes", 10, At(4));
        again.Select(job => (job.Name, job.Attempts)).ShouldBe([("test1", 2), ("test3", 2), ("test4", 1)]);
    }

    [Fact]
    public async Task One_running_job_can_be_put_back()
    {
        var jobs = await SubmitAndTakeAsync("test1", "test2");
        (await Store.RequeueJobsAsync(jobs[1].Id, At(2), Token)).ShouldBe([jobs[1].Id]);
        (await Store.RequeueJobsAsync(jobs[1].Id, At(2), Token)).ShouldBeEmpty("it waits already");
        (await Store.GetJobAsync(jobs[0].Id, Token)).ShouldNotBeNull().State.ShouldBe(JobState.Running);
    }

    [Fact]
    public async Task A_waiting_or_running_job_can_be_cancelled_and_then_ends_no_more()
    {
        var jobs = await SubmitAsync("test1", "test2");
        await TakeAsync("primes", 1, At(1));
        foreach (var job in jobs)
        {
            var cancelled = (await Store.CancelJobAsync(job.Id, "no longer wanted", At(2), Token)).ShouldNotBeNull();
            (cancelled.State, cancelled.Error, cancelled.Ended).ShouldBe((JobState.Cancelled, "no longer wanted", At(2)));
            (await Store.FinishJobAsync(job.Id, new JobOutcome(JobState.Done, 200, null, null, null), At(3), Token)).ShouldBeFalse();
        }

        (await TakeAsync("primes", 10, At(4))).ShouldBeEmpty();
        (await Store.RequeueJobsAsync(null, At(4), Token)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Cancelling_an_ended_job_changes_nothing_and_an_unknown_one_is_null()
    {
        var job = (await SubmitAndTakeAsync("test1")).Single();
        await Store.FinishJobAsync(job.Id, new JobOutcome(JobState.Failed, 500, [1], "text/plain", "broken"), At(2), Token);
        var ended = await Store.GetJobAsync(job.Id, Token);
        (await Store.CancelJobAsync(job.Id, "late", At(3), Token)).ShouldBeEquivalentTo(ended);
        (await Store.CancelJobAsync(JobId.New(Noon), "unknown", At(3), Token)).ShouldBeNull();
    }

    [Fact]
    public async Task Jobs_that_ended_before_a_time_go_and_free_their_names()
    {
        var jobs = await SubmitAndTakeAsync("old", "new", "open");
        await Store.FinishJobAsync(jobs[0].Id, new JobOutcome(JobState.Done, 200, null, null, null), At(10), Token);
        await Store.FinishJobAsync(jobs[1].Id, new JobOutcome(JobState.Done, 200, null, null, null), At(20), Token);
        (await Store.PurgeJobsAsync(At(20), Token)).ShouldBe(1);
        (await Store.ListJobsAsync(new JobQuery(), Token)).Select(job => job.Name).ShouldBe(["new", "open"]);
        (await Store.GetJobAsync(jobs[0].Id, Token)).ShouldBeNull();
        (await Store.SubmitJobAsync(Job("old"), Token)).Kind.ShouldBe(JobSubmissionKind.Accepted);
        (await Store.PurgeJobsAsync(DateTimeOffset.MaxValue, Token)).ShouldBe(1);
        (await Store.PurgeJobsAsync(DateTimeOffset.MinValue, Token)).ShouldBe(0);
    }
}
