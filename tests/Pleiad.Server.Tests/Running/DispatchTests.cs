using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Pleiad.Client.Contract;
using Pleiad.Server.Tests.Api;
using Pleiad.TestKit;
using Shouldly;
using Xunit;

namespace Pleiad.Server.Tests.Running;

[Trait("Group", "server")]
public sealed class DispatchTests
{
    [Fact]
    public async Task A_request_is_answered_by_a_machine_and_says_by_which()
    {
        await using var server = await TestServer.StartAsync();
        await server.ApplyAsync("machinesMin: 1\nmachinesMax: 2\nslots: 2", ready: 1);
        using var answer = await server.Gateway.GetAsync("/primes/primes?n=1000");
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("primes").GetInt32().ShouldBe(168);
        var machine = (await server.Client.ListMachinesAsync(default)).ShouldHaveSingleItem();
        answer.Headers.GetValues("Pleiad-Machine").ShouldBe([machine.Id]);
        machine.Reason.ShouldContain("machinesMin is 1");
    }

    [Fact]
    public async Task A_request_without_a_free_slot_waits_for_a_machine_that_is_started_for_it()
    {
        await using var server = await TestServer.StartAsync();
        await server.ApplyAsync("machinesMin: 1\nmachinesMax: 3\nslots: 1", ready: 1);
        var answers = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => server.Gateway.GetStringAsync("/primes/primes?n=60000")));
        answers.ShouldAllBe(answer => answer.Contains("6057"));
        (await server.EventsAsync()).ShouldContain("at 1 slot a machine need");
        var started = (await server.Client.ListMachinesAsync(default)).Where(machine => !machine.Reason.Contains("machinesMin is")).ToList();
        started.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Metrics_tell_how_long_requests_took_waited_and_machines_started()
    {
        await using var server = await TestServer.StartAsync();
        await server.ApplyAsync("machinesMin: 0\nmachinesMax: 1\nslots: 1\nstart: cold", ready: 0);
        await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => server.Gateway.GetStringAsync("/primes/primes?n=60000")));
        (await server.Gateway.GetAsync("/primes/nothing-here")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await server.Gateway.GetAsync("/no-such-service/")).StatusCode.ShouldBe(HttpStatusCode.NotFound);

        using var http = new HttpClient { BaseAddress = server.Server.Api };
        IReadOnlyDictionary<string, PrometheusFamily> families = null!;
        await Eventually.BecomesTrueAsync(
            async () => Count(families = PrometheusReader.Read(await http.GetStringAsync("/metrics")), "pleiad_gateway_request_duration_seconds", "code=4xx,service=primes") == 1, TestServer.Limit, () => http.GetStringAsync("/metrics"));
        Count(families, "pleiad_gateway_request_duration_seconds", "code=2xx,service=primes").ShouldBe(3);
        families["pleiad_gateway_request_duration_seconds"].Samples.Select(sample => sample.Labels["service"]).Distinct().ShouldBe(["primes"]);
        Count(families, "pleiad_slot_wait_seconds", "service=primes").ShouldBe(4);
        Count(families, "pleiad_machine_start_seconds", "service=primes,way=cold").ShouldBe(1);

        // All three came when there was no machine: they waited for its start at least, and one at a time from then on.
        var start = Sum(families, "pleiad_machine_start_seconds", "service=primes,way=cold");
        start.ShouldBeGreaterThan(0);
        var waited = Sum(families, "pleiad_slot_wait_seconds", "service=primes");
        waited.ShouldBeGreaterThan(start);
        Sum(families, "pleiad_gateway_request_duration_seconds", "code=2xx,service=primes").ShouldBeGreaterThan(waited);

        static double Count(IReadOnlyDictionary<string, PrometheusFamily> families, string name, string series) => Value(families, $"{name}_count", name, series);
        static double Sum(IReadOnlyDictionary<string, PrometheusFamily> families, string name, string series) => Value(families, $"{name}_sum", name, series);
        static double Value(IReadOnlyDictionary<string, PrometheusFamily> families, string sample, string name, string series) =>
            families[name].Samples.SingleOrDefault(each => each.Name == sample && each.Series == series)?.Value ?? 0;
    }

    [Fact]
    public async Task A_service_scaled_to_zero_starts_with_its_first_request_and_ends_when_idle()
    {
        await using var server = await TestServer.StartAsync();
        await server.ApplyAsync("machinesMin: 0\nmachinesMax: 2\nidleTimeout: 500ms", ready: 0);
        (await server.Gateway.GetStringAsync("/primes/primes?n=10")).ShouldContain("\"primes\":4");
        await server.ReadyAsync(0);
        (await server.EventAsync("scaleIn")).Reason.ShouldContain("idleTimeout is 0.5 s");
        await Eventually.BecomesTrueAsync(
            async () => (await server.Client.GetServerAsync(default)) is var info && info.AddressesFree == info.AddressesTotal, TestServer.Limit, server.EventsAsync);
    }

    [Fact]
    public async Task Slots_of_machines_are_never_exceeded_and_every_request_is_answered()
    {
        await using var server = await TestServer.StartAsync();
        await server.ApplyAsync("machinesMin: 1\nmachinesMax: 2\nslots: 3", ready: 1);
        using var watch = new CancellationTokenSource();
        var activeMax = 0;
        var watching = Task.Run(async () =>
        {
            while (!watch.IsCancellationRequested)
            {
                foreach (var machine in await server.Client.ListMachinesAsync(default))
                {
                    machine.FreeSlots.ShouldBeInRange(0, 3);
                    activeMax = Math.Max(activeMax, machine.Slots - machine.FreeSlots);
                }

                await Task.Delay(20);
            }
        });
        var answers = await Task.WhenAll(Enumerable.Range(0, 60).Select(index => server.Gateway.GetStringAsync($"/primes/primes?n={5_000 + index}")));
        await watch.CancelAsync();
        await watching;
        answers.Length.ShouldBe(60);
        activeMax.ShouldBeLessThanOrEqualTo(3);
        (await server.Client.GetServiceAsync("primes", default)).InFlight.ShouldBe(0);
    }

    [Fact]
    public async Task A_full_queue_refuses_with_503_and_a_late_slot_with_504()
    {
        await using var server = await TestServer.StartAsync();
        await server.ApplyAsync("machinesMin: 1\nmachinesMax: 1\nslots: 1\nqueue: { limit: 1, deadline: 1s }", ready: 1);
        using var gone = new CancellationTokenSource();
        var working = server.Gateway.GetAsync("/primes/primes?n=10000000", gone.Token);
        await Eventually.BecomesTrueAsync(async () => (await server.Client.GetServiceAsync("primes", default)).InFlight == 1, TestServer.Limit, server.EventsAsync);
        var waiting = server.Gateway.GetAsync("/primes/primes?n=2");
        await Eventually.BecomesTrueAsync(async () => (await server.Client.GetServiceAsync("primes", default)).Waiting == 1, TestServer.Limit, server.EventsAsync);

        using var refused = await server.Gateway.GetAsync("/primes/primes?n=2");
        refused.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        refused.Headers.RetryAfter.ShouldNotBeNull();
        (await refused.Content.ReadAsStringAsync()).ShouldContain("queue.limit");

        using var late = await waiting;
        late.StatusCode.ShouldBe(HttpStatusCode.GatewayTimeout);
        await gone.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(working);
        await Eventually.BecomesTrueAsync(async () => (await server.Client.GetServiceAsync("primes", default)).InFlight == 0, TestServer.Limit, server.EventsAsync);
        await server.EventAsync("queueFull");
        await server.EventAsync("deadlinePassed");

        // The guest stopped counting when its client went away: it is free for others.
        var watch = Stopwatch.StartNew();
        (await server.Gateway.GetStringAsync("/primes/primes?n=10")).ShouldContain("\"primes\":4");
        watch.Elapsed.ShouldBeLessThan(TestServer.Limit);
    }

    [Fact]
    public async Task Without_a_free_address_requests_end_with_the_reason()
    {
        await using var server = await TestServer.StartAsync(options => options.AddressCount = 1);
        await server.ApplyAsync("machinesMin: 1\nmachinesMax: 1", ready: 1);
        await server.Client.ApplyServiceAsync("second", "name: second\nimage: echo-unikernel\nmachinesMin: 0\nqueue: { deadline: 1s }\n", default);
        using var answer = await server.Gateway.GetAsync("/second/");
        answer.StatusCode.ShouldBe(HttpStatusCode.GatewayTimeout);
        (await answer.Content.ReadAsStringAsync()).ShouldContain("no free address");
        (await server.EventAsync("machineStartFailed")).Reason.ShouldContain("1 of the pool");
    }

    [Fact]
    public async Task Two_services_have_machines_of_their_own()
    {
        await using var server = await TestServer.StartAsync();
        await server.ApplyAsync("machinesMin: 1", ready: 1);
        await server.ApplyAsync("machinesMin: 1", ready: 1, "echo", "echo-unikernel");
        var host = new HttpRequestMessage(HttpMethod.Post, "/anything") { Content = new StringContent("hello"), Headers = { Host = "echo.localhost" } };
        using var echoed = await server.Gateway.SendAsync(host);
        (await echoed.Content.ReadAsStringAsync()).ShouldContain("hello");
        var machines = await server.Client.ListMachinesAsync(default);
        machines.Select(machine => machine.Service).Order().ShouldBe(["echo", "primes"]);
        machines.Select(machine => machine.Ip + ":" + machine.Port.ToString(CultureInfo.InvariantCulture)).Distinct().Count().ShouldBe(2);
    }

    [Fact]
    public async Task A_server_that_leaves_its_machines_lets_their_work_end()
    {
        await using var server = await TestServer.StartAsync(options => options.KeepMachines = true);
        await server.ApplyAsync("machinesMin: 1\nmachinesMax: 1\nslots: 1", ready: 1);
        using var http = new HttpClient { BaseAddress = server.Server.Gateway };
        var working = http.GetStringAsync("/primes/primes?n=100000");
        await Eventually.BecomesTrueAsync(async () => (await server.Client.GetServiceAsync("primes", default)).InFlight == 1, TestServer.Limit, server.EventsAsync);
        await server.RestartAsync();
        (await working).ShouldContain("9592");
        (await server.Client.ListMachinesAsync(default)).ShouldHaveSingleItem().Adopted.ShouldBeTrue();
        await server.Client.RemoveServiceAsync("primes", default);
    }

    [Fact]
    public async Task A_service_removed_while_it_works_ends_its_work_and_leaves_nothing()
    {
        await using var server = await TestServer.StartAsync();
        await server.ApplyAsync("machinesMin: 1\nmachinesMax: 1\nslots: 1", ready: 1);
        var working = server.Gateway.GetStringAsync("/primes/primes?n=60000");
        await Eventually.BecomesTrueAsync(async () => (await server.Client.GetServiceAsync("primes", default)).InFlight == 1, TestServer.Limit, server.EventsAsync);
        var waiting = server.Gateway.GetAsync("/primes/primes?n=2");
        await Eventually.BecomesTrueAsync(async () => (await server.Client.GetServiceAsync("primes", default)).Waiting == 1, TestServer.Limit, server.EventsAsync);
        var job = (await server.Client.SubmitJobAsync(new JobRequest("primes", "/primes?n=3") { Name = "late" }, default)).Job;
        await server.Client.RemoveServiceAsync("primes", default);
        (await working).ShouldContain("6057");
        using var refused = await waiting;
        ((int)refused.StatusCode).ShouldBeOneOf(404, 503);
        (await server.Client.GetJobAsync(job.Id, default)).State.ShouldBe("cancelled");
        (await server.Client.ListMachinesAsync(default)).ShouldBeEmpty();
        using var unknown = await server.Gateway.GetAsync("/primes/primes?n=2");
        unknown.StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }
}
