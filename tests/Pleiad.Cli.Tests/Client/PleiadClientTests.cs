using System.Net;
using Pleiad.Cli.Tests.Fixtures;
using Pleiad.Client;
using Pleiad.Client.Contract;
using Pleiad.Client.Queries;
using Pleiad.TestKit;
using Shouldly;
using Xunit;

namespace Pleiad.Cli.Tests.Client;

public sealed class PleiadClientTests
{
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(20);

    private static readonly PleiadClientOptions Quick = new() { RetryDelay = TimeSpan.FromMilliseconds(1), RetryDelayMax = TimeSpan.FromMilliseconds(50), FollowRetries = 200 };

    [Fact]
    public async Task A_call_that_may_be_repeated_is_repeated_a_bounded_number_of_times()
    {
        await using var api = await FakeApi.StartAsync();
        using var client = new PleiadClient(api.Address, options: Quick);

        api.FailNext(2);
        (await client.ListServicesAsync(default)).Count.ShouldBe(2);
        api.Calls.Count.ShouldBe(3);

        api.FailNext(3);
        var refused = await Should.ThrowAsync<PleiadApiException>(() => client.ListServicesAsync(default));
        refused.Status.ShouldBe(HttpStatusCode.ServiceUnavailable);
        refused.Problem.Code.ShouldBe("stateUnavailable");
        api.Calls.Count.ShouldBe(6);
    }

    [Fact]
    public async Task A_job_with_a_name_is_submitted_again_and_is_one_job_all_the_same()
    {
        await using var api = await FakeApi.StartAsync();
        using var client = new PleiadClient(api.Address, options: Quick);
        api.FailNext(1);

        var first = await client.SubmitJobAsync(new JobRequest("primes", "/x") { Name = "mine" }, default);
        var second = await client.SubmitJobAsync(new JobRequest("primes", "/x") { Name = "mine" }, default);

        first.Created.ShouldBeTrue();
        second.ShouldBe(first with { Created = false });
        api.Calls.Count.ShouldBe(3);
    }

    [Fact]
    public async Task A_job_without_a_name_is_sent_only_once()
    {
        await using var api = await FakeApi.StartAsync();
        using var client = new PleiadClient(api.Address, options: Quick);
        api.FailNext(1);

        await Should.ThrowAsync<PleiadApiException>(() => client.SubmitJobAsync(new JobRequest("primes", "/x"), default));

        api.Calls.Count.ShouldBe(1);
    }

    [Fact]
    public async Task The_removal_of_a_service_is_sent_only_once()
    {
        await using var api = await FakeApi.StartAsync();
        using var client = new PleiadClient(api.Address, options: Quick);
        api.FailNext(1);

        await Should.ThrowAsync<PleiadApiException>(() => client.RemoveServiceAsync("primes", default));

        api.Calls.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_refusal_is_not_repeated()
    {
        await using var api = await FakeApi.StartAsync();
        using var client = new PleiadClient(api.Address, options: Quick);

        var refused = await Should.ThrowAsync<PleiadApiException>(() => client.GetServiceAsync("nosuch", default));

        refused.Message.ShouldBe("There is no service 'nosuch'; see the list");
        api.Calls.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Names_are_escaped()
    {
        await using var api = await FakeApi.StartAsync();
        using var client = new PleiadClient(api.Address, options: Quick);

        await Should.ThrowAsync<PleiadApiException>(() => client.GetServiceAsync("a/b?c=d#e", default));
        await client.ListJobsAsync(new JobQuery { Name = "a&b=c +ä" }, default);

        api.Calls.First().Target.ShouldStartWith("/api/v1/services/a%2Fb");
        api.Calls.Last().Target.ShouldBe("/api/v1/jobs?name=a%26b%3Dc%20%2B%C3%A4");
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_named_with_the_way_to_start_one()
    {
        await using var api = await FakeApi.StartAsync();
        await api.StopAsync();
        using var client = new PleiadClient(api.Address, options: Quick);

        var error = await Should.ThrowAsync<PleiadUnreachableException>(() => client.GetServerAsync(default));

        error.Server.ShouldBe(api.Address);
        error.Message.ShouldContain(api.Address.GetLeftPart(UriPartial.Authority));
        error.Message.ShouldContain("pleiad up");
    }

    [Fact]
    public async Task A_server_that_does_not_answer_in_time_counts_as_not_there()
    {
        using var silent = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        using var client = new PleiadClient(new Uri($"http://{silent.LocalEndpoint}"), options: new PleiadClientOptions { Timeout = TimeSpan.FromMilliseconds(50), Retries = 0 });

        var error = await Should.ThrowAsync<PleiadUnreachableException>(() => client.GetServerAsync(default));

        error.Message.ShouldContain("no answer within 0.1 s");
    }

    [Fact]
    public async Task Followed_events_go_on_after_a_restart_of_the_server_without_loss_or_repetition()
    {
        await using var api = await FakeApi.StartAsync();
        using var client = new PleiadClient(api.Address, options: Quick);
        using var end = new CancellationTokenSource();
        var seen = new System.Collections.Concurrent.ConcurrentQueue<long>();
        var following = FollowAsync();
        await Eventually.BecomesTrueAsync(() => seen.Count == 3, TimeLimit, () => $"{seen.Count} events");

        await api.StopAsync();
        api.Events.Enqueue(Samples.Event(4));
        await api.StartAgainAsync();
        await Eventually.BecomesTrueAsync(() => seen.Count == 4, TimeLimit, () => $"{seen.Count} events");
        api.Events.Enqueue(Samples.Event(5));
        await Eventually.BecomesTrueAsync(() => seen.Count == 5, TimeLimit, () => $"{seen.Count} events");
        await end.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => following.WaitAsync(TimeLimit));

        seen.ShouldBe([1, 2, 3, 4, 5]);

        async Task FollowAsync()
        {
            await foreach (var happened in client.FollowEventsAsync(new EventQuery { Newest = true }, end.Token))
            {
                seen.Enqueue(happened.Id);
            }
        }
    }

    [Fact]
    public async Task Following_gives_up_when_the_server_stays_away()
    {
        await using var api = await FakeApi.StartAsync();
        using var client = new PleiadClient(api.Address, options: new PleiadClientOptions { RetryDelay = TimeSpan.FromMilliseconds(1), Retries = 1, FollowRetries = 3 });
        await using var events = client.FollowEventsAsync(new EventQuery { Newest = true, Limit = 1 }, default).GetAsyncEnumerator();
        (await events.MoveNextAsync()).ShouldBeTrue();

        await api.StopAsync();

        await Should.ThrowAsync<PleiadUnreachableException>(async () => await events.MoveNextAsync());
    }

    [Fact]
    public async Task Waiting_for_a_job_goes_on_over_a_restart()
    {
        await using var api = await FakeApi.StartAsync();
        using var client = new PleiadClient(api.Address, options: Quick);
        var waiting = client.WaitForJobAsync(Samples.Waiting.Id, default);
        await Eventually.BecomesTrueAsync(() => !api.Calls.IsEmpty, TimeLimit, () => "no call");

        await api.StopAsync();
        api.Jobs[Samples.Waiting.Id] = Samples.Waiting with { State = "done", Ended = Samples.Now };
        await api.StartAgainAsync();

        (await waiting.WaitAsync(TimeLimit)).State.ShouldBe("done");
    }

    [Fact]
    public async Task All_pages_of_jobs_come_in_order()
    {
        await using var api = await FakeApi.StartAsync();
        using var client = new PleiadClient(api.Address, options: Quick);

        var names = await client.EnumerateJobsAsync(new JobQuery { Limit = 1 }, default).Select(job => job.Name).ToListAsync();

        names.ShouldBe(["test1", "test2", "test3"]);
    }

    [Fact]
    public async Task Every_endpoint_has_its_method()
    {
        await using var api = await FakeApi.StartAsync();
        using var http = new HttpClient { BaseAddress = api.Address };
        using var client = new PleiadClient(http, "secret");
        using var copy = new MemoryStream();

        (await client.IsHealthyAsync(default)).ShouldBeTrue();
        (await client.GetServerAsync(default)).Accelerator.ShouldBe("tcg");
        (await client.ListImagesAsync(default)).ShouldBe([Samples.Image]);
        (await client.ListSettingsAsync(default)).ShouldBe([Samples.Slots]);
        (await client.SetSettingAsync("free_count", "9", default)).Value.ShouldBe(9);
        (await client.ListServicesAsync(default)).ShouldBe([Samples.Primes, Samples.Echo]);
        (await client.ApplyServiceAsync("new", "name: new\nimage: x\n", default)).Created.ShouldBeTrue();
        await client.RemoveServiceAsync("new", default);
        (await client.GetJobAsync(Samples.Done.Id, default)).ShouldBe(Samples.Done);
        (await client.CancelJobAsync(Samples.Waiting.Id, default)).State.ShouldBe("cancelled");
        await client.CopyJobResultAsync(Samples.Done.Id, copy, default);
        (await client.ListMachinesAsync(default)).ShouldBe([Samples.Machine, Samples.Starting]);
        (await client.GetMachineAsync(Samples.Machine.Id, default)).ShouldBe(Samples.Machine);
        await client.CopyMachineLogAsync(Samples.Machine.Id, copy, default);
        (await client.EndMachineAsync(Samples.Machine.Id, default)).ShouldBe(Samples.Machine);
        (await client.ListEventsAsync(new EventQuery { After = 1 }, default)).Last.ShouldBe(3);

        System.Text.Encoding.UTF8.GetString(copy.ToArray()).ShouldBe(Samples.Done.Result + api.Log);
        api.Calls.ShouldAllBe(call => call.Authorization == "Bearer secret");
    }
}
