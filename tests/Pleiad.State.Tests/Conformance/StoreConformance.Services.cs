using Pleiad.Core.Services;
using Shouldly;
using Xunit;

namespace Pleiad.State.Tests.Conformance;

public abstract partial class StoreConformance
{
    [Fact]
    public async Task A_service_comes_back_with_all_its_values()
    {
        var service = new ServiceSpec("primes", "primes-unikernel")
        {
            Slots = 3,
            MachinesMin = 0,
            MachinesMax = 9,
            IdleTimeout = TimeSpan.FromMilliseconds(1_501),
            AddressReservation = TimeSpan.FromSeconds(2),
            QueueLimit = 0,
            QueueDeadline = TimeSpan.FromMilliseconds(7),
            HangTimeout = TimeSpan.FromDays(3),
            Start = StartMode.Resume,
            Spares = 64,
        };
        (await Store.PutServiceAsync(service, Token)).ShouldBeTrue();
        (await Store.ListServicesAsync(Token)).ShouldBe([service]);
    }

    [Fact]
    public async Task What_a_service_leaves_open_stays_open()
    {
        await Store.PutServiceAsync(new ServiceSpec("primes", "one"), Token);
        (await Store.ListServicesAsync(Token)).ShouldBe([new ServiceSpec("primes", "one")]);
    }

    [Fact]
    public async Task Putting_a_service_again_replaces_it_as_a_whole()
    {
        await Store.PutServiceAsync(new ServiceSpec("primes", "one") { Slots = 3 }, Token);
        (await Store.PutServiceAsync(new ServiceSpec("primes", "two") { QueueLimit = 4 }, Token)).ShouldBeFalse();
        (await Store.ListServicesAsync(Token)).ShouldBe([new ServiceSpec("primes", "two") { QueueLimit = 4 }]);
    }

    [Fact]
    public async Task Services_are_listed_by_name()
    {
        foreach (var name in new[] { "b-2", "a", "b1", "b-10" })
        {
            await Store.PutServiceAsync(new ServiceSpec(name, "image"), Token);
        }

        (await Store.ListServicesAsync(Token)).Select(service => service.Name).ShouldBe(["a", "b-10", "b-2", "b1"]);
    }

    [Fact]
    public async Task Of_many_that_put_a_service_at_once_exactly_one_made_it()
    {
        var other = Open();
        var made = await AllAtOnceAsync(20, number => (number % 2 == 0 ? Store : other).PutServiceAsync(new ServiceSpec("primes", $"image-{number}"), Token));
        made.Count(isNew => isNew).ShouldBe(1);
    }

    [Fact]
    public async Task Removing_a_service_cancels_its_open_jobs_and_only_those()
    {
        var jobs = await SubmitAsync("done", "running", "waiting");
        await TakeAsync("primes", 2, At(1));
        await Store.FinishJobAsync(jobs[0].Id, new JobOutcome(JobState.Done, 200, null, null, null), At(2), Token);
        await Store.PutServiceAsync(new ServiceSpec("other", "image"), Token);
        await Store.SubmitJobAsync(Job("stays", "other"), Token);

        (await Store.RemoveServiceAsync("primes", "service removed", At(3), Token)).ShouldBeTrue();

        (await Store.ListJobsAsync(new JobQuery("primes"), Token)).Select(job => (job.Name, job.State, job.Error, job.Ended)).ShouldBe(
        [
            ("done", JobState.Done, null, At(2)),
            ("running", JobState.Cancelled, "service removed", At(3)),
            ("waiting", JobState.Cancelled, "service removed", At(3)),
        ]);
        (await Store.ListJobsAsync(new JobQuery("other"), Token)).ShouldHaveSingleItem().State.ShouldBe(JobState.Waiting);
        (await Store.ListServicesAsync(Token)).ShouldHaveSingleItem().Name.ShouldBe("other");
    }

    [Fact]
    public async Task Removing_a_service_that_is_not_there_does_nothing() =>
        (await Store.RemoveServiceAsync("primes", "no reason", Noon, Token)).ShouldBeFalse();

    [Fact]
    public async Task No_job_stays_open_when_its_service_is_removed_while_jobs_come_in()
    {
        await Store.PutServiceAsync(new ServiceSpec("primes", "image"), Token);
        var other = Open();
        var submissions = AllAtOnceAsync(60, number => (number % 2 == 0 ? Store : other).SubmitJobAsync(Job($"job{number}"), Token));
        (await other.RemoveServiceAsync("primes", "gone", At(1), Token)).ShouldBeTrue();

        var accepted = (await submissions).Count(submission => submission.Kind == JobSubmissionKind.Accepted);
        var kept = await Store.ListJobsAsync(new JobQuery("primes"), Token);
        kept.Count.ShouldBe(accepted);
        kept.ShouldAllBe(job => job.State == JobState.Cancelled);
    }
}
