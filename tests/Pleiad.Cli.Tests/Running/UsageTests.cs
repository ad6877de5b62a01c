using Pleiad.Cli.Running;
using Pleiad.Cli.Tests.Fixtures;
using Shouldly;
using Xunit;

namespace Pleiad.Cli.Tests.Running;

public sealed class UsageTests
{
    [Theory]
    [InlineData("jb list", "pleiad: Unrecognized command or argument 'jb'. Did you mean 'job'?")]
    [InlineData("job submit --servce primes", "pleiad job submit: Unrecognized command or argument '--servce'. Did you mean '--service'?")]
    [InlineData("job list --bogus", "pleiad job list: Unrecognized command or argument '--bogus'.")]
    [InlineData("job submit --service primes", "pleiad job submit: Option '--path' is required.")]
    [InlineData("job submit --service primes --path primes", "pleiad job submit: --path 'primes' is not possible; begin with '/', for example '/primes?n=1000'")]
    [InlineData("job list --state asleep", "pleiad job list: --state 'asleep' is not possible; give one of waiting, running, done, failed, cancelled")]
    [InlineData("events -n -1", "pleiad events: --count '-1' is not possible; give a whole number from 0 to 1000")]
    [InlineData("demo --jobs many", "pleiad demo: --jobs 'many' is not possible; give a whole number from 1 to 64")]
    [InlineData("demo --jobs 65", "pleiad demo: --jobs '65' is not possible; give a whole number from 1 to 64")]
    [InlineData("up --network wifi", "pleiad up: --network 'wifi' is not possible; give one of namespace, user")]
    [InlineData("image build x.c --memory much", "pleiad image build: --memory 'much' is not possible; give a whole number followed by KiB, MiB or GiB, for example 4MiB")]
    [InlineData("job", "pleiad job: Required command was not provided.")]
    [InlineData("machine show", "pleiad machine show: Required argument 'MACHINE' missing for command: 'show'.")]
    public async Task Wrong_usage_is_named_and_exits_with_2(string line, string message)
    {
        var outcome = await CommandRun.AloneAsync([.. ShellWords.Split(line)]);

        outcome.ExitCode.ShouldBe((int)ExitCode.WrongInput);
        outcome.Out.ShouldBeEmpty();
        var lines = outcome.Error.TrimEnd().Split('\n');
        lines[0].ShouldBe(message);
        lines[^1].ShouldEndWith(" --help'");
    }

    [Fact]
    public async Task An_argument_that_begins_with_an_at_sign_is_no_response_file()
    {
        await using var api = await FakeApi.StartAsync();

        var outcome = await CommandRun.WithAsync(api, "service", "show", "@nosuch");

        outcome.Error.ShouldContain("There is no service '@nosuch'");
    }

    [Theory]
    [InlineData("127.0.0.1:7070")]
    [InlineData("ftp://127.0.0.1")]
    [InlineData("nonsense")]
    public async Task An_address_that_is_none_of_a_server_exits_with_2(string address)
    {
        var outcome = await CommandRun.AloneAsync("job", "list", "--server", address);

        outcome.ExitCode.ShouldBe(2);
        outcome.Error.ShouldBe($"pleiad: --server: address '{address}' is no address of a server; give one such as http://127.0.0.1:7070\n");
    }

    [Theory]
    [InlineData("job", "jbo", 1)]
    [InlineData("service", "servce", 1)]
    [InlineData("a", "", 1)]
    [InlineData("machine", "machine", 0)]
    [InlineData("events", "job", 6)]
    public void Spelling_distance_counts_changes(string left, string right, int distance) => Spelling.Distance(left, right).ShouldBe(distance);
}
