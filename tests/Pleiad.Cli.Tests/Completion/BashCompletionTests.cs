using System.Diagnostics;
using Pleiad.Cli.Tests.Fixtures;
using Shouldly;
using Xunit;

namespace Pleiad.Cli.Tests.Completion;

/// <summary>The script in a real bash, which calls the real program.</summary>
public sealed class BashCompletionTests
{
    [Theory]
    [InlineData("pleiad ", "completion demo doctor events image job load machine model predict service settings up wire")]
    [InlineData("pleiad jo", "job")]
    [InlineData("pleiad job ", "cancel list result show submit")]
    [InlineData("pleiad job submit --ser", "--server --service")]
    [InlineData("pleiad job submit --service ", "echo primes")]
    [InlineData("pleiad job submit --service p", "primes")]
    [InlineData("pleiad job list --state ", "cancelled done failed running waiting")]
    [InlineData("pleiad job show ", "test1 test2 test3")]
    [InlineData("pleiad service show ", "echo primes")]
    [InlineData("pleiad machine log m-aa", "m-aaaaaaaaaa m-aabbbbbbbb")]
    [InlineData("pleiad image show ", "primes-unikernel")]
    [InlineData("pleiad settings set idle", "idleTimeout")]
    [InlineData("pleiad events --kind machineSt", "machineStartFailed machineStarting machineStopped")]
    [InlineData("pleiad completion ", "bash")]
    [InlineData("pleiad nosuch ", "")]
    public async Task Bash_completes(string line, string expected)
    {
        await using var api = await FakeApi.StartAsync();

        (await CompleteAsync(line, api.Address)).ShouldBe(expected.Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task Without_a_server_values_are_silently_left_out()
    {
        await using var api = await FakeApi.StartAsync();
        await api.StopAsync();

        (await CompleteAsync("pleiad service show ", api.Address)).ShouldBeEmpty();
        (await CompleteAsync("pleiad service ", api.Address)).ShouldBe(["apply", "list", "remove", "show"]);
    }

    [Fact]
    public async Task A_server_that_does_not_answer_holds_nobody_up()
    {
        using var silent = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        silent.Start();

        (await CompleteAsync("pleiad service show ", new Uri($"http://{silent.LocalEndpoint}"), limitForServer: "700ms")).ShouldBeEmpty();
    }

    /// <summary>Sources the script and asks it as readline does.</summary>
    private static async Task<string[]> CompleteAsync(string line, Uri server, string limitForServer = "30s")
    {
        const string Script =
            """
            source <("$1" completion bash)
            COMP_LINE=$2 COMP_POINT=${#2}
            read -ra COMP_WORDS <<< "$2"
            [[ $2 == *' ' ]] && COMP_WORDS+=('')
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_WORDS[0]=$1
            complete -p pleiad >/dev/null || exit 9
            _pleiad
            printf '%s\n' "${COMPREPLY[@]}"
            """;
        var start = new ProcessStartInfo("bash", ["-c", Script, "bash", PleiadProcess.Path, line]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PLEIAD_SERVER"] = server.ToString();
        start.Environment["PLEIAD_COMPLETION_LIMIT"] = limitForServer;
        using var bash = Process.Start(start)!;
        var output = bash.StandardOutput.ReadToEndAsync();
        var errors = bash.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await bash.WaitForExitAsync(limit.Token);
        (await errors).ShouldBeEmpty();
        bash.ExitCode.ShouldBe(0);
        return [.. (await output).Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }
}
