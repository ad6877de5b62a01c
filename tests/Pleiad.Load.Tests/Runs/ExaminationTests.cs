using Pleiad.Load.Running;
using Pleiad.Load.Results;
using Pleiad.Load.Scenarios;
using Pleiad.Sample.Examination;
using Shouldly;
using Xunit;

namespace Pleiad.Load.Tests.Runs;

public sealed class ExaminationTests
{
    [Fact]
    public async Task The_examination_runs_against_its_site()
    {
        await using var site = ExaminationSite.Build(["--urls", "http://127.0.0.1:0"]);
        await site.StartAsync();
        var directory = Path.Combine(Root(), "samples", "examination");
        var scenario = ScenarioDocument.Read(await File.ReadAllTextAsync(Path.Combine(directory, "examination.yaml")), "examination.yaml", name => File.ReadAllText(Path.Combine(directory, name)));
        var options = new LoadOptions { Target = new Uri(site.Urls.First()), Seed = 3, ThinkScale = 0.001, Grace = TimeSpan.FromSeconds(20) };

        await using var run = await LoadRun.StartAsync(scenario, scenario.Load.WithLevel(LoadKind.Open, 60, TimeSpan.FromSeconds(3)), options, null, TimeProvider.System, CancellationToken.None);
        var result = await run.ResultAsync(new ConclusionOptions { WarmUp = TimeSpan.Zero }).WaitAsync(TimeSpan.FromSeconds(60));

        result.Total.Failed.ShouldBe(0, string.Join(", ", result.Pages.SelectMany(page => page.Failures.Select(failure => $"{page.Page}: {failure.Value} {failure.Key}"))));
        result.Pages.ShouldAllBe(page => page.Requests > 0);
        result.Pages.Single(page => page.Page == "finish").Requests.ShouldBeGreaterThan(50);
    }

    private static string Root()
    {
        var directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "Pleiad.slnx")))
        {
            directory = Path.GetDirectoryName(directory) ?? throw new DirectoryNotFoundException("The tests are not below the repository.");
        }

        return directory;
    }
}
