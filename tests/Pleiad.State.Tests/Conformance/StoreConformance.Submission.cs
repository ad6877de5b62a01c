using System.Security.Cryptography;
using Pleiad.Core.Identity;
using Pleiad.Core.Services;
using Shouldly;
using Xunit;

namespace Pleiad.State.Tests.Conformance;

public abstract partial class StoreConformance
{
    [Fact]
    public async Task A_job_is_kept_as_it_was_submitted()
    {
        await Store.PutServiceAsync(new ServiceSpec("primes", "image"), Token);
        var job = Job("test1") with { Method = "POST", Body = [0, 255, 10], ContentType = "application/octet-stream" };
        var submission = await Store.SubmitJobAsync(job, Token);
        submission.Kind.ShouldBe(JobSubmissionKind.Accepted);
        submission.Job.ShouldBeEquivalentTo(job);
        (await Store.GetJobAsync(job.Id, Token)).ShouldBeEquivalentTo(job);
    }

    [Fact]
    public async Task A_submission_asked_again_returns_the_first_job_as_it_is_now()
    {
        var first = (await SubmitAndTakeAsync("test1")).Single();
        var again = await Store.SubmitJobAsync(Job("test1"), Token);
        again.Kind.ShouldBe(JobSubmissionKind.AlreadyKept);
        again.Job.ShouldBeEquivalentTo(first);
        again.Job.State.ShouldBe(JobState.Running);
    }

    [Fact]
    public async Task A_job_with_an_empty_body_is_the_same_as_one_without()
    {
        await SubmitAsync("test1");
        (await Store.SubmitJobAsync(Job("test1") with { Body = [] }, Token)).Kind.ShouldBe(JobSubmissionKind.AlreadyKept);
    }

    [Theory]
    [InlineData("method")]
    [InlineData("path")]
    [InlineData("type")]
    [InlineData("body")]
    public async Task Another_request_under_the_same_name_is_refused_with_the_job_that_has_it(string difference)
    {
        var first = (await SubmitAsync("test1")).Single();
        var job = Job("test1");
        var other = difference switch
        {
            "method" => job with { Method = "POST" },
            "path" => job with { Path = "/primes?n=999" },
            "type" => job with { ContentType = "text/plain" },
            _ => job with { Body = [1] },
        };
        var submission = await Store.SubmitJobAsync(other, Token);
        submission.Kind.ShouldBe(JobSubmissionKind.NameTaken);
        submission.Job.Id.ShouldBe(first.Id);
        (await Store.ListJobsAsync(new JobQuery(), Token)).ShouldHaveSingleItem().Id.ShouldBe(first.Id);
    }

    [Fact]
    public async Task Two_services_may_use_the_same_name()
    {
        await SubmitAsync("test1");
        await Store.PutServiceAsync(new ServiceSpec("other", "image"), Token);
        (await Store.SubmitJobAsync(Job("test1", "other"), Token)).Kind.ShouldBe(JobSubmissionKind.Accepted);
    }

    [Fact]
    public async Task A_job_for_a_service_that_is_not_there_is_not_kept()
    {
        (await Store.SubmitJobAsync(Job("test1"), Token)).Kind.ShouldBe(JobSubmissionKind.NoService);
        (await Store.ListJobsAsync(new JobQuery(), Token)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Of_many_that_submit_one_name_at_once_one_is_accepted_and_all_get_its_job()
    {
        await Store.PutServiceAsync(new ServiceSpec("primes", "image"), Token);
        var other = Open();
        var submissions = await AllAtOnceAsync(50, number => (number % 2 == 0 ? Store : other).SubmitJobAsync(Job("test1"), Token));
        var accepted = submissions.ShouldHaveSingleItem(submission => submission.Kind == JobSubmissionKind.Accepted);
        submissions.ShouldAllBe(submission => submission.Job.Id == accepted.Job.Id);
        submissions.Count(submission => submission.Kind == JobSubmissionKind.AlreadyKept).ShouldBe(49);
    }

    [Fact]
    public async Task Many_jobs_submitted_at_once_are_all_kept()
    {
        await Store.PutServiceAsync(new ServiceSpec("primes", "image"), Token);
        var other = Open();
        var submissions = await AllAtOnceAsync(200, number => (number % 2 == 0 ? Store : other).SubmitJobAsync(Job($"job{number}"), Token));
        submissions.ShouldAllBe(submission => submission.Kind == JobSubmissionKind.Accepted);
        (await Store.ListJobsAsync(new JobQuery(Limit: 1000), Token)).Select(job => job.Id).ShouldBe(submissions.Select(submission => submission.Job.Id), ignoreOrder: true);
    }

    [Fact]
    public async Task A_submission_that_fails_does_not_take_those_beside_it_along()
    {
        await Store.PutServiceAsync(new ServiceSpec("primes", "image"), Token);
        var first = Job("first");
        await Store.SubmitJobAsync(first, Token);

        // The id is there already, under another name: the database refuses the row.
        var submissions = await AllAtOnceAsync(40, async number =>
        {
            try
            {
                return (await Store.SubmitJobAsync(number == 20 ? Job("bad") with { Id = first.Id } : Job($"job{number}"), Token)).Kind.ToString();
            }
            catch (StateException error)
            {
                return error.Message;
            }
        });
        submissions.Count(outcome => outcome == "Accepted").ShouldBe(39);
        submissions[20].ShouldContain("cannot submit job 'bad' to 'primes'");
        (await Store.ListJobsAsync(new JobQuery(Limit: 1000), Token)).Count.ShouldBe(40);
    }

    [Fact]
    public async Task Any_text_and_any_bytes_come_back()
    {
        await Store.PutServiceAsync(new ServiceSpec("primes", "image"), Token);
        var bytes = RandomNumberGenerator.GetBytes(4 << 20);
        var job = Job("имя 名前 🦀 'quoted' \"; drop table job; --") with { Path = "/ä?q=%00&x=\\", Body = bytes, ContentType = "text/plain; charset=\"ü\"" };
        (await Store.SubmitJobAsync(job, Token)).Kind.ShouldBe(JobSubmissionKind.Accepted);
        var taken = (await TakeAsync("primes", 1, At(1))).ShouldHaveSingleItem();
        await Store.FinishJobAsync(job.Id, new JobOutcome(JobState.Done, 200, bytes, "image/png", null), At(2), Token);

        var kept = (await Store.GetJobAsync(job.Id, Token)).ShouldNotBeNull();
        kept.Name.ShouldBe(job.Name);
        kept.Path.ShouldBe(job.Path);
        kept.ContentType.ShouldBe(job.ContentType);
        kept.Body.AsSpan().SequenceEqual(bytes).ShouldBeTrue();
        kept.Result.AsSpan().SequenceEqual(bytes).ShouldBeTrue();
        taken.Body.AsSpan().SequenceEqual(bytes).ShouldBeTrue();
    }

    [Fact]
    public async Task Characters_that_no_database_keeps_become_the_replacement_character()
    {
        var job = (await SubmitAndTakeAsync("a\0b\ud800c")).ShouldHaveSingleItem();
        job.Name.ShouldBe("a\ufffdb\ufffdc");
        await Store.FinishJobAsync(job.Id, new JobOutcome(JobState.Failed, 500, null, null, "\0"), At(2), Token);
        (await Store.GetJobAsync(job.Id, Token)).ShouldNotBeNull().Error.ShouldBe("\ufffd");
        (await Store.SubmitJobAsync(Job("a\0b\ud800c"), Token)).Kind.ShouldBe(JobSubmissionKind.AlreadyKept);
    }

    [Fact]
    public async Task Times_are_kept_to_the_millisecond_whatever_their_offset()
    {
        await Store.PutServiceAsync(new ServiceSpec("primes", "image"), Token);
        var given = new DateTimeOffset(2026, 7, 1, 1, 2, 3, 789, TimeSpan.FromHours(5.5)).AddTicks(9_999);
        var job = new JobRecord(JobId.New(given), "primes", "test1", "GET", "/", given);
        var kept = (await Store.SubmitJobAsync(job, Token)).Job;
        kept.Submitted.ShouldBe(new DateTimeOffset(2026, 6, 30, 19, 32, 3, 789, TimeSpan.Zero));
        kept.Submitted.Offset.ShouldBe(TimeSpan.Zero);
        (await Store.GetJobAsync(job.Id, Token)).ShouldNotBeNull().Submitted.ShouldBe(kept.Submitted);
    }
}
