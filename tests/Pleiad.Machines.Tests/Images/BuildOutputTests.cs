using Pleiad.Machines.Images;
using Pleiad.Machines.Processes;
using Shouldly;
using Xunit;

namespace Pleiad.Machines.Tests.Images;

public sealed class BuildOutputTests
{
    [Fact]
    public void Errors_of_compiler_and_linker_are_found_with_file_and_line()
    {
        var problems = CompilerOutput.Problems("""
              CC  mine.service.o
            /src/mine.c: In function 'handle':
            /src/mine.c:12:5: error: 'x' undeclared (first use in this function)
            /src/mine.c:12:5: note: each undeclared identifier is reported only once
            /src/mine.c:14:9: warning: unused variable 'y' [-Wunused-variable]
            /src/mine.c:15:9: error: unused variable 'z' [-Werror=unused-variable]
            /src/mine.c:3:10: fatal error: none.h: No such file or directory
            /usr/bin/ld: mine.o: in function `handle': /src/mine.c:20: undefined reference to `missing'
            /src/mine.c:21: undefined reference to `other'
            make: *** [Makefile:50: mine.o] Error 1
            """.Split('\n'));

        problems.ShouldBe([
            new CompilerProblem("/src/mine.c", 12, 5, "'x' undeclared (first use in this function)"),
            new CompilerProblem("/src/mine.c", 15, 9, "unused variable 'z' [-Werror=unused-variable]"),
            new CompilerProblem("/src/mine.c", 3, 10, "none.h: No such file or directory"),
            new CompilerProblem("/src/mine.c", 20, null, "undefined reference to `missing'"),
            new CompilerProblem("/src/mine.c", 21, null, "undefined reference to `other'"),
        ]);
        problems[0].ToString().ShouldBe("/src/mine.c:12:5: 'x' undeclared (first use in this function)");
    }

    [Fact]
    public void Output_of_any_form_is_read_without_an_error()
    {
        var random = new Random(4);
        string[] parts = [":", ": ", "error: ", "a.c", "99999999999999", "1", " ", "undefined reference to ", "\u2028", "(", "fatal "];
        for (var round = 0; round < 5_000; round++)
        {
            CompilerOutput.Problems([string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => parts[random.Next(parts.Length)]))]).Count.ShouldBeLessThan(2);
        }
    }

    [Fact]
    public void Missing_tools_are_named_with_the_command_that_installs_them()
    {
        using var directory = new TemporaryDirectory();
        foreach (var tool in (string[])["gcc", "sh", "sha256sum", "apt-get", "flock"])
        {
            directory.Write(tool, "");
        }

        var error = Should.Throw<ImageBuildException>(() => Toolchain.Require(fetch: true, directory.Path));

        error.Failure.ShouldBe(ImageBuildFailure.ToolsMissing);
        error.Message.ShouldContain("needs make, ld, strip, dpkg-source, not found");
        error.Message.ShouldContain("apt-get install -y --no-install-recommends make binutils dpkg-dev");
        Should.Throw<ImageBuildException>(() => Toolchain.Require(fetch: false, directory.Path)).Message.ShouldNotContain("dpkg");
        Should.Throw<ImageBuildException>(() => Toolchain.Require(fetch: false, null)).Message.ShouldContain("gcc, make, ld");
    }

    [Fact]
    public async Task A_tool_that_takes_too_long_is_ended() =>
        (await Should.ThrowAsync<TimeoutException>(() => ToolProcess.RunAsync("sleep", ["600"], "/", TimeSpan.FromMilliseconds(10), TimeProvider.System, CancellationToken.None)))
            .Message.ShouldBe("sleep did not end within 0.01 s and was ended");

    [Fact]
    public async Task A_tool_that_is_cancelled_is_ended_with_its_children()
    {
        using var directory = new TemporaryDirectory();
        var lives = Path.Combine(directory.Path, "lives");

        using var stop = new CancellationTokenSource();

        var run = ToolProcess.RunAsync(
            "sh", ["-c", $"sh -c 'echo $$ > {lives}.tmp && mv {lives}.tmp {lives} && exec sleep 600' & wait"], directory.Path, TimeSpan.FromSeconds(600), TimeProvider.System, stop.Token);
        SpinWait.SpinUntil(() => File.Exists(lives), TimeSpan.FromSeconds(60)).ShouldBeTrue();
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(run);

        var child = int.Parse(File.ReadAllText(lives));
        SpinWait.SpinUntil(() => StateOf(child) is "gone" or "Z", TimeSpan.FromSeconds(20)).ShouldBeTrue($"process {child} is in state {StateOf(child)}");
    }

    private static string StateOf(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/stat").Split(' ')[2];
        }
        catch (Exception error) when (error is IOException)
        {
            return "gone";
        }
    }

    [Fact]
    public async Task A_tool_has_its_temporary_files_where_it_works()
    {
        using var directory = new TemporaryDirectory();

        var result = await ToolProcess.RunAsync("mktemp", [], Path.GetRelativePath(".", directory.Path), TimeSpan.FromSeconds(60), TimeProvider.System, CancellationToken.None);

        result.Lines.ShouldHaveSingleItem().ShouldBe(Directory.GetFiles(directory.Path).ShouldHaveSingleItem());
    }

    [Fact]
    public async Task The_last_lines_of_a_long_output_are_kept()
    {
        var result = await ToolProcess.RunAsync("sh", ["-c", "seq 1 100000; exit 3"], "/", TimeSpan.FromSeconds(60), TimeProvider.System, CancellationToken.None);

        result.ExitCode.ShouldBe(3);
        result.Lines.Count.ShouldBe(2_000);
        result.Lines[^1].ShouldBe("100000");
    }
}
