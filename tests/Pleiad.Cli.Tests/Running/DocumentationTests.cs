using Pleiad.Cli.Running;
using Pleiad.Cli.Tests.Fixtures;
using Shouldly;
using Xunit;

namespace Pleiad.Cli.Tests.Running;

/// <summary>docs/cli.md says what the program does.</summary>
public sealed class DocumentationTests
{
    private static readonly string Text = File.ReadAllText(PathOf("docs/cli.md"));

    public static TheoryData<string> Lines => [.. Text.Split('\n').Where(line => line.StartsWith("pleiad ", StringComparison.Ordinal)).Select(line => line.Split('#')[0].Trim())];

    [Theory]
    [MemberData(nameof(Lines))]
    public void Every_command_line_of_the_page_parses(string line)
    {
        var given = CommandLine.Parse(Program.Commands(new CommandRun().Terminal), [.. ShellWords.Split(line).Skip(1)]);

        given.Errors.ShouldBeEmpty();
        given.CommandResult.Command.ShouldBeAssignableTo<PleiadCommand>();
    }

    [Theory]
    [MemberData(nameof(HelpTests.Commands), MemberType = typeof(HelpTests))]
    public void Every_command_is_on_the_page(string line)
    {
        if (line != "complete")
        {
            Text.ShouldContain("pleiad " + line);
        }
    }

    [Fact]
    public void Every_exit_code_is_on_the_page()
    {
        foreach (var code in Enum.GetValues<ExitCode>())
        {
            Text.ShouldContain($"\n| {(int)code} | ");
        }
    }

    private static string PathOf(string file)
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Pleiad.slnx")))
            {
                return Path.Combine(directory.FullName, file);
            }
        }

        throw new FileNotFoundException("The tests run in a checkout, whose root has Pleiad.slnx.", file);
    }
}
