using Pleiad.Cli.Tests.Fixtures;
using Pleiad.TestKit;
using Shouldly;
using Xunit;

namespace Pleiad.Cli.Tests.Running;

/// <summary>What only a process of its own can show: signals, pipes, exit codes.</summary>
public sealed class ProcessTests
{
    private const int SigTerm = 15;
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(Programs.SigInt)]
    [InlineData(SigTerm)]
    public async Task A_signal_ends_a_watch_with_130(int signal)
    {
        await using var api = await FakeApi.StartAsync();
        using var process = PleiadProcess.Start(api.Address, "machine", "list", "--watch");
        (await process.StandardOutput.ReadLineAsync().WaitAsync(TimeLimit)).ShouldStartWith("ID ");

        (await Programs.EndAsync(process, signal, TimeLimit)).ShouldBeTrue();

        process.ExitCode.ShouldBe(130);
        (await process.StandardError.ReadToEndAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Following_ends_when_its_reader_goes_away()
    {
        await using var api = await FakeApi.StartAsync();
        using var process = PleiadProcess.Start(api.Address, "events", "--follow");
        (await process.StandardOutput.ReadLineAsync().WaitAsync(TimeLimit))!.ShouldContain("reason 1");

        process.StandardOutput.Close();
        api.Events.Enqueue(Samples.Event(4));
        api.Events.Enqueue(Samples.Event(5));

        await process.WaitForExitAsync().WaitAsync(TimeLimit);
        process.ExitCode.ShouldBe(0);
        (await process.StandardError.ReadToEndAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task The_exit_code_reaches_the_shell()
    {
        await using var api = await FakeApi.StartAsync();
        using var process = PleiadProcess.Start(api.Address, "job", "show", "nosuch");

        await process.WaitForExitAsync().WaitAsync(TimeLimit);

        process.ExitCode.ShouldBe(2);
        (await process.StandardOutput.ReadToEndAsync()).ShouldBeEmpty();
        (await process.StandardError.ReadToEndAsync()).ShouldStartWith("pleiad: job: name 'nosuch'");
    }
}
