using System.Diagnostics;
using Pleiad.Cli.Tests.Fixtures;
using Pleiad.TestKit;
using Shouldly;
using Xunit;

namespace Pleiad.Cli.Tests.Load;

/// <summary>What only a process of its own can show.</summary>
public sealed class LoadProcessTests
{
    /// <summary>Users who keep their connections while they think, more of them than the process may open files: the run is refused, and its results are there.</summary>
    [Theory]
    [InlineData("own")]
    [InlineData("system")]
    public async Task A_run_without_files_left_is_refused_with_its_results(string client)
    {
        await using var site = await LoadCommandTests.SiteAsync();
        using var directory = new TempDirectory("load");
        await File.WriteAllTextAsync(directory.File("many.yaml"), "name: many\npages: { a: { url: / } }\ntransitions: { a: { a: { probability: 0.99, think: { deterministic: 1h } } } }\nload: { rate: 400, duration: 2s }\n");
        var start = new ProcessStartInfo("sh", ["-c", $"ulimit -n 400; exec {PleiadProcess.Path} load run many.yaml --target {site.Urls.First()} --client {client} --out result.json"])
        {
            WorkingDirectory = directory.Path,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        using var process = Process.Start(start)!;
        var (shown, said) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(90));

        process.ExitCode.ShouldBe(6, await said);
        (await shown).ShouldContain("requests found no port or file for a connection on this machine");
        File.ReadAllText(directory.File("result.json")).ShouldContain("\"sockets\"");
    }
}
