using System.Text;
using Pleiad.Client;
using Pleiad.Client.Contract;
using Pleiad.Client.Queries;
using Pleiad.TestKit;
using Shouldly;
using Xunit;

namespace Pleiad.Server.Tests.Running;

[Trait("Group", "server")]
public sealed class JobTests
{
    [Fact]
    public async Task Jobs_are_done_in_machines_with_the_right_results()
    {
        await using var server = await TestServer.StartAsync();
        await server.ApplyAsync("machinesMin: 1\nmachinesMax: 3\nslots: 1", ready: 1);
        var jobs = await Task.WhenAll(Enumerable.Range(1, 6).Select(n => server.Client.SubmitJobAsync(new JobRequest("primes", $"/primes?n={n * 10_000}") { Name = $"test{n}" }, default)));
        foreach (var (job, n) in jobs.Select((job, index) => (job.Job, index + 1)))
        {
            var done = await server.Client.WaitForJobAsync(job.Id, default);
            done.State.ShouldBe("done");
            done.Result.ShouldBe($$"""{"n":{{n * 10_000}},"primes":{{Sieve.Count(n * 10_000)}}}""");
            done.Attempts.ShouldBe(1);
            done.Machine.ShouldNotBeNull();
        }
    }

    [Fact]
    public async Task The_same_submission_again_is_the_same_job_and_another_under_its_name_is_refused()
    {
        await using var server = await TestServer.StartAsync();
        await server.ApplyAsync("machinesMin: 0", ready: 0);
        var first = await server.Client.SubmitJobAsync(new JobRequest("primes", "/primes?n=10") { Name = "once" }, default);
        var again = await server.Client.SubmitJobAsync(new JobRequest("primes", "/primes?n=10") { Name = "once" }, default);
        first.Created.ShouldBeTrue();
        again.Created.ShouldBeFalse();
        again.Job.Id.ShouldBe(first.Job.Id);
        var refused = await Should.ThrowAsync<PleiadApiException>(() => server.Client.SubmitJobAsync(new JobRequest("primes", "/primes?n=11") { Name = "once" }, default));
        refused.Problem.Code.ShouldBe("nameTaken");
        (await server.Client.WaitForJobAsync(first.Job.Id, default)).State.ShouldBe("done");
    }

    [Fact]
    public async Task A_job_with_a_body_is_posted_and_its_answer_kept_byte_for_byte()
    {
        await using var server = await TestServer.StartAsync();
        await server.ApplyAsync("machinesMin: 1", ready: 1, "echo", "echo-unikernel");
        var body = Encoding.UTF8.GetBytes("grüße, " + new string('x', 3_000));
        var job = (await server.Client.SubmitJobAsync(new JobRequest("echo", "/echo") { Body = body, ContentType = "text/plain" }, default)).Job;
        var done = await server.Client.WaitForJobAsync(job.Id, default);
        done.State.ShouldBe("done");
        done.Method.ShouldBe("POST");
        using var result = new MemoryStream();
        await server.Client.CopyJobResultAsync(job.Id, result, default);
        Encoding.UTF8.GetString(result.ToArray()).ShouldContain("grüße");
    }

    [Fact]
    public async Task A_job_that_the_service_refuses_fails_with_its_answer()
    {
        await using var server = await TestServer.StartAsync();
        await server.ApplyAsync("machinesMin: 0", ready: 0);
        var job = (await server.Client.SubmitJobAsync(new JobRequest("primes", "/primes?n=minus"), default)).Job;
        var failed = await server.Client.WaitForJobAsync(job.Id, default);
        failed.State.ShouldBe("failed");
        failed.Status.ShouldBe(400);
        failed.Result!.ShouldContain("minus");
        failed.Error!.ShouldContain("400");
    }

    [Fact]
    public async Task A_cancelled_job_gives_its_slot_back_and_the_guest_stops_working()
    {
        await using var server = await TestServer.StartAsync();
        await server.ApplyAsync("machinesMin: 1\nmachinesMax: 1\nslots: 1", ready: 1);
        var endless = (await server.Client.SubmitJobAsync(new JobRequest("primes", "/primes?n=10000000"), default)).Job;
        var next = (await server.Client.SubmitJobAsync(new JobRequest("primes", "/primes?n=100"), default)).Job;
        await Eventually.BecomesTrueAsync(async () => (await server.Client.GetJobAsync(endless.Id, default)).State == "running", TestServer.Limit, server.EventsAsync);
        (await server.Client.GetJobAsync(next.Id, default)).State.ShouldBe("waiting");
        (await server.Client.CancelJobAsync(endless.Id, default)).State.ShouldBe("cancelled");
        (await server.Client.WaitForJobAsync(next.Id, default)).State.ShouldBe("done");
        (await server.Client.GetJobAsync(endless.Id, default)).State.ShouldBe("cancelled");
    }

    [Fact]
    public async Task A_job_whose_machine_dies_is_given_to_another()
    {
        await using var server = await TestServer.StartAsync();
        await server.ApplyAsync("machinesMin: 1\nmachinesMax: 1\nslots: 1", ready: 1);
        var job = (await server.Client.SubmitJobAsync(new JobRequest("primes", "/primes?n=80000"), default)).Job;
        await Eventually.BecomesTrueAsync(async () => (await server.Client.GetJobAsync(job.Id, default)).State == "running", TestServer.Limit, server.EventsAsync);
        var machine = (await server.Client.ListMachinesAsync(default)).ShouldHaveSingleItem();
        Signals.Send(machine.ProcessId!.Value, Signals.Kill);
        var done = await server.Client.WaitForJobAsync(job.Id, default);
        done.Result!.ShouldContain("7837");
        done.Attempts.ShouldBe(2);
        done.Machine.ShouldNotBe(machine.Id);
        await server.EventAsync("retried");
    }

    [Fact]
    public async Task Jobs_wait_through_a_restart_and_machines_kept_are_adopted()
    {
        await using var server = await TestServer.StartAsync(options => options.KeepMachines = true);
        await server.ApplyAsync("machinesMin: 2\nmachinesMax: 2\nslots: 1", ready: 2);
        var before = await server.Client.ListMachinesAsync(default);
        var jobs = await Task.WhenAll(Enumerable.Range(0, 20).Select(n => server.Client.SubmitJobAsync(new JobRequest("primes", $"/primes?n={20_000 + n}") { Name = $"j{n}" }, default)));
        await server.RestartAsync();
        var after = await server.Client.ListMachinesAsync(default);
        after.Select(machine => machine.Id).Order().ShouldBe(before.Select(machine => machine.Id).Order());
        after.ShouldAllBe(machine => machine.Adopted);
        foreach (var job in jobs)
        {
            (await server.Client.WaitForJobAsync(job.Job.Id, default)).State.ShouldBe("done");
        }

        (await server.Client.ListJobsAsync(new JobQuery { Limit = 100 }, default)).Jobs.Count.ShouldBe(20);

        // Nothing is kept this time.
        foreach (var machine in after)
        {
            await server.Client.EndMachineAsync(machine.Id, default);
        }

        await server.Client.RemoveServiceAsync("primes", default);
    }
}
