using System.Net;
using Pleiad.Cli.Running;
using Pleiad.Cli.Tests.Fixtures;
using Pleiad.Client;
using Pleiad.Client.Contract;
using Pleiad.Core.Documents;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Images;
using Pleiad.State;
using Pleiad.TestKit;
using Shouldly;
using Xunit;

namespace Pleiad.Cli.Tests.Running;

public sealed class ErrorTests
{
    public static TheoryData<int, int, string> Refusals => new()
    {
        { 400, 2, "invalidInput" },
        { 401, 2, "unauthorized" },
        { 404, 2, "notFound" },
        { 409, 2, "nameTaken" },
        { 409, 1, "noResult" },
        { 429, 1, "busy" },
        { 500, 1, "unexpected" },
        { 503, 1, "stateUnavailable" },
    };

    [Theory]
    [InlineData("job list")]
    [InlineData("service list --json")]
    [InlineData("machine list")]
    [InlineData("machine show m-aaaaaaaaaa")]
    [InlineData("events --follow")]
    [InlineData("settings set slots 6")]
    [InlineData("job submit --service primes --name test1 --path /x --wait")]
    [InlineData("job submit --service primes --path /x")]
    public async Task A_server_that_is_not_there_exits_with_4_and_says_how_to_start_one(string line)
    {
        await using var api = await FakeApi.StartAsync();
        await api.StopAsync();

        var outcome = await CommandRun.WithAsync(api, [.. ShellWords.Split(line)]);

        outcome.ExitCode.ShouldBe((int)ExitCode.Unreachable);
        outcome.Out.ShouldBeEmpty();
        var server = api.Address.GetLeftPart(UriPartial.Authority);
        outcome.Error.ShouldBe($"pleiad: no server answers at {server} (Connection refused); start one with 'pleiad up', or give the address of one that runs with --server or PLEIAD_SERVER\n");
    }

    [Theory]
    [MemberData(nameof(Refusals))]
    public void A_refusal_exits_by_its_status_and_code(int status, int exitCode, string code)
    {
        var run = new CommandRun();
        var refusal = new PleiadApiException((HttpStatusCode)status, new ApiProblem("It is so", status, "do this", code, null));

        ((int)ErrorReport.Write(run.Terminal, refusal)).ShouldBe(exitCode);

        run.ErrorSoFar.ShouldBe("pleiad: It is so; do this\n");
    }

    [Fact]
    public void Each_problem_of_an_input_has_a_line_of_its_own()
    {
        var run = new CommandRun();
        var error = new InvalidInputException("service.yaml", [new("slots", "0", "is too small", "give 1 or more", 3), new("image", null, "is missing", "give a name")]);

        ErrorReport.Write(run.Terminal, error).ShouldBe(ExitCode.WrongInput);

        run.ErrorSoFar.ShouldBe("pleiad: service.yaml: line 3: slots '0' is too small; give 1 or more\npleiad: service.yaml: image is missing; give a name\n");
    }

    [Fact]
    public void Each_problem_that_the_server_found_has_a_line_of_its_own()
    {
        var run = new CommandRun();
        var problem = new ApiProblem("The input cannot be used", 400, "all of it", "invalidInput", [new("slots", "0", "is too small", "give 1 or more", 3), new("image", null, "is missing", "give a name", null)]);

        ErrorReport.Write(run.Terminal, new PleiadApiException(HttpStatusCode.BadRequest, problem)).ShouldBe(ExitCode.WrongInput);

        run.ErrorSoFar.ShouldBe("pleiad: line 3: slots '0' is too small; give 1 or more\npleiad: image is missing; give a name\n");
    }

    [Fact]
    public void What_is_missing_on_this_machine_exits_with_3()
    {
        var run = new CommandRun();
        foreach (var error in (Exception[])
        [
            new MachineHostException(MachineHostFault.QemuMissing, "no QEMU"), new MachineHostException(MachineHostFault.NoAccelerator, "none"),
            new ImageBuildException(ImageBuildFailure.ToolsMissing, "no gcc"), new ImageBuildException(ImageBuildFailure.GuestMissing, "no sources"),
        ])
        {
            ErrorReport.Write(run.Terminal, error).ShouldBe(ExitCode.Missing, error.Message);
        }

        ErrorReport.Write(run.Terminal, new MachineHostException(MachineHostFault.BadOption, "wrong")).ShouldBe(ExitCode.WrongInput);
        ErrorReport.Write(run.Terminal, new ImageBuildException(ImageBuildFailure.CompileFailed, "x.c:1: wrong")).ShouldBe(ExitCode.Failed);
        ErrorReport.Write(run.Terminal, new ImageStoreException(ImageStoreFailure.DiskFull, "full")).ShouldBe(ExitCode.Failed);
        ErrorReport.Write(run.Terminal, new StateException("gone")).ShouldBe(ExitCode.Failed);
    }

    [Fact]
    public void A_defect_has_one_line_and_its_trace_only_for_those_who_ask()
    {
        var quiet = new CommandRun();
        ErrorReport.Write(quiet.Terminal, new InvalidOperationException("two\nlines")).ShouldBe(ExitCode.Failed);
        quiet.ErrorSoFar.ShouldBe("pleiad: unexpected InvalidOperationException: two lines; PLEIAD_DEBUG=1 shows where\n");

        var curious = new CommandRun { Environment = { ["PLEIAD_DEBUG"] = "1" } };
        ErrorReport.Write(curious.Terminal, new InvalidOperationException("two\nlines"));
        curious.ErrorSoFar.ShouldContain("System.InvalidOperationException: two\nlines");
    }

    [Fact]
    public async Task The_token_comes_from_its_file_before_the_environment()
    {
        await using var api = await FakeApi.StartAsync();
        using var directory = new TempDirectory("cli");
        await File.WriteAllTextAsync(directory.File("token"), "from-file\n");
        var run = new CommandRun { Environment = { ["PLEIAD_TOKEN"] = "from-environment" } };

        await run.RunAsync(api, default, "job", "list");
        await run.RunAsync(api, default, "job", "list", "--token-file", directory.File("token"));

        api.Calls.Select(call => call.Authorization).ShouldBe(["Bearer from-environment", "Bearer from-file"]);
    }

    [Fact]
    public async Task A_token_file_that_cannot_be_read_exits_with_2_before_any_call()
    {
        await using var api = await FakeApi.StartAsync();

        var outcome = await CommandRun.WithAsync(api, "job", "list", "--token-file", "/nonexistent/token");

        outcome.ExitCode.ShouldBe(2);
        outcome.Error.ShouldStartWith("pleiad: --token-file: /nonexistent/token cannot be read");
        api.Calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task Something_else_at_the_address_is_named_so()
    {
        await using var api = await FakeApi.StartAsync();

        var outcome = await new CommandRun().RunAsync(null, default, "service", "list", "--server", new Uri(api.Address, "nothing-here/").ToString());

        outcome.ExitCode.ShouldBe(2);
        outcome.Error.ShouldContain("answered 404");
    }
}
