using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Pleiad.Core.Documents;
using Pleiad.Load.Agents;
using Pleiad.Load.Results;
using Pleiad.Load.Running;
using Pleiad.Load.Tests.Kit;
using Pleiad.TestKit;
using Shouldly;
using Xunit;

namespace Pleiad.Load.Tests.Agents;

public sealed class AgentTests
{
    private static readonly Uri Loopback = new("http://127.0.0.1:0");

    [Fact]
    public async Task Two_agents_make_together_the_load_of_one_generator()
    {
        await using var server = new KnownServer();
        await using var a = await LoadEndpoints.StartAsync(Loopback, "secret", null, TimeProvider.System, CancellationToken.None);
        await using var b = await LoadEndpoints.StartAsync(Loopback, "secret", null, TimeProvider.System, CancellationToken.None);
        var request = Request(server, 2);
        var scenario = Kit.Load.Read(request.Scenario);

        RunResult together;
        await using (var run = await DistributedRun.StartAsync(scenario, request, [a.Address, b.Address], "secret", TimeProvider.System, CancellationToken.None))
        {
            together = await run.ResultAsync(new ConclusionOptions { WarmUp = TimeSpan.Zero }).WaitAsync(TimeSpan.FromSeconds(60));
        }

        // The same seed alone: the same sessions, whoever makes them.
        var alone = await Kit.Load.RunAsync(scenario, Kit.Load.Options(server));
        together.Self.Generators.Select(generator => generator.Name).ShouldBe([a.Address.ToString(), b.Address.ToString()]);
        Arrivals(together).ShouldBe(Arrivals(alone));

        // A session has 1.67 steps; which last ones still begin before the end depends on how quick the answers are.
        together.Total.Requests.ShouldBeInRange(Arrivals(together), 2 * Arrivals(together));
        together.Total.ToHistogram().Count.ShouldBe(together.Total.Requests);
        together.Total.Failed.ShouldBe(0);
    }

    [Fact]
    public async Task Agents_want_their_token_take_one_run_at_a_time_and_say_what_is_wrong()
    {
        await using var server = new KnownServer();
        await using var agent = await LoadEndpoints.StartAsync(Loopback, "secret", null, TimeProvider.System, CancellationToken.None);
        using var client = new HttpClient { BaseAddress = new Uri(agent.Address, "/api/v1/load/") };
        (await client.GetAsync("progress")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await Should.ThrowAsync<AgentException>(() => DistributedRun.StartAsync(Kit.Load.Read(Request(server, 1).Scenario), Request(server, 1), [agent.Address], "wrong", TimeProvider.System, CancellationToken.None)))
            .Message.ShouldContain("wants another token");

        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "secret");
        (await client.GetAsync("progress")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await client.PostAsJsonAsync("run", Request(server, 60), LoadJson.Default.AgentRequest)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await client.PostAsJsonAsync("run", Request(server, 60), LoadJson.Default.AgentRequest)).StatusCode.ShouldBe(HttpStatusCode.Conflict);
        (await client.PostAsJsonAsync("factor", new FactorRequest(-1), LoadJson.Default.FactorRequest)).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await client.GetAsync("record")).StatusCode.ShouldBe(HttpStatusCode.Accepted);
        (await client.PostAsync("stop", null)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        await Eventually.BecomesTrueAsync(async () => (await client.GetAsync("record")).StatusCode == HttpStatusCode.OK, TimeSpan.FromSeconds(30), async () => await client.GetStringAsync("progress"));
        var refused = await client.PostAsJsonAsync("run", Request(server, 60) with { Scenario = "name: x" }, LoadJson.Default.AgentRequest);
        refused.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await refused.Content.ReadAsStringAsync()).ShouldContain("has no page");

        await Should.ThrowAsync<InvalidInputException>(() => LoadEndpoints.StartAsync(new Uri("http://0.0.0.0:0"), null, null, TimeProvider.System, CancellationToken.None));
    }

    [Fact]
    public async Task A_lost_agent_ends_the_run_without_a_result()
    {
        await using var server = new KnownServer();
        var agent = await LoadEndpoints.StartAsync(Loopback, null, null, TimeProvider.System, CancellationToken.None);
        var address = agent.Address;
        var request = Request(server, 60);
        await using var run = await DistributedRun.StartAsync(Kit.Load.Read(request.Scenario), request, [address], null, TimeProvider.System, CancellationToken.None);
        await agent.DisposeAsync();

        (await Should.ThrowAsync<AgentException>(() => run.ResultAsync(new ConclusionOptions()).WaitAsync(TimeSpan.FromSeconds(60)))).Message.ShouldContain("was lost");
        await Should.ThrowAsync<AgentException>(() => DistributedRun.StartAsync(Kit.Load.Read(request.Scenario), request, [address], null, TimeProvider.System, CancellationToken.None));
    }

    [Fact]
    public async Task When_one_agent_is_lost_the_others_end_too()
    {
        await using var server = new KnownServer();
        await using var stays = await LoadEndpoints.StartAsync(Loopback, null, null, TimeProvider.System, CancellationToken.None);
        var goes = await LoadEndpoints.StartAsync(Loopback, null, null, TimeProvider.System, CancellationToken.None);
        var request = Request(server, 600);
        await using var run = await DistributedRun.StartAsync(Kit.Load.Read(request.Scenario), request, [stays.Address, goes.Address], null, TimeProvider.System, CancellationToken.None);
        await goes.DisposeAsync();

        await Should.ThrowAsync<AgentException>(() => run.ResultAsync(new ConclusionOptions()).WaitAsync(TimeSpan.FromSeconds(60)));
        await EndsAsync(stays);
    }

    [Fact]
    public async Task A_run_that_nobody_asks_for_any_more_ends()
    {
        await using var server = new KnownServer();
        await using var agent = await LoadEndpoints.StartAsync(Loopback, null, null, TimeSpan.FromSeconds(1), TimeProvider.System, CancellationToken.None);
        using var client = new HttpClient { BaseAddress = new Uri(agent.Address, "/api/v1/load/") };
        (await client.PostAsJsonAsync("run", Request(server, 600), LoadJson.Default.AgentRequest)).StatusCode.ShouldBe(HttpStatusCode.NoContent);

        await EndsAsync(agent);
    }

    [Fact]
    public async Task A_run_can_be_steered_over_http()
    {
        await using var server = new KnownServer();
        await using var run = await LoadRun.StartAsync(Kit.Load.Read(Request(server, 60).Scenario), Kit.Load.Read(Request(server, 60).Scenario).Load with { Duration = TimeSpan.FromSeconds(60) }, Kit.Load.Options(server), null, TimeProvider.System, CancellationToken.None);
        await using var control = await LoadEndpoints.StartAsync(Loopback, null, run, TimeProvider.System, CancellationToken.None);
        using var client = new HttpClient { BaseAddress = new Uri(control.Address, "/api/v1/load/") };

        (await client.PostAsJsonAsync("factor", new FactorRequest(3), LoadJson.Default.FactorRequest)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        await Eventually.BecomesTrueAsync(() => run.Progress is { Factor: 3, Level: > 500 }, TimeSpan.FromSeconds(30), () => run.Progress.ToString());
        (await client.PostAsync("stop", null)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await run.ResultAsync(new ConclusionOptions()).WaitAsync(TimeSpan.FromSeconds(30))).Seconds.ShouldBeLessThan(59);
    }

    /// <summary>An agent's run of ten minutes is over long before; asking for its record is no sign of a coordinator.</summary>
    private static async Task EndsAsync(LoadEndpoints agent)
    {
        using var client = new HttpClient { BaseAddress = new Uri(agent.Address, "/api/v1/load/") };
        await Eventually.BecomesTrueAsync(async () => (await client.GetAsync("record")).StatusCode == HttpStatusCode.OK, TimeSpan.FromSeconds(60), () => Task.FromResult("still under way"));
    }

    private static long Arrivals(RunResult result) => result.Transitions.Where(each => each.From == "entry").Sum(each => each.Count);

    private static AgentRequest Request(KnownServer server, double seconds) => new()
    {
        Scenario = "name: two\npages: { a: { url: /a }, b: { url: /b } }\ntransitions: { a: { b: 0.5 }, b: { a: 0.2 } }\nload: { rate: 200, duration: 2s, connections: shared }",
        Files = new Dictionary<string, string>(),
        Target = server.Url,
        Seed = 7,
        DurationSeconds = seconds,
        Share = 0,
        Shares = 1,
    };
}
