using System.Text.Json;
using Pleiad.Cli.Tests.Fixtures;
using Pleiad.Client.Contract;
using Shouldly;
using Xunit;

namespace Pleiad.Cli.Tests.Running;

public sealed class JsonTests
{
    [Theory]
    [InlineData("service list", JsonValueKind.Array)]
    [InlineData("service show primes", JsonValueKind.Object)]
    [InlineData("service remove primes --yes", JsonValueKind.Object)]
    [InlineData("job list", JsonValueKind.Array)]
    [InlineData("job list --state cancelled", JsonValueKind.Array)]
    [InlineData("job show test1", JsonValueKind.Object)]
    [InlineData("job result test1", JsonValueKind.Object)]
    [InlineData("job cancel test2", JsonValueKind.Object)]
    [InlineData("job submit --service primes --path /x", JsonValueKind.Object)]
    [InlineData("job submit --service primes --name test1 --path '/primes?n=1000' --wait", JsonValueKind.Object)]
    [InlineData("machine list", JsonValueKind.Array)]
    [InlineData("machine show m-aaaa", JsonValueKind.Object)]
    [InlineData("machine kill m-aaaa", JsonValueKind.Object)]
    [InlineData("machine log m-aaaa", JsonValueKind.Object)]
    [InlineData("events", JsonValueKind.Array)]
    [InlineData("events -n 0", JsonValueKind.Array)]
    [InlineData("settings", JsonValueKind.Array)]
    [InlineData("settings set slots 7", JsonValueKind.Object)]
    public async Task With_JSON_standard_output_is_one_document_and_nothing_else(string line, JsonValueKind kind)
    {
        await using var api = await FakeApi.StartAsync();

        var outcome = await CommandRun.WithAsync(api, [.. ShellWords.Split(line), "--json"]);

        outcome.ExitCode.ShouldBe(0, outcome.Error);
        outcome.Out.ShouldEndWith("\n");
        using var document = JsonDocument.Parse(outcome.Out);
        document.RootElement.ValueKind.ShouldBe(kind);
    }

    [Fact]
    public async Task The_JSON_of_a_thing_is_the_APIs_own()
    {
        await using var api = await FakeApi.StartAsync();

        var outcome = await CommandRun.WithAsync(api, "--json", "job", "show", "test3");

        JsonSerializer.Deserialize(outcome.Out, ContractJson.Default.JobInfo).ShouldBe(Samples.Failed);
        outcome.Out.ShouldBe(
            """
            {
              "id": "01a2011f-6340-79a7-9b4b-103d11b2a699",
              "service": "primes",
              "name": "test3",
              "method": "GET",
              "path": "/primes?n=1000",
              "state": "failed",
              "attempts": 1,
              "machine": "m-aaaaaaaaaa",
              "submitted": "2026-01-02T03:03:55.678+00:00",
              "sent": "2026-01-02T03:03:56.678+00:00",
              "ended": "2026-01-02T03:03:58.678+00:00",
              "waitedMs": 1000,
              "ranMs": 2000,
              "status": 500,
              "result": "oh",
              "error": "the service answered 500"
            }

            """);
    }

    [Fact]
    public async Task With_JSON_a_failure_leaves_standard_output_empty()
    {
        await using var api = await FakeApi.StartAsync();

        var outcome = await CommandRun.WithAsync(api, "service", "show", "nosuch", "--json");

        outcome.ExitCode.ShouldBe(2);
        outcome.Out.ShouldBeEmpty();
        outcome.Error.ShouldBe("pleiad: There is no service 'nosuch'; see the list\n");
    }
}
