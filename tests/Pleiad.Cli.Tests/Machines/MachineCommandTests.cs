using System.Text;
using Pleiad.Cli.Machines;
using Pleiad.Cli.Tests.Fixtures;
using Pleiad.TestKit;
using Shouldly;
using Xunit;

namespace Pleiad.Cli.Tests.Machines;

public sealed class MachineCommandTests
{
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task The_list_shows_address_slots_usage_and_why()
    {
        await using var api = await FakeApi.StartAsync();

        var outcome = await CommandRun.WithAsync(api, "machine", "list");

        outcome.Out.ShouldBe(
            """
            ID            SERVICE  STATE     ADDRESS         IN USE  SLOTS   CPU  HOST RAM  STARTED IN     CONTACT  WHY
            m-aaaaaaaaaa  primes   ready     10.77.0.2:8080       3      5  73 %  38.0 MiB  91 ms cold  120 ms ago  1 in work and 3 waiting need 4 machines
            m-aabbbbbbbb  primes   starting  10.77.0.3:8080       5      5   0 %  38.0 MiB           -           -  1 in work and 3 waiting need 4 machines

            """);
    }

    [Theory]
    [InlineData("m-aaaaaaaaaa")]
    [InlineData("m-aaaa")]
    [InlineData("aaa")]
    public async Task A_machine_is_known_by_the_beginning_of_its_id(string given)
    {
        await using var api = await FakeApi.StartAsync();

        var outcome = await CommandRun.WithAsync(api, "machine", "show", given);

        outcome.ExitCode.ShouldBe(0);
        outcome.Out.ShouldBe(
            $"""
            id:             m-aaaaaaaaaa
            service:        primes
            image:          {Samples.Image.Digest}
            state:          ready
            address:        10.77.0.2:8080
            slots:          3 of 5 in use
            started:        2026-01-02 03:03:05.678 +00:00
            started in:     91 ms (cold)
            not quicker:    its template is being made
            why:            1 in work and 3 waiting need 4 machines
            last contact:   2026-01-02 03:04:05.558 +00:00
            CPU:            73 % of a host CPU
            RAM:            38.0 MiB on the host
            guest CPU:      50 %
            guest RAM:      1.1 MiB of 4.0 MiB
            guest requests: 12
            process:        4711

            """);
    }

    [Theory]
    [InlineData("m-aa", "pleiad: machine: id 'm-aa' is the beginning of m-aaaaaaaaaa, m-aabbbbbbbb; give more of it\n")]
    [InlineData("m-z", "pleiad: machine: id 'm-z' is the beginning of no machine that runs; see 'pleiad machine list'; for the log of one that ended give its full id\n")]
    public async Task A_beginning_that_fits_none_or_several_exits_with_2_and_ends_nothing(string given, string error)
    {
        await using var api = await FakeApi.StartAsync();

        var outcome = await CommandRun.WithAsync(api, "machine", "kill", given);

        outcome.ExitCode.ShouldBe(2);
        outcome.Error.ShouldBe(error);
        api.Calls.ShouldNotContain(call => call.Method == "DELETE");
    }

    [Fact]
    public async Task Kill_ends_that_machine()
    {
        await using var api = await FakeApi.StartAsync();

        var outcome = await CommandRun.WithAsync(api, "machine", "kill", "aab");

        outcome.Out.ShouldBe("machine m-aabbbbbbbb of service primes is being ended\n");
        api.Calls.ShouldContain(call => call.Method == "DELETE" && call.Target == "/api/v1/machines/m-aabbbbbbbb");
    }

    [Fact]
    public async Task The_log_of_a_machine_that_is_gone_is_had_by_its_full_id()
    {
        await using var api = await FakeApi.StartAsync();
        api.Machines = [];

        var outcome = await CommandRun.WithAsync(api, "machine", "log", "m-0123456789");

        outcome.Out.ShouldBe("pleiad: ready\n");
    }

    [Fact]
    public async Task A_followed_log_shows_what_is_added_once_and_ends_with_the_machine()
    {
        await using var api = await FakeApi.StartAsync();
        var run = new CommandRun();
        var running = run.RunAsync(api, default, "machine", "log", "m-aaaa", "--follow");
        await Eventually.BecomesTrueAsync(() => run.OutSoFar == "pleiad: ready\n", TimeLimit, () => run.OutSoFar);

        api.Log += "pleiad: working\n";
        await Eventually.BecomesTrueAsync(() => run.OutSoFar.Contains("working", StringComparison.Ordinal), TimeLimit, () => run.OutSoFar);
        api.Log += "pleiad: last words\n";
        api.Machines = [Samples.Machine with { State = "gone" }];
        var outcome = await running.WaitAsync(TimeLimit);

        outcome.ExitCode.ShouldBe(0);
        outcome.Out.ShouldBe("pleiad: ready\npleiad: working\npleiad: last words\n");
    }

    [Fact]
    public void A_log_whose_oldest_part_was_dropped_goes_on_where_it_was()
    {
        var tail = new LogTail();
        Added("one\ntwo\nthree\n").ShouldBe("one\ntwo\nthree\n");
        Added("one\ntwo\nthree\nfour\n").ShouldBe("four\n");
        Added("one\ntwo\nthree\nfour\n").ShouldBe("");

        // What was seen is shorter than what is remembered of it, so a log that lost its beginning shows what it has.
        Added("four\nfive\n").ShouldBe("four\nfive\n");

        var longLine = new string('x', 600) + "\n";
        Added(longLine + "a\n").ShouldBe(longLine + "a\n");
        Added(longLine[50..] + "a\nb\n").ShouldBe("b\n");

        string Added(string log) => Encoding.UTF8.GetString(tail.Added(Encoding.UTF8.GetBytes(log)).Span);
    }
}
