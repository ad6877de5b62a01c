using System.Globalization;
using System.Text;
using Pleiad.Load.Results;
using Pleiad.Load.Running;
using Pleiad.Load.Scenarios;

namespace Pleiad.Bench.Load;

/// <summary>One run of the generator in a process of its own: a short one first, so that the code is compiled, then the measured one. Prints one line of figures.</summary>
internal static class Generate
{
    /// <summary>Arguments: port, scenario (plain or pages), level (users, or sessions per second followed by /s), seconds, engine, connections.</summary>
    public static async Task RunAsync(string[] arguments)
    {
        var (port, name, level, seconds, engine, connections) = (arguments[0], arguments[1], arguments[2], double.Parse(arguments[3], CultureInfo.InvariantCulture), arguments[4], arguments[5]);
        var scenario = ScenarioDocument.Read((name == "plain" ? Plain() : Pages()) + $"load: {{ connections: {connections} }}\n", name, _ => "");
        var isOpen = level.EndsWith("/s", StringComparison.Ordinal);
        var number = double.Parse(level.Replace("/s", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
        var options = new LoadOptions { Target = new Uri($"http://127.0.0.1:{port}/"), Engine = Enum.Parse<HttpEngine>(engine, ignoreCase: true), Grace = TimeSpan.FromSeconds(2) };
        RunResult? result = null;
        foreach (var length in new[] { 2, seconds })
        {
            var plan = scenario.Load.WithLevel(isOpen ? LoadKind.Open : LoadKind.Closed, number, TimeSpan.FromSeconds(length));
            await using var run = await LoadRun.StartAsync(scenario, plan, options, null, TimeProvider.System, CancellationToken.None);
            result = await run.ResultAsync(new ConclusionOptions { WarmUp = TimeSpan.Zero, AcceptsSaturation = true });
        }

        var figures = result!;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{figures.Total.Requests} {figures.Seconds:F3} {figures.Self.Generators[0].ProcessCpuSeconds:F3} {figures.Total.Failed} {figures.Self.Lag?.P50:F4} {figures.Self.Lag?.P99:F4} {figures.Self.Lag?.P999:F4} {figures.Total.FromIntended?.P99:F4} {figures.Self.Generators[0].GcCount} {figures.Self.Generators[0].GcPauseSeconds:F4}"));
    }

    private static string Plain() => "name: plain\npages:\n  page: { url: / }\ntransitions: { page: {} }\n";

    /// <summary>Six pages in a row; each but the last gives a token that the next one sends.</summary>
    private static string Pages()
    {
        var text = new StringBuilder("name: pages\npages:\n");
        for (var i = 0; i < 6; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"  page{i}:\n    url: /page{i}{(i == 0 ? "" : $"?token=${{token{i - 1}}}")}\n    checks: {{ status: 200 }}\n    extract: {{ token{i}: {{ regex: 'name=\"token\" value=\"([^\"]+)\"' }} }}\n");
        }

        text.Append("transitions:\n");
        for (var i = 0; i < 5; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"  page{i}: {{ page{i + 1}: 1 }}\n");
        }

        return text.ToString();
    }
}
