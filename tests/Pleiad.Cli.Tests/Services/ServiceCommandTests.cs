using Pleiad.Cli.Tests.Fixtures;
using Pleiad.Client.Contract;
using Pleiad.TestKit;
using Shouldly;
using Xunit;

namespace Pleiad.Cli.Tests.Services;

public sealed class ServiceCommandTests
{
    private const string Document = "name: hello\nimage: echo-unikernel\nslots: 3\n";

    [Fact]
    public async Task The_list_has_bounds_work_and_problems()
    {
        await using var api = await FakeApi.StartAsync();

        var outcome = await CommandRun.WithAsync(api, "service", "list");

        outcome.Out.ShouldBe(
            """
            NAME    IMAGE             READY  STARTING  MIN  MAX  SLOTS  IN FLIGHT  WAITING  PROBLEM
            primes  primes-unikernel      2         1    2    8      5          3        9  -
            echo    echo-unikernel        2         1    2    8      5          3        9  the last start failed: QEMU ended

            """);
    }

    [Fact]
    public async Task A_service_is_shown_with_all_that_is_in_force()
    {
        await using var api = await FakeApi.StartAsync();

        var outcome = await CommandRun.WithAsync(api, "service", "show", "echo");

        outcome.Out.ShouldBe(
            """
            name:               echo
            image:              echo-unikernel
            slots:              5 a machine
            machines:           2 ready, 1 starting, 0 draining (from 2 to 8)
            start:              auto, 1 of 2 spares ready
            work:               3 in machines, 4 waiting for a slot, 5 jobs waiting
            idleTimeout:        10m
            addressReservation: 1m
            hangTimeout:        10s
            queue:              at most 1000 requests, each at most 30s
            plan:               3 in work and 4 waiting need 2 machines
            problem:            the last start failed: QEMU ended

            """);
    }

    [Fact]
    public async Task A_change_of_machines_has_a_column_while_there_is_one()
    {
        await using var api = await FakeApi.StartAsync();
        api.Services[0] = Changing(stopped: false);

        var outcome = await CommandRun.WithAsync(api, "service", "list");

        outcome.Out.ShouldBe(
            """
            NAME    IMAGE             READY  STARTING  MIN  MAX  SLOTS  IN FLIGHT  WAITING  CHANGING    PROBLEM
            primes  primes-unikernel      2         1    2    8      5          3        9  2 of 5 new  -
            echo    echo-unikernel        2         1    2    8      5          3        9  -           the last start failed: QEMU ended

            """);
    }

    [Theory]
    [InlineData(false, "changing:           2 of 5 machines are of the new kind (from primes-old to primes-unikernel)\n")]
    [InlineData(true, "changing:           stopped; 2 of 5 machines are of the new kind (from primes-old to primes-unikernel)\n")]
    public async Task A_service_that_is_changed_shows_how_far_it_is(bool stopped, string line)
    {
        await using var api = await FakeApi.StartAsync();
        api.Services[0] = Changing(stopped);

        (await CommandRun.WithAsync(api, "service", "show", "primes")).Out.ShouldContain(line);
        (await CommandRun.WithAsync(api, "service", "show", "primes", "--json")).Out.ShouldContain("\"machinesNew\": 2");
    }

    private static ServiceInfo Changing(bool stopped) =>
        Samples.Primes with { Change = new ServiceChangeInfo("primes-old", "sha256:0", 2, 3, stopped, Samples.Now) };

    [Fact]
    public async Task Apply_says_when_machines_make_way_for_others()
    {
        await using var api = await FakeApi.StartAsync();
        api.Services[0] = Changing(stopped: false);
        var run = new CommandRun { Input = Document.Replace("hello", "primes", StringComparison.Ordinal) };

        (await run.RunAsync(api, default, "service", "apply", "-f", "-")).Out.ShouldBe(
            "service primes changed; its machines are changed for others one by one: 'pleiad service show primes' says how far that is\n");
    }

    [Fact]
    public async Task Apply_sends_the_document_as_it_is()
    {
        await using var api = await FakeApi.StartAsync();
        var run = new CommandRun { Input = Document };

        var added = await run.RunAsync(api, default, "service", "apply", "-f", "-");

        added.Out.ShouldBe("service hello added\n");
        var call = api.Calls.ShouldHaveSingleItem();
        (call.Method, call.Target, call.Body, call.ContentType).ShouldBe(("PUT", "/api/v1/services/hello", Document, "application/yaml; charset=utf-8"));
    }

    [Fact]
    public async Task Applying_again_changes_it()
    {
        await using var api = await FakeApi.StartAsync();
        using var directory = new TempDirectory("cli");
        await File.WriteAllTextAsync(directory.File("service.yaml"), Document.Replace("hello", "primes", StringComparison.Ordinal));

        var changed = await CommandRun.WithAsync(api, "service", "apply", "--file", directory.File("service.yaml"));

        changed.Out.ShouldBe("service primes changed\n");
    }

    [Fact]
    public async Task A_wrong_document_is_refused_with_every_problem_before_any_call()
    {
        await using var api = await FakeApi.StartAsync();
        var run = new CommandRun { Input = "name: Bad Name\nslots: many\nbogus: 1\n" };

        var outcome = await run.RunAsync(api, default, "service", "apply", "-f", "-");

        outcome.ExitCode.ShouldBe(2);
        var lines = outcome.Error.TrimEnd().Split('\n');
        lines.Length.ShouldBe(4);
        lines.ShouldAllBe(line => line.StartsWith("pleiad: stdin: "));
        outcome.Error.ShouldContain("line 2: slots 'many' is no whole number; give a whole number from 1 to 10000");
        api.Calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_file_that_is_not_there_is_named()
    {
        await using var api = await FakeApi.StartAsync();

        var outcome = await CommandRun.WithAsync(api, "service", "apply", "-f", "/nonexistent/service.yaml");

        outcome.ExitCode.ShouldBe(2);
        outcome.Error.ShouldStartWith("pleiad: --file: /nonexistent/service.yaml does not exist; give");
    }

    [Fact]
    public async Task Removal_without_a_person_needs_a_yes()
    {
        await using var api = await FakeApi.StartAsync();

        var refused = await CommandRun.WithAsync(api, "service", "remove", "primes");
        var done = await CommandRun.WithAsync(api, "service", "remove", "primes", "--yes");

        refused.ExitCode.ShouldBe(2);
        refused.Error.ShouldContain("--yes is missing");
        done.Out.ShouldBe("service primes removed\n");
        api.Services.ShouldHaveSingleItem().Name.ShouldBe("echo");
    }

    [Theory]
    [InlineData("y\n", 0, 1)]
    [InlineData("yes\n", 0, 1)]
    [InlineData("n\n", 1, 2)]
    [InlineData("\n", 1, 2)]
    [InlineData("", 1, 2)]
    public async Task A_person_is_asked_before_a_removal(string answer, int exitCode, int services)
    {
        await using var api = await FakeApi.StartAsync();
        var run = new CommandRun { Input = answer, IsTerminal = true };

        var outcome = await run.RunAsync(api, default, "service", "remove", "primes");

        outcome.ExitCode.ShouldBe(exitCode);
        outcome.Error.ShouldStartWith("Remove service primes, end its 3 machines and cancel its 5 waiting jobs? [y/N] ");
        api.Services.Count.ShouldBe(services);
    }
}
