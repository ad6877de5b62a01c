using System.Text.Json;
using Pleiad.Cli.Tests.Fixtures;
using Pleiad.Client.Contract;
using Pleiad.TestKit;
using Shouldly;
using Xunit;

namespace Pleiad.Cli.Tests.Jobs;

public sealed class JobCommandTests
{
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task The_list_is_plain_aligned_text_when_piped()
    {
        await using var api = await FakeApi.StartAsync();

        var outcome = await CommandRun.WithAsync(api, "job", "list");

        outcome.Out.ShouldBe(
            """
            NAME   SERVICE  STATE    MACHINE       WAITED    RAN  STATUS  ID                                    ERROR
            test1  primes   done     m-aaaaaaaaaa   1.0 s  2.0 s     200  01a2011f-5f1b-7f20-b922-d6c76e6b2a0d  -
            test2  primes   waiting  -              3.5 s      -       -  01a2011f-5f5d-79f2-95e3-63250025391b  -
            test3  primes   failed   m-aaaaaaaaaa   1.0 s  2.0 s     500  01a2011f-6340-79a7-9b4b-103d11b2a699  the service answered 500

            """);
        outcome.Out.ShouldNotContain("\t");
        outcome.Out.ShouldNotContain("\e");
    }

    [Fact]
    public async Task The_list_goes_over_all_pages_up_to_the_count()
    {
        await using var api = await FakeApi.StartAsync();

        var outcome = await CommandRun.WithAsync(api, "job", "list", "-n", "2", "--service", "primes");

        outcome.Out.Split('\n').Length.ShouldBe(4);
        api.Calls.ShouldHaveSingleItem().Target.ShouldBe("/api/v1/jobs?service=primes&limit=2");
    }

    [Fact]
    public async Task A_job_is_shown_by_name_and_by_id()
    {
        await using var api = await FakeApi.StartAsync();

        var byName = await CommandRun.WithAsync(api, "job", "show", "test1");
        var byId = await CommandRun.WithAsync(api, "job", "show", Samples.Done.Id);

        byName.Out.ShouldBe(byId.Out);
        byName.Out.ShouldBe(
            """
            id:        01a2011f-5f1b-7f20-b922-d6c76e6b2a0d
            name:      test1
            service:   primes
            request:   GET /primes?n=1000
            state:     done
            machine:   m-aaaaaaaaaa
            attempts:  1
            submitted: 2026-01-02 03:03:55.678 +00:00
            sent:      2026-01-02 03:03:56.678 +00:00
            ended:     2026-01-02 03:03:58.678 +00:00
            waited:    1.0 s
            ran:       2.0 s
            status:    200
            result:    {"n":1000,"primes":168}

            """);
    }

    [Fact]
    public async Task A_name_that_two_services_use_needs_the_service()
    {
        await using var api = await FakeApi.StartAsync();
        var other = Samples.Done with { Id = "01a2011f-9999-7f20-b922-d6c76e6b2a0d", Service = "echo" };
        api.Jobs[other.Id] = other;

        var unclear = await CommandRun.WithAsync(api, "job", "show", "test1");
        var clear = await CommandRun.WithAsync(api, "job", "show", "test1", "--service", "echo");

        unclear.ExitCode.ShouldBe(2);
        unclear.Error.ShouldBe("pleiad: job: name 'test1' is the name of jobs of primes, echo; add --service, or give the job's id\n");
        clear.Out.ShouldContain(other.Id);
    }

    [Fact]
    public async Task A_job_that_does_not_exist_exits_with_2()
    {
        await using var api = await FakeApi.StartAsync();

        var outcome = await CommandRun.WithAsync(api, "job", "cancel", "nosuch");

        outcome.ExitCode.ShouldBe(2);
        outcome.Error.ShouldBe("pleiad: job: name 'nosuch' is the name of no job that is kept; see 'pleiad job list', or give the job's id\n");
    }

    [Fact]
    public async Task The_result_comes_byte_for_byte()
    {
        await using var api = await FakeApi.StartAsync();
        byte[] bytes = [0, 13, 10, 255, 128, 9];
        api.Jobs[Samples.Done.Id] = Samples.Done with { Result = System.Text.Encoding.Latin1.GetString(bytes) };

        var outcome = await CommandRun.WithAsync(api, "job", "result", "test1");

        outcome.ExitCode.ShouldBe(0);
        outcome.Bytes.ShouldBe(bytes);
    }

    [Fact]
    public async Task The_result_of_a_job_that_failed_exits_with_1_and_its_reason()
    {
        await using var api = await FakeApi.StartAsync();

        var outcome = await CommandRun.WithAsync(api, "job", "result", "test3");

        outcome.ExitCode.ShouldBe(1);
        outcome.Out.ShouldBeEmpty();
        outcome.Error.ShouldBe("pleiad: Job 'test3' is failed; the service answered 500\n");
    }

    [Fact]
    public async Task A_job_is_submitted_with_all_that_was_given()
    {
        await using var api = await FakeApi.StartAsync();
        var run = new CommandRun { Input = "hello" };

        var outcome = await run.RunAsync(api, default, "job", "submit", "--service", "echo", "--name", "letter", "--path", "/echo?x=1", "--method", "put", "--body", "-", "--content-type", "text/plain");

        outcome.ExitCode.ShouldBe(0);
        outcome.Out.ShouldStartWith("job letter is waiting (");
        var sent = JsonSerializer.Deserialize(api.Calls.ShouldHaveSingleItem().Body, ContractJson.Default.JobRequest)!;
        (sent.Service, sent.Name, sent.Path, sent.Method, sent.ContentType).ShouldBe(("echo", "letter", "/echo?x=1", "PUT", "text/plain"));
        sent.Body.ShouldBe("hello"u8.ToArray());
    }

    [Fact]
    public async Task A_body_that_is_too_large_is_refused_before_any_call()
    {
        await using var api = await FakeApi.StartAsync();
        using var directory = new TempDirectory("cli");
        await using (var file = File.Create(directory.File("large")))
        {
            file.SetLength((8 << 20) + 1);
        }

        var outcome = await CommandRun.WithAsync(api, "job", "submit", "--service", "echo", "--path", "/", "--body", directory.File("large"));

        outcome.ExitCode.ShouldBe(2);
        outcome.Error.ShouldBe($"pleiad: --body: {directory.File("large")} is too large; give at most 8MiB\n");
        api.Calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task Submitting_the_same_again_says_so_and_another_under_its_name_is_refused()
    {
        await using var api = await FakeApi.StartAsync();

        var same = await CommandRun.WithAsync(api, "job", "submit", "--service", "primes", "--name", "test1", "--path", "/primes?n=1000");
        var other = await CommandRun.WithAsync(api, "job", "submit", "--service", "primes", "--name", "test1", "--path", "/primes?n=2");

        same.ExitCode.ShouldBe(0);
        same.Error.ShouldBe("job test1 was submitted before and is done\n");
        other.ExitCode.ShouldBe(2);
        other.Error.ShouldContain("another job named 'test1'");
    }

    [Theory]
    [InlineData("done", 0)]
    [InlineData("failed", 1)]
    [InlineData("cancelled", 1)]
    public async Task Waiting_ends_with_the_job_and_fails_when_it_failed(string state, int exitCode)
    {
        await using var api = await FakeApi.StartAsync();
        var running = new CommandRun().RunAsync(api, default, "job", "submit", "--service", "primes", "--name", "mine", "--path", "/x", "--wait");
        await Eventually.BecomesTrueAsync(() => api.Calls.Any(call => call.Target.Contains("waitMs=30000", StringComparison.Ordinal)), TimeLimit, () => $"{api.Calls.Count} calls");
        var job = api.Jobs.Values.Single(one => one.Name == "mine");
        api.Jobs[job.Id] = job with { State = state, Ended = Samples.Now };

        var outcome = await running.WaitAsync(TimeLimit);

        outcome.ExitCode.ShouldBe(exitCode);
        outcome.Out.ShouldContain($"state:     {state}\n");
    }

    [Fact]
    public async Task Waiting_that_is_interrupted_exits_with_130_and_says_that_the_job_goes_on()
    {
        await using var api = await FakeApi.StartAsync();
        using var interrupt = new CancellationTokenSource();
        var running = new CommandRun().RunAsync(api, interrupt.Token, "job", "submit", "--service", "primes", "--name", "mine", "--path", "/x", "--wait");
        await Eventually.BecomesTrueAsync(() => api.Calls.Any(call => call.Target.Contains("waitMs", StringComparison.Ordinal)), TimeLimit, () => $"{api.Calls.Count} calls");

        await interrupt.CancelAsync();
        var outcome = await running.WaitAsync(TimeLimit);

        outcome.ExitCode.ShouldBe(130);
        outcome.Out.ShouldBeEmpty();
        outcome.Error.ShouldStartWith("the job goes on; 'pleiad job show ");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_watched_list_is_shown_again_when_it_changes_and_ends_with_an_interrupt(bool json)
    {
        await using var api = await FakeApi.StartAsync();
        using var interrupt = new CancellationTokenSource();
        var run = new CommandRun();
        var running = run.RunAsync(api, interrupt.Token, json ? ["job", "list", "--watch", "--json"] : ["job", "list", "--watch"]);
        await Eventually.BecomesTrueAsync(() => run.OutSoFar.Contains("test3", StringComparison.Ordinal), TimeLimit, () => run.OutSoFar);

        api.Jobs[Samples.Waiting.Id] = Samples.Waiting with { State = "running" };
        await Eventually.BecomesTrueAsync(() => run.OutSoFar.Contains("running", StringComparison.Ordinal), TimeLimit, () => run.OutSoFar);
        await interrupt.CancelAsync();
        var outcome = await running.WaitAsync(TimeLimit);

        outcome.ExitCode.ShouldBe(130);
        outcome.Error.ShouldBeEmpty();
        if (json)
        {
            var lines = outcome.Out.TrimEnd().Split('\n');
            lines.Length.ShouldBe(2);
            lines.ShouldAllBe(line => JsonSerializer.Deserialize(line, ContractJson.Default.IReadOnlyListJobInfo)!.Count == 3);
        }
        else
        {
            outcome.Out.Split("NAME").Length.ShouldBe(3);
        }
    }

    [Fact]
    public async Task An_empty_list_says_what_to_do_beside_the_heading()
    {
        await using var api = await FakeApi.StartAsync();
        api.Jobs.Clear();

        var outcome = await CommandRun.WithAsync(api, "job", "list");

        outcome.Out.ShouldBe("NAME  SERVICE  STATE  MACHINE  WAITED  RAN  STATUS  ID  ERROR\n");
        outcome.Error.ShouldBe("There is no such job; 'pleiad job submit' submits one.\n");
    }
}
