using System.Text.RegularExpressions;
using Pleiad.Cli.Output;
using Pleiad.Cli.Tests.Fixtures;
using Shouldly;
using Xunit;

namespace Pleiad.Cli.Tests.Output;

public sealed class OutputTests
{
    [Theory]
    [InlineData(0.4, "0 ms")]
    [InlineData(999, "999 ms")]
    [InlineData(1_500, "1.5 s")]
    [InlineData(180_000, "3 min")]
    [InlineData(9_000_000, "2.5 h")]
    [InlineData(432_000_000, "5 d")]
    public void Times_are_short(double ms, string text) => Figures.Milliseconds(ms).ShouldBe(text);

    [Theory]
    [InlineData(12, "12 B")]
    [InlineData(57_896, "56.5 KiB")]
    [InlineData(4 << 20, "4.0 MiB")]
    [InlineData(3L << 30, "3.0 GiB")]
    public void Sizes_are_in_binary_units(long bytes, string text) => Figures.Bytes(bytes).ShouldBe(text);

    [Fact]
    public void Cells_hold_no_commands_for_the_terminal()
    {
        var table = new TextTable(new Column("Name"));
        table.Add("a\tb\nc\e[31m");

        table.ToPlain().ShouldBe("NAME\na b c [31m\n");
    }

    [Fact]
    public async Task A_terminal_gets_a_drawn_table_with_colours()
    {
        await using var api = await FakeApi.StartAsync();
        var outcome = await new CommandRun { IsTerminal = true, Environment = { ["TERM"] = "xterm-256color" } }.RunAsync(api, default, "service", "list");

        outcome.Out.ShouldContain("╭");
        outcome.Out.ShouldContain("\e[");
        outcome.Out.ShouldContain("primes");
    }

    [Theory]
    [InlineData(40, "machine", "m-aabbbbbbbb")]
    [InlineData(80, "machine", "m-aabbbbbbbb")]
    [InlineData(100, "machine", "m-aabbbbbbbb")]
    [InlineData(40, "job", "test1")]
    [InlineData(80, "job", "test1")]
    [InlineData(100, "job", "test1")]
    [InlineData(40, "service", "primes")]
    [InlineData(80, "service", "primes")]
    public async Task A_terminal_however_narrow_shows_what_there_is(int width, string noun, string there)
    {
        await using var api = await FakeApi.StartAsync();
        var outcome = await new CommandRun { IsTerminal = true, Width = width, Environment = { ["NO_COLOR"] = "1" } }.RunAsync(api, default, noun, "list");

        outcome.Out.ShouldContain(there);
        Regex.Replace(outcome.Out, "\e\\[[0-9;]*m", "").Split('\n').ShouldAllBe(line => line.Length <= width);
    }

    [Fact]
    public async Task NO_COLOR_is_respected()
    {
        await using var api = await FakeApi.StartAsync();
        var outcome = await new CommandRun { IsTerminal = true, Environment = { ["NO_COLOR"] = "1" } }.RunAsync(api, default, "machine", "list");

        outcome.Out.ShouldContain("╭");
        outcome.Out.ShouldNotContain("\e[3");
        outcome.Out.ShouldNotContain("\e[38");
    }

    [Fact]
    public async Task A_terminal_that_watches_is_redrawn_until_an_interrupt()
    {
        await using var api = await FakeApi.StartAsync();
        using var interrupt = new CancellationTokenSource();
        var run = new CommandRun { IsTerminal = true };
        var running = run.RunAsync(api, interrupt.Token, "machine", "list", "--watch");
        await TestKit.Eventually.BecomesTrueAsync(() => run.OutSoFar.Contains("m-aabbbbbbbb", StringComparison.Ordinal), TimeSpan.FromSeconds(20), () => run.OutSoFar);

        await interrupt.CancelAsync();

        (await running.WaitAsync(TimeSpan.FromSeconds(20))).ExitCode.ShouldBe(130);
    }
}
