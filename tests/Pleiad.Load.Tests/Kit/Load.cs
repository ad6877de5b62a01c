using Pleiad.Load.Results;
using Pleiad.Load.Running;
using Pleiad.Load.Scenarios;

namespace Pleiad.Load.Tests.Kit;

/// <summary>Short ways to read and run scenarios.</summary>
internal static class Load
{
    public static Scenario Read(string yaml) => ScenarioDocument.Read(yaml, "test.yaml", name => throw new FileNotFoundException(name));

    public static LoadOptions Options(KnownServer server) => new() { Target = server.Url, Seed = 7, Grace = TimeSpan.FromSeconds(20) };

    public static async Task<RunRecord> RecordAsync(Scenario scenario, LoadOptions options, Action<LoadRun>? during = null, LoadPlan? plan = null)
    {
        await using var run = await LoadRun.StartAsync(scenario, plan ?? scenario.Load, options, null, TimeProvider.System, CancellationToken.None);
        during?.Invoke(run);
        return await run.RecordAsync().WaitAsync(TimeSpan.FromSeconds(90));
    }

    /// <summary>A run whose figures are looked at however busy the machine of the tests is.</summary>
    public static async Task<RunResult> RunAsync(Scenario scenario, LoadOptions options) =>
        RunResult.Conclude(await RecordAsync(scenario, options), new ConclusionOptions { WarmUp = TimeSpan.Zero });
}
