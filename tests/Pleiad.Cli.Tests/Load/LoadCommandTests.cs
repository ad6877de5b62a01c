using System.IO.Compression;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Pleiad.Cli.Tests.Fixtures;
using Pleiad.TestKit;
using Shouldly;
using Xunit;

namespace Pleiad.Cli.Tests.Load;

public sealed class LoadCommandTests
{
    [Fact]
    public async Task A_run_writes_json_report_and_result_and_its_exit_code_says_whether_thresholds_were_kept()
    {
        await using var site = await SiteAsync();
        using var directory = new TempDirectory("load");
        string[] run = ["load", "run", "/", "--target", site.Urls.First(), "--rate", "50", "--duration", "1s", "--warmup", "0s", "--even-if-saturated"];

        var kept = await CommandRun.AloneAsync([.. run, "--json", "--threshold", "errors<1%", "--html", directory.File("r.html"), "--out", directory.File("a.json"), "--csv", directory.File("all.csv")]);
        kept.ExitCode.ShouldBe(0, kept.Error);
        var total = JsonDocument.Parse(kept.Out).RootElement.GetProperty("total").GetProperty("requests").GetInt32();
        total.ShouldBeGreaterThan(15);
        File.ReadLines(directory.File("all.csv")).Count().ShouldBe(total + 1);
        File.ReadAllText(directory.File("r.html")).ShouldContain("</html>");

        var missed = await CommandRun.AloneAsync([.. run, "--threshold", "requests>100000/s"]);
        missed.ExitCode.ShouldBe(5);
        missed.Out.ShouldContain("MISSED: requests>100000/s");
        missed.Out.ShouldContain("all ");

        var compared = await CommandRun.AloneAsync("load", "compare", directory.File("a.json"), directory.File("a.json"), "--fail-if-worse");
        compared.ExitCode.ShouldBe(0);
        compared.Out.ShouldContain("too short to tell");
    }

    [Fact]
    public async Task Wrong_input_is_refused_with_every_problem()
    {
        using var directory = new TempDirectory("load");
        await File.WriteAllTextAsync(directory.File("bad.yaml"), "name: x\npages: { a: { url: a } }\nsurprise: 1\n");

        var outcome = await CommandRun.AloneAsync("load", "run", directory.File("bad.yaml"), "--target", "http://127.0.0.1:1");
        outcome.ExitCode.ShouldBe(2);
        outcome.Error.ShouldContain("line 2: pages.a.url");
        outcome.Error.ShouldContain("line 3: surprise");
        (await CommandRun.AloneAsync("load", "run", "/", "--target", "http://127.0.0.1:1", "--threshold", "fast")).ExitCode.ShouldBe(2);
        (await CommandRun.AloneAsync("load", "run", "/", "--target", "http://127.0.0.1:1", "--rate", "1", "--users", "1")).ExitCode.ShouldBe(2);
        foreach (var (option, value, said) in new[]
        {
            ("--threshold", "ghost.p95<1s", "names a page that is not there; give one of page"), ("--until", "p95", "is no rule"), ("--csv", "/nonexistent/all.csv", "cannot be written"),
            ("--html", "/nonexistent/r.html", "cannot be written"), ("--out", "/", "cannot be written"), ("--control", "http://0.0.0.0:1", "--control: address 'http://0.0.0.0:1/' is open to others"),
        })
        {
            var refused = await CommandRun.AloneAsync("load", "run", "/", "--target", "http://127.0.0.1:1", option, value);
            refused.ExitCode.ShouldBe(2, option);
            refused.Error.ShouldContain(said);
        }

        (await CommandRun.AloneAsync("load", "run", "/", "--target", "http://127.0.0.1:1/?x=1")).ExitCode.ShouldBe(2);
        await File.WriteAllTextAsync(directory.File("steps.yaml"), "name: x\npages: { a: { url: / } }\ntransitions: { a: {} }\nload: { steps: [{ for: 1s, rate: 1 }, { for: 1s, rate: 2 }] }\nthresholds: [\"b.p95<1s\"]\n");
        (await CommandRun.AloneAsync("load", "run", directory.File("steps.yaml"), "--target", "http://127.0.0.1:1")).Error.ShouldContain("thresholds 'b.p95<1s' names a page that is not there");
        await File.WriteAllTextAsync(directory.File("steps.yaml"), (await File.ReadAllTextAsync(directory.File("steps.yaml"))).Replace("b.p95", "a.p95", StringComparison.Ordinal));
        (await CommandRun.AloneAsync("load", "run", directory.File("steps.yaml"), "--target", "http://127.0.0.1:1", "--until", "p95±5%")).Error.ShouldContain("of a load that changes by steps");
        (await CommandRun.AloneAsync("load", "learn", directory.File("steps.yaml"))).Error.ShouldContain("line 1: request 'name: x' is not of the format");
        (await CommandRun.AloneAsync("load", "compare", directory.File("bad.yaml"), directory.File("none"))).ExitCode.ShouldBe(2);
    }

    [Fact]
    public async Task A_run_in_which_nothing_succeeded_has_failed()
    {
        var outcome = await CommandRun.AloneAsync("load", "run", "/", "--target", "http://127.0.0.1:1", "--rate", "20", "--duration", "1s", "--even-if-saturated");
        outcome.ExitCode.ShouldBe(1, outcome.Error);
        outcome.Out.ShouldContain("MARKED: no request succeeded");
        outcome.Out.ShouldContain(" connect");
    }

    [Fact]
    public async Task A_log_becomes_a_scenario_on_stdout()
    {
        using var directory = new TempDirectory("load");
        await File.WriteAllLinesAsync(directory.File("access.log"), Enumerable.Range(0, 60).Select(i => $"10.0.0.{i} - - [10/Oct/2025:13:{i:00}:36 +0000] \"GET / HTTP/1.1\" 200 10"));

        var outcome = await CommandRun.AloneAsync("load", "learn", directory.File("access.log"));
        outcome.ExitCode.ShouldBe(0, outcome.Error);
        outcome.Out.ShouldContain("name: \"access\"");
        outcome.Error.ShouldContain("60 sessions of 1 pages");
        (await CommandRun.AloneAsync("load", "learn", directory.File("none.log"))).ExitCode.ShouldBe(2);

        // As logs of former days lie there.
        await using (var packed = new GZipStream(File.Create(directory.File("access.log.1.gz")), CompressionLevel.Fastest))
        {
            await packed.WriteAsync(await File.ReadAllBytesAsync(directory.File("access.log")));
        }

        var unpacked = await CommandRun.AloneAsync("load", "learn", directory.File("access.log.1.gz"), "--name", "access");
        (unpacked.ExitCode, unpacked.Out).ShouldBe((0, outcome.Out), unpacked.Error);
    }

    internal static async Task<WebApplication> SiteAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var site = builder.Build();
        site.Run(context => context.Response.WriteAsync("ok"));
        await site.StartAsync();
        return site;
    }
}
