using System.Text.Json;
using Pleiad.Cli.Tests.Fixtures;
using Pleiad.Client.Contract;
using Pleiad.TestKit;
using Shouldly;
using Xunit;

namespace Pleiad.Cli.Tests.Events;

public sealed class EventsCommandTests
{
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task The_newest_are_shown_oldest_first()
    {
        await using var api = await FakeApi.StartAsync();

        var outcome = await CommandRun.WithAsync(api, "events", "-n", "2");

        outcome.Out.ShouldBe(
            """
            01-02 03:04:07.678  machineStarting     primes m-aaaaaaaaaa     reason 2
            01-02 03:04:08.678  machineStarting     primes m-aaaaaaaaaa     reason 3

            """);
    }

    [Fact]
    public async Task Filters_reach_the_server_with_the_machines_full_id()
    {
        await using var api = await FakeApi.StartAsync();

        await CommandRun.WithAsync(api, "events", "--service", "primes", "--machine", "aaa", "--kind", "machineStarting");

        api.Calls.Last().Target.ShouldBe("/api/v1/events?limit=50&newest=true&service=primes&machine=m-aaaaaaaaaa&kind=machineStarting");
    }

    [Theory]
    [InlineData(false, "1", 2)]
    [InlineData(true, "1", 2)]
    [InlineData(true, "0", 1)]
    public async Task Followed_events_come_as_they_happen_until_an_interrupt(bool json, string count, int lines)
    {
        await using var api = await FakeApi.StartAsync();
        using var interrupt = new CancellationTokenSource();
        var run = new CommandRun();
        var running = run.RunAsync(api, interrupt.Token, json ? ["events", "--follow", "-n", count, "--json"] : ["events", "--follow", "-n", count]);
        await Eventually.BecomesTrueAsync(() => api.Calls.Any(call => call.Target.Contains("after=3", StringComparison.Ordinal)), TimeLimit, () => run.OutSoFar);

        api.Events.Enqueue(Samples.Event(4));
        await Eventually.BecomesTrueAsync(() => run.OutSoFar.Contains("reason 4", StringComparison.Ordinal), TimeLimit, () => run.OutSoFar);
        await interrupt.CancelAsync();
        var outcome = await running.WaitAsync(TimeLimit);

        outcome.ExitCode.ShouldBe(130);
        var shown = outcome.Out.TrimEnd().Split('\n');
        shown.Length.ShouldBe(lines);
        if (json)
        {
            JsonSerializer.Deserialize(shown[^1], ContractJson.Default.EventInfo).ShouldBe(Samples.Event(4));
        }
    }
}
