using System.Text.Json;
using Pleiad.Cli.Tests.Fixtures;
using Shouldly;
using Xunit;

namespace Pleiad.Cli.Tests.Models;

public sealed class ModelCommandTests
{
    private const string Model = """
        classes:
          - { name: browse, rate: 40 }
          - { name: agents, population: 5, thinkTime: 2s }
        stations:
          - { name: web, discipline: ps, visits: { browse: 1, agents: 1 }, service: { browse: { exponential: 8ms }, agents: { exponential: 12ms } } }
          - { name: db, servers: 2, visits: { browse: 1.5, agents: 3 }, service: { exponential: 5ms } }
        """;

    [Fact]
    public async Task Solve_gives_the_figures_of_the_contract_as_JSON()
    {
        var outcome = await RunAsync(Model, "model", "solve", "-", "--json");

        outcome.ExitCode.ShouldBe(0, outcome.Error);
        using var json = JsonDocument.Parse(outcome.Out);
        var web = json.RootElement.GetProperty("stations")[0];
        foreach (var name in new[] { "throughput", "utilization", "queueLength", "residenceTime" })
        {
            web.GetProperty(name).GetDouble().ShouldBeGreaterThan(0, name);
            web.GetProperty("classes")[1].GetProperty(name).GetDouble().ShouldBeGreaterThan(0, name);
        }

        web.GetProperty("name").GetString().ShouldBe("web");
        web.TryGetProperty("interval", out _).ShouldBeFalse();
        json.RootElement.GetProperty("system").GetProperty("throughput").GetDouble().ShouldBe(42.4, 0.2);
        json.RootElement.GetProperty("system").GetProperty("responseTime").GetDouble().ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task A_simulation_has_intervals()
    {
        var outcome = await RunAsync(Model, "model", "solve", "-", "--method", "simulate", "--accuracy", "5%", "--json");

        using var json = JsonDocument.Parse(outcome.Out);
        var web = json.RootElement.GetProperty("stations")[0];
        var ends = web.GetProperty("interval").GetProperty("queueLength");
        web.GetProperty("queueLength").GetDouble().ShouldBeInRange(ends[0].GetDouble(), ends[1].GetDouble());
        json.RootElement.GetProperty("method").GetString().ShouldBe("simulation");
    }

    [Fact]
    public async Task Wrong_and_unstable_models_end_with_line_and_remedy()
    {
        var wrong = await RunAsync(Model.Replace("12ms", "12 lightyears").Replace("visits: { browse: 1,", "visits: { brows: 1,"), "model", "solve", "-");
        wrong.ExitCode.ShouldBe(2);
        wrong.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length.ShouldBeGreaterThanOrEqualTo(2);
        wrong.Error.ShouldContain("line 5");

        var unstable = await RunAsync(Model.Replace("rate: 40", "rate: 400"), "model", "solve", "-");
        unstable.ExitCode.ShouldBe(2);
        unstable.Error.ShouldContain("stdin: line 5: station 'web' is unstable");
        unstable.Error.ShouldContain("give it at least 4 servers");
    }

    [Fact]
    public async Task Predict_finds_the_servers_and_writes_report_and_curve()
    {
        var directory = Directory.CreateTempSubdirectory("pleiad-predict-");
        try
        {
            var (csv, html) = (Path.Combine(directory.FullName, "curve.csv"), Path.Combine(directory.FullName, "report.html"));
            var model = Model.Replace("  - { name: agents, population: 5, thinkTime: 2s }\n", "").Replace(", agents: 1", "").Replace(", agents: { exponential: 12ms }", "").Replace(", agents: 3", "");
            var outcome = await RunAsync(model, "predict", "-", "--rate", "500", "--slo", "utilization<0.8", "--points", "3", "--accuracy", "5%", "--csv", csv, "--html", html, "--json");

            outcome.ExitCode.ShouldBe(0, outcome.Error);
            using var json = JsonDocument.Parse(outcome.Out);
            var servers = json.RootElement.GetProperty("plan").GetProperty("servers");
            (servers.GetProperty("web").GetInt32(), servers.GetProperty("db").GetInt32()).ShouldBe((6, 5));
            json.RootElement.GetProperty("present").GetProperty("stable").GetBoolean().ShouldBeFalse();
            json.RootElement.GetProperty("curve").GetArrayLength().ShouldBeGreaterThanOrEqualTo(3);
            var lines = await File.ReadAllLinesAsync(csv, TestContext.Current.CancellationToken);
            lines[0].ShouldStartWith("requests_per_second,throughput,response,");
            lines.ShouldAllBe(line => line.Split(',').Length == lines[0].Split(',').Length);
            var report = await File.ReadAllTextAsync(html, TestContext.Current.CancellationToken);
            report.ShouldContain("<svg");
            report.Split("<div class=\"wide\">").Length.ShouldBe(report.Split("<svg").Length + report.Split("<table").Length - 1, "what is wide scrolls by itself");
            report.ShouldNotContain("<script");
            report.ShouldNotContain("http");
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task An_objective_that_cannot_be_kept_fails_and_a_wrong_one_is_refused()
    {
        (await RunAsync(Model, "predict", "-", "--rate", "10", "--slo", "mean<1ms", "--points", "2", "--accuracy", "10%")).ExitCode.ShouldBe(1);
        var wrong = await RunAsync(Model, "predict", "-", "--slo", "p95<soon", "--slo", "utilization(nowhere)<0.5");
        wrong.ExitCode.ShouldBe(2);
        wrong.Error.ShouldContain("is no objective");
        wrong.Error.ShouldContain("give one of web, db");
    }

    [Fact]
    public async Task Times_are_fitted_and_wrong_lines_named()
    {
        var times = string.Join('\n', Enumerable.Range(1, 200).Select(i => $"{-Math.Log(1 - ((i - 0.5) / 200)) * 20:F3}ms"));
        var outcome = await RunAsync("# measured\n" + times, "model", "fit", "-", "--json");

        using var json = JsonDocument.Parse(outcome.Out);
        json.RootElement.GetProperty("chosen").GetString().ShouldBe("exponential");
        json.RootElement.GetProperty("mean").GetDouble().ShouldBe(0.02, 0.0005);
        var wrong = await RunAsync("1ms\nsoon\n", "model", "fit", "-");
        wrong.ExitCode.ShouldBe(2);
        wrong.Error.ShouldContain("line 2");
    }

    [Fact]
    public async Task What_was_fitted_is_a_model_s_text()
    {
        var times = string.Join('\n', Enumerable.Range(1, 300).Select(i => $"{-Math.Log(1 - ((i - 0.5) / 300)) * 20:F3}ms"));
        var shown = await RunAsync(times, "model", "fit", "-");
        shown.Out.ShouldContain("{ exponential: ");

        // Bursts: forty arrivals a millisecond apart, then a pause.
        var moments = string.Join('\n', Enumerable.Range(0, 800).Select(i => $"{(i / 40) + (i % 40 * 0.001 * (1 + (i * 7 % 11 * 0.05))):F6}").Order(StringComparer.Ordinal).OrderBy(text => double.Parse(text, System.Globalization.CultureInfo.InvariantCulture)));
        var outcome = await RunAsync(moments, "model", "fit", "-", "--arrivals", "--json");
        outcome.ExitCode.ShouldBe(0, outcome.Error);
        using var json = JsonDocument.Parse(outcome.Out);
        var model = $"classes: [{{ name: a, arrivals: {json.RootElement.GetProperty("model").GetString()} }}]\nstations: [{{ name: s, discipline: delay, service: {{ exponential: 1ms }} }}]";
        using var solved = JsonDocument.Parse((await RunAsync(model, "model", "solve", "-", "--accuracy", "5%", "--json")).Out);
        solved.RootElement.GetProperty("system").GetProperty("throughput").GetDouble().ShouldBe(json.RootElement.GetProperty("ratePerSecond").GetDouble(), 0.1 * json.RootElement.GetProperty("ratePerSecond").GetDouble());

        (await RunAsync("2\n1\n", "model", "fit", "-", "--arrivals")).Error.ShouldContain("comes before 2");
        (await RunAsync("1\n2\n", "model", "fit", "-", "--arrivals")).Error.ShouldContain("give at least 50");
    }

    private static Task<CommandOutcome> RunAsync(string input, params string[] args) =>
        new CommandRun { Input = input }.RunAsync(null, TestContext.Current.CancellationToken, args);
}
