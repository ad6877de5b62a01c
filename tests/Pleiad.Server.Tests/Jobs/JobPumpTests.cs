using Pleiad.Server.Jobs;
using Pleiad.Server.Tests.Simulation;
using Pleiad.State;
using Shouldly;
using Xunit;

namespace Pleiad.Server.Tests.Jobs;

/// <summary>Jobs on a host without QEMU and a store that fails as told.</summary>
public sealed class JobPumpTests
{
    [Fact]
    public async Task An_answer_that_cannot_be_written_for_a_while_is_not_lost()
    {
        await using var rig = await StartAsync();
        var failures = 0;
        rig.Store.FailsBefore = name => name == nameof(IStateStore.FinishJobAsync) && ++failures < JobBook.FinishTriesMax;
        var job = await rig.SubmitAsync("a");
        await rig.EndsAsync(job);
        var done = await rig.JobAsync(job);
        (done.State, done.Attempts).ShouldBe((JobState.Done, 1));
        System.Text.Encoding.ASCII.GetString(done.Result!).ShouldBe("/a");
    }

    [Fact]
    public async Task A_job_whose_answer_can_never_be_written_fails_after_its_attempts_and_says_why()
    {
        await using var rig = await StartAsync(speed: 200);
        rig.Store.FailsOutcome = outcome => outcome.State == JobState.Done;
        var job = await rig.SubmitAsync("a");
        await rig.EndsAsync(job);
        var failed = await rig.JobAsync(job);
        (failed.State, failed.Attempts).ShouldBe((JobState.Failed, JobPump.AttemptsMax));
        failed.Error!.ShouldContain("could not be written");
    }

    [Fact]
    public async Task A_job_that_was_taken_without_anybody_knowing_is_put_back_and_done()
    {
        await using var rig = await StartAsync(speed: 100);
        var once = 0;
        rig.Store.FailsAfter = name => name == nameof(IStateStore.TakeJobAsync) && Interlocked.Exchange(ref once, 1) == 0;
        var job = await rig.SubmitAsync("a");
        await rig.EndsAsync(job);
        var done = await rig.JobAsync(job);
        (done.State, done.Attempts).ShouldBe((JobState.Done, 2));
    }

    [Fact]
    public async Task A_job_that_was_put_back_without_anybody_knowing_is_done()
    {
        await using var rig = await StartAsync();
        var machine = rig.Host.Live.ShouldHaveSingleItem();
        rig.Host.Asked = _ => machine.Die();
        var once = 0;
        rig.Store.FailsAfter = name => name == nameof(IStateStore.RequeueJobsAsync) && Interlocked.Exchange(ref once, 1) == 0;
        var job = await rig.SubmitAsync("a");
        await rig.EndsAsync(job);
        (await rig.JobAsync(job)).State.ShouldBe(JobState.Done);
    }

    [Fact]
    public async Task A_job_cancelled_after_it_was_taken_and_before_it_is_sent_is_not_sent()
    {
        await using var rig = await StartAsync();
        var asked = false;
        rig.Host.Asked = _ => asked = true;
        var taken = new TaskCompletionSource();
        var cancelled = new TaskCompletionSource();
        rig.Store.After = async name =>
        {
            if (name == nameof(IStateStore.TakeJobAsync))
            {
                taken.TrySetResult();
                await cancelled.Task;
            }
        };
        var job = await rig.SubmitAsync("a");
        await taken.Task.WaitAsync(TimeSpan.FromSeconds(30));
        await rig.Real.CancelJobAsync(job, "cancelled by the test", rig.Time.GetUtcNow(), default);
        rig.Fleets.Get("work")!.Jobs.Cancel(job);
        cancelled.SetResult();
        await rig.UntilAsync(() => Task.FromResult(rig.Fleet().Dispatcher.Observe().InFlight == 0 && !rig.Fleets.Get("work")!.Jobs.Has(job)));
        asked.ShouldBeFalse();
        (await rig.JobAsync(job)).State.ShouldBe(JobState.Cancelled);
    }

    [Fact]
    public async Task A_machine_that_cannot_be_reached_does_not_use_up_the_attempts_of_jobs_before_it_is_found_dead()
    {
        await using var rig = await StartAsync();
        rig.Host.Unreachable = true;
        var job = await rig.SubmitAsync("a");
        var until = rig.Time.GetUtcNow() + rig.Fleet().Service.HangTimeout;
        await rig.UntilAsync(() => Task.FromResult(rig.Time.GetUtcNow() >= until));
        rig.Host.Unreachable = false;
        await rig.EndsAsync(job);
        var done = await rig.JobAsync(job);
        done.State.ShouldBe(JobState.Done, done.Error);
    }

    [Fact]
    public async Task A_job_in_work_waits_again_when_its_server_stops_before_it_ended()
    {
        await using var rig = await StartAsync(speed: 1);
        rig.Chance.WorkAlways = TimeSpan.FromMinutes(10);
        var job = await rig.SubmitAsync("a");
        await rig.UntilAsync(async () => (await rig.JobAsync(job)).State == JobState.Running);
        await rig.Fleets.EndAsync("the server stops", TimeSpan.Zero, keepMachines: true);
        (await rig.JobAsync(job)).State.ShouldBe(JobState.Waiting);
        await rig.Host.DisposeAsync();
    }

    [Fact]
    public async Task Callers_who_went_away_leave_nothing_behind()
    {
        await using var rig = await StartAsync();
        rig.Chance.WorkAlways = TimeSpan.FromMinutes(10);
        var job = await rig.SubmitAsync("a");
        using var gone = new CancellationTokenSource();
        var waiting = rig.Context.JobEnds.WaitAsync(job, TimeSpan.FromHours(1), gone.Token);
        rig.Context.JobEnds.Awaited.ShouldBe(1);
        await gone.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(waiting);
        rig.Context.JobEnds.Awaited.ShouldBe(0);
        await rig.Fleets.RemoveAsync("work", TimeSpan.Zero, default);
    }

    private static async Task<Rig> StartAsync(int speed = 20)
    {
        var rig = await Rig.StartAsync(speed: speed);
        await rig.ApplyAsync("machinesMin: 1\nmachinesMax: 1\nslots: 1");
        await rig.ReadyAsync(1);
        return rig;
    }
}
