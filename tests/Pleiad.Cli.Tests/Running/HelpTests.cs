using System.CommandLine;
using Pleiad.Cli.Running;
using Pleiad.Cli.Tests.Fixtures;
using Shouldly;
using Xunit;

namespace Pleiad.Cli.Tests.Running;

public sealed class HelpTests
{
    /// <summary>Every command of the contract, as a user types it.</summary>
    private static readonly string[] Contract =
    [
        "demo", "up", "doctor", "image build", "image import", "image check", "image list", "image show", "image remove", "service apply", "service list", "service show", "service remove", "job submit",
        "job list", "job show", "job result", "job cancel", "machine list", "machine show", "machine log", "machine kill", "wire analyze", "wire capture", "events", "settings", "settings set",
        "model solve", "model fit", "model import", "predict",
        "load run", "load learn", "load compare", "load agent", "completion",
    ];

    public static TheoryData<string> Commands => [.. AllCommands().Select(command => command.Line)];

    [Fact]
    public void The_commands_are_those_of_the_contract() =>
        AllCommands().Where(command => command.Command is PleiadCommand { Hidden: false }).Select(command => command.Line).ShouldBe(Contract, ignoreOrder: true);

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task The_help_of_a_command_ends_with_examples(string line)
    {
        var outcome = await CommandRun.AloneAsync([.. ShellWords.Split(line), "--help"]);

        outcome.ExitCode.ShouldBe(0);
        outcome.Error.ShouldBeEmpty();
        var last = outcome.Out.TrimEnd().Split('\n');
        last[^1].ShouldStartWith("  pleiad " + line.Split(' ')[0]);
        last.ShouldContain(text => text == "Example:" || text == "Examples:");
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void Every_example_is_a_command_line_that_parses(string line)
    {
        var command = AllCommands().Single(each => each.Line == line).Command;
        var examples = HelpWithExamples.ExamplesOf(command);
        examples.ShouldNotBeEmpty();
        foreach (var example in examples)
        {
            var words = ShellWords.Split(example);
            words[0].ShouldBe("pleiad");
            var given = CommandLine.Parse(Program.Commands(new CommandRun().Terminal), [.. words.Skip(1)]);
            given.Errors.ShouldBeEmpty(example);
            given.CommandResult.Command.ShouldBeAssignableTo<PleiadCommand>(example);
        }
    }

    [Fact]
    public async Task The_help_of_the_program_has_the_exit_codes()
    {
        var outcome = await CommandRun.AloneAsync("--help");

        foreach (var code in Enum.GetValues<ExitCode>())
        {
            outcome.Out.ShouldContain($"\n  {(int)code} ");
        }
    }

    [Fact]
    public async Task The_program_without_arguments_shows_its_help()
    {
        var outcome = await CommandRun.AloneAsync();

        outcome.ExitCode.ShouldBe(0);
        outcome.Out.ShouldBe((await CommandRun.AloneAsync("--help")).Out);
    }

    [Fact]
    public async Task The_version_comes_as_text_and_as_JSON()
    {
        (await CommandRun.AloneAsync("--version")).Out.ShouldBe($"pleiad {ProgramCommand.VersionText}\n");
        (await CommandRun.AloneAsync("--version", "--json")).Out.ShouldBe($$"""{"version":"{{ProgramCommand.VersionText}}"}""" + "\n");
    }

    private static IEnumerable<(string Line, Command Command)> AllCommands() => Below(Program.Commands(new CommandRun().Terminal), "");

    private static IEnumerable<(string Line, Command Command)> Below(Command parent, string line) => parent.Subcommands.SelectMany(command =>
    {
        var own = $"{line} {command.Name}".Trim();
        return Below(command, own).Prepend((own, command));
    });
}
