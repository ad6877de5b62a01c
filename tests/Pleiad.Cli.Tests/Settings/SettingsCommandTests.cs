using Pleiad.Cli.Tests.Fixtures;
using Shouldly;
using Xunit;

namespace Pleiad.Cli.Tests.Settings;

public sealed class SettingsCommandTests
{
    [Fact]
    public async Task The_settings_are_shown_with_both_names_and_their_range()
    {
        await using var api = await FakeApi.StartAsync();

        var outcome = await CommandRun.WithAsync(api, "settings");

        outcome.Out.ShouldBe(
            """
            SETTING     IN YAML  VALUE  UNIT      DEFAULT  FROM     TO  MEANING
            free_count  slots        5  requests        5     1  10000  requests at once per machine

            """);
    }

    [Theory]
    [InlineData("last_connect_ms", "5m", "last_connect_ms (idleTimeout) is 300000 ms\n")]
    [InlineData("idleTimeout", "300000", "last_connect_ms (idleTimeout) is 300000 ms\n")]
    [InlineData("slots", "7", "free_count (slots) is 7 requests\n")]
    [InlineData("min_vm_count", "1", "min_vm_count (machinesMin) is 1 machine\n")]
    [InlineData("queue.deadline", "1.5s", "queue_deadline_ms (queue.deadline) is 1500 ms\n")]
    public async Task A_setting_is_known_by_both_names(string name, string value, string said)
    {
        await using var api = await FakeApi.StartAsync();

        var outcome = await CommandRun.WithAsync(api, "settings", "set", name, value);

        outcome.ExitCode.ShouldBe(0);
        outcome.Out.ShouldBe(said);
    }

    [Theory]
    [InlineData("bogus", "1", "pleiad: settings: bogus is no setting; known: free_count")]
    [InlineData("slots", "0", "pleiad: settings: free_count '0' is out of range; give a whole number of requests from 1 to 10000")]
    [InlineData("idleTimeout", "5x", "pleiad: settings: last_connect_ms '5x' is no length of time; give a whole number of ms from 100 to 864000000, or a time with its unit such as 30s or 5m")]
    [InlineData("slots", "5m", "pleiad: settings: free_count '5m' is no whole number; give a whole number of requests from 1 to 10000")]
    public async Task A_wrong_setting_exits_with_2_before_any_call(string name, string value, string error)
    {
        await using var api = await FakeApi.StartAsync();

        var outcome = await CommandRun.WithAsync(api, "settings", "set", name, value);

        outcome.ExitCode.ShouldBe(2);
        outcome.Error.ShouldStartWith(error);
        api.Calls.ShouldBeEmpty();
    }
}
