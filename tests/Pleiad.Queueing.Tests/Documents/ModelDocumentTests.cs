using Pleiad.Distributions.Arrivals;
using Pleiad.Queueing.Documents;
using Pleiad.Queueing.Model;
using Pleiad.Queueing.Tests.Fixtures;
using Shouldly;
using Xunit;

namespace Pleiad.Queueing.Tests.Documents;

public sealed class ModelDocumentTests
{
    [Fact]
    public void All_problems_are_told_at_once_with_line_and_remedy()
    {
        var error = Should.Throw<DocumentException>(() => Solve.Model("""
            classes:
              - { name: a, rate: -3 }
              - { name: b, population: 2, thinkTime: -1s, colour: red }
            stations:
              - { name: web, discipline: fastest, visits: { a: 1, nobody: 2 }, service: { a: { exponential: 5 parsecs }, b: 1ms } }
              - { name: web, service: { a: 1ms }, calls: { nowhere: 2 } }
            """));

        string[] expected =
        [
            "line 2: classes[1].rate '-3' is negative",
            "line 3: classes[2].thinkTime '-1s' is negative",
            "line 3: classes[2].colour is no known key",
            "line 5: stations[1].discipline 'fastest' is not known; give one of fcfs, ps,",
            "line 5: stations[1].visits.nobody 'nobody' is no class; classes: a, b",
            "line 5: stations[1].service.a.exponential '5 parsecs' is no length of time",
            "line 6: stations[2].name 'web' is there twice",
            "line 6: stations[2].calls.nowhere 'nowhere' is no station",
        ];
        foreach (var problem in expected)
        {
            error.Problems.ShouldContain(each => each.ToString().StartsWith(problem, StringComparison.Ordinal), problem);
        }

        error.Problems.ShouldAllBe(problem => problem.Remedy.Length > 5);
    }

    [Theory]
    [InlineData("classes: [{ name: a, arrivals: { timeVarying: [] } }]\nstations: [{ name: s, service: 1ms }]", "line 1: classes[1].arrivals.timeVarying '[ … ]' is empty")]
    [InlineData("classes: [{ name: a, arrivals: { mmpp: { rates: [], switching: [] } } }]\nstations: [{ name: s, service: 1ms }]", "line 1: classes[1].arrivals.mmpp.rates '[ … ]' is empty")]
    [InlineData("classes: [{ name: a, arrivals: { mmpp: { rates: [1, 2], switching: [[-1, 2], [1, -1]] } } }]\nstations: [{ name: s, service: 1ms }]", "line 1: classes[1].arrivals.mmpp '{ … }' is not possible; row 1: give 0 on the diagonal")]
    [InlineData("classes: [{ name: a, rate: 1 }]\nstations: [{ name: s, service: { exponetial: 1ms } }]", "line 2: stations[1].service '{ … }' is neither one distribution nor one for each class; give a time")]
    [InlineData("classes: [{ name: a, rate: 1 }]\nstations: [{ name: s, service: { exponential: 1ms, deterministic: 1ms } }]", "line 2: stations[1].service '{ … }' is neither one distribution nor one for each class; give a time")]
    [InlineData("classes: [{ name: a, rate: 1 }]\nstations: [{ name: s, service: 1ms, full: block }]", "line 2: stations[1].full has no capacity to be full of; give 'capacity'")]
    [InlineData("classes: [{ name: a, rate: 1 }]\nstations: [{ name: s, discipline: ps, servers: 3, speed: [1, 2], service: 1ms }]", "line 2: stations[1].speed stands beside several servers; leave 'servers' out")]
    [InlineData("classes: [{ name: a, rate: 1 }]\nstations: [{ name: s, service: 1e300s }]", "line 2: stations[1].service '1e300s' is beyond all measure")]
    [InlineData("classes: [{ name: a, rate: 1 }]\nstations: [{ name: s, service: { lognormal: { mu: 900, sigma: 1 } } }]", "line 2: stations[1].service.lognormal '{ … }' is beyond all measure")]
    [InlineData("classes: []\nstations: [{ name: s, service: 1ms }]", "line 1: classes is empty; give at least one")]
    public void What_would_be_read_as_something_else_is_refused(string text, string problem) =>
        Should.Throw<DocumentException>(() => Solve.Model(text)).Problems.ShouldHaveSingleItem().ToString().ShouldStartWith(problem);

    [Theory]
    [InlineData("start: s, s: s", "never leaves", 3)]
    [InlineData("start: s, s: { t: 0.5, end: 0.5 }, t: { s: 0.4, end: 0.4 }", "sum of the probabilities", 3)]
    [InlineData("start: s, s: { u: 1 }", "is no station", 3)]
    [InlineData("start: s, s: { t: 1 }", "has no way on", 3)]
    [InlineData("s: end", "has no beginning", 3)]
    [InlineData("start: s, s: { t: 1 }, t: { s: 0.5, t: 0.5 }", "never leaves", 3)]
    public void Routing_that_goes_wrong_is_refused(string routing, string reason, int line)
    {
        var error = Should.Throw<DocumentException>(() => Solve.Model($$"""
            classes: [{ name: a, rate: 1 }]
            stations: [{ name: s, service: 1ms }, { name: t, service: 1ms }]
            routing: { a: { {{routing}} } }
            """));

        error.Problems.ShouldContain(problem => problem.Reason.Contains(reason, StringComparison.Ordinal) && problem.Line == line);
    }

    [Theory]
    [InlineData("classes: [{ name: a }]\nstations: [{ name: s, service: 1ms }]", "neither open nor closed")]
    [InlineData("classes: [{ name: a, rate: 1, population: 2 }]\nstations: [{ name: s, service: 1ms }]", "open and closed")]
    [InlineData("classes: [{ name: a, rate: 1 }]\nstations: [{ name: s, visits: { a: 0 }, service: 1ms }]", "visits no station")]
    [InlineData("classes: [{ name: a, population: 2 }]\nstations: [{ name: s, service: { deterministic: 0 } }]", "uses no time")]
    [InlineData("classes: [{ name: a, rate: 1 }]\nstations: [{ name: s, visits: { a: 1 }, service: { } }]", "has no service for it")]
    [InlineData("classes: [{ name: a, rate: 1 }]\nstations: [{ name: s, service: 1ms, calls: { t: 1 } }, { name: t, service: 1ms, calls: { s: 1 } }]", "calls itself")]
    [InlineData("classes: [{ name: a, rate: 1 }]\nstations: [{ name: s, service: { pareto: { shape: 0.9, minimum: 1ms } } }]", "without a mean")]
    [InlineData("classes: [{ name: a, rate: 1 }]\nstations: [{ name: s, servers: 0, service: 1ms }]", "out of range")]
    [InlineData("classes: [{ name: a, rate: 1 }]\nstations: [{ name: s, service: { uniform: [3ms, 1ms] } }]", "is not possible")]
    [InlineData("classes: [{ name: a, rate: 1, retries: 3 }]\nstations: [{ name: s, service: 1ms }]", "without a time-out")]
    [InlineData("classes: [{ name: a, rate: 1 }]\nstations: [{ name: s, speed: [1, 2], service: 1ms }]", "processor sharing")]
    [InlineData("classes: &x [{ name: a, rate: 1 }]\nstations: *x", "no valid YAML")]
    [InlineData("stations: 3\nclasses: [", "no valid YAML")]
    [InlineData("- a\n- b", "no single mapping")]
    [InlineData("classes: []\nstations: []", "classes is empty")]
    public void Impossible_models_are_refused(string yaml, string reason) =>
        Should.Throw<DocumentException>(() => Solve.Model(yaml)).Message.ShouldContain(reason);

    [Fact]
    public void Short_and_long_forms_mean_the_same()
    {
        var brief = Solve.Model("classes: [{ name: a, rate: 5/s }]\nstations: [{ name: s, service: 20ms }]");
        var whole = Solve.Model("""
            { "classes": [{ "name": "a", "arrivals": { "poisson": 5 } }],
              "stations": [{ "name": "s", "servers": 1, "discipline": "FCFS", "visits": { "a": 1 }, "service": { "a": { "exponential": "0.02" } } }] }
            """);

        brief.Stations[0].Service[0]!.Mean.ShouldBe(whole.Stations[0].Service[0]!.Mean);
        brief.Stations[0].Visits.ShouldBe(whole.Stations[0].Visits);
        brief.Classes[0].Arrivals!.RatePerSecond.ShouldBe(5);
        whole.Stations[0].Discipline.ShouldBe(Discipline.Fcfs);
    }

    [Fact]
    public void A_model_written_is_read_back()
    {
        const string yaml = """
            name: all of it
            classes:
              - { name: a, rate: 3, priority: 2, timeout: 2s, retries: 1, backoff: 100ms }
              - { name: b, population: 7, thinkTime: { erlang: { mean: 1.5s, phases: 3 } } }
              - { name: c d, arrivals: { renewal: { gamma: { mean: 2s, scv: 0.5 } } } }
              - { name: e, arrivals: { mmpp: { rates: [1, 20], switching: [[0, 0.5], [2, 0]] } } }
            stations:
              - { name: web, servers: 3, discipline: priority, threadsPerServer: 20, cost: 2.5, service: { a: { hyperexponential: { mean: 3ms, scv: 4 } }, b: { uniform: [1ms, 3ms] }, c d: { weibull: { mean: 1ms, shape: 0.7 } } }, visits: { a: 1, b: 2 }, calls: { db: { a: 2.5, b: 1 } }, callCount: geometric, uncertainty: { a: 3% }, serversMax: 12 }
              - { name: db, discipline: ps, speed: [1, 1.5], capacity: 100, full: block, service: { a: { lognormal: { median: 2ms, sigma: 0.8 } }, b: { phaseType: { initial: [1, 0], rates: [[-300, 100], [0, -500]] } }, c d: { empirical: { values: [1ms, 2ms, 5ms] } } } }
              - { name: lan, discipline: delay, service: { pareto: { mean: 2ms, shape: 2.5 } } }
            routing: { c d: { start: db, db: { lan: 0.3, end: 0.7 }, lan: db } }
            """;
        var model = Solve.Model(yaml);

        foreach (var text in new[] { ModelWriter.Yaml(model, ["a remark"]), ModelWriter.Json(model) })
        {
            var again = ModelDocument.Parse(text, "again.yaml");
            ModelWriter.Json(again).ShouldBe(ModelWriter.Json(model));
            again.Stations[0].Calls[0].ShouldBe(model.Stations[0].Calls[0]);
            again.Stations[0].ServersMax.ShouldBe(12);
            again.Classes[3].Arrivals.ShouldBeOfType<MarkovianArrivals>().Autocorrelation(2).ShouldBe(((MarkovianArrivals)model.Classes[3].Arrivals!).Autocorrelation(2), 1e-12);
            again.Stations[1].Service.Select(service => service?.SquaredVariation ?? -1).ShouldBe(model.Stations[1].Service.Select(service => service?.SquaredVariation ?? -1), 1e-9);
        }
    }

    /// <summary>One mistake is one message, and nothing is said to be missing that was given wrongly.</summary>
    [Fact]
    public void A_problem_is_told_once_and_not_its_consequences()
    {
        var error = Should.Throw<DocumentException>(() => Solve.Model("""
            classes: [{ name: a, rate: 10 }]
            stations:
              - { name: web, discipline: fifo, service: { a: { exponential: -5ms } } }
              - { name: db, service: { pareto: { mean: 5ms, shape: 0.9 } } }
            """));

        error.Problems.Select(problem => (problem.Line, problem.Path)).ShouldBe([(3, "stations[1].discipline"), (3, "stations[1].service.a.exponential"), (4, "stations[2].service.pareto.shape")], ignoreOrder: true);
    }

    [Theory]
    [InlineData("125ms", 0.125)]
    [InlineData("0.5", 0.5)]
    [InlineData("2m", 120)]
    [InlineData("3 us", 3e-6)]
    [InlineData("1.5h", 5400)]
    [InlineData("250ns", 250e-9)]
    [InlineData("1e-3s", 0.001)]
    public void Times_are_read_with_their_units(string text, double seconds)
    {
        Quantity.TrySeconds(text, out var read).ShouldBeTrue();
        read.ShouldBe(seconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("ms")]
    [InlineData("1 parsec")]
    [InlineData("NaN")]
    [InlineData("1e999s")]
    public void What_is_no_time_is_refused(string text) => Quantity.TrySeconds(text, out _).ShouldBeFalse();

    [Theory]
    [InlineData("30/min", 0.5)]
    [InlineData("500/s", 500)]
    [InlineData("7200/h", 2)]
    public void Rates_are_read_with_their_units(string text, double rate)
    {
        Quantity.TryRate(text, out var read).ShouldBeTrue();
        read.ShouldBe(rate);
    }
}
