using Pleiad.Core.Documents;
using Pleiad.Load.Scenarios;
using Shouldly;
using Xunit;

namespace Pleiad.Load.Tests.Scenarios;

public sealed class ScenarioDocumentTests
{
    [Fact]
    public void All_problems_are_named_at_once_with_line_and_remedy()
    {
        const string Yaml = """
            name: bad
            pages:
              login: { url: login, method: "P OST" }
              home: { url: "/h?x=${nowhere}", checks: { status: 2000 }, extract: { id: { regex: "(" } } }
            transitions:
              login: { home: 0.8, exit: 0.3 }
              home: { home: 1, elsewhere: 0.1 }
            load: { rate: fast, users: 3 }
            thresholds: [ "p95=1" ]
            surprise: 1
            """;

        var error = Should.Throw<InvalidInputException>(() => Kit.Load.Read(Yaml));

        var seen = error.Problems.Select(problem => (problem.Key, problem.Line)).ToList();
        foreach (var expected in new (string, int?)[]
        {
            ("pages.login.url", 3), ("pages.login.method", 3), ("pages.home.url", 4), ("pages.home.checks.status", 4), ("pages.home.extract.id.regex", 4), ("transitions.login", 6),
            ("transitions.home.elsewhere", 7), ("transitions", 5), ("load.users", 8), ("thresholds", 9), ("surprise", 10),
        })
        {
            seen.ShouldContain(expected);
        }

        error.Problems.ShouldAllBe(problem => problem.Remedy.Length > 3);
    }

    [Theory]
    [InlineData("5s", "exponential", 5)]
    [InlineData("0s", "deterministic", 0)]
    [InlineData("{ deterministic: 250us }", "deterministic", 0.00025)]
    [InlineData("{ erlang: { mean: 2s, phases: 3 } }", "erlang", 2)]
    [InlineData("{ lognormal: { mean: 2s, scv: 0.5 } }", "lognormal", 2)]
    [InlineData("{ uniform: [1s, 3s] }", "uniform", 2)]
    [InlineData("{ gamma: { shape: 2, scale: 1s } }", "gamma", 2)]
    [InlineData("{ weibull: { mean: 4s, shape: 1.5 } }", "weibull", 4)]
    [InlineData("{ hyperexponential: { mean: 4s, scv: 4 } }", "hyperexponential", 4)]
    [InlineData("{ pareto: { mean: 4s, shape: 3 } }", "pareto", 4)]
    public void Think_times_have_the_distributions_of_models(string think, string name, double mean)
    {
        var scenario = Kit.Load.Read($"name: t\npages: {{ a: {{ url: /a }}, b: {{ url: /b }} }}\ntransitions: {{ a: {{ b: {{ think: {think} }} }} }}");

        var distribution = scenario.Classes[0].Transitions[0]!.Steps[0].Think!;
        distribution.Name.ShouldBe(name);
        distribution.Mean.ShouldBe(mean, (1e-6 * mean) + 1e-12);
    }

    [Theory]
    [InlineData("load: { users: 2.5 }", "load.users")]
    [InlineData("load: { kind: closed, steps: [{ for: 1s, users: 0.5 }] }", "load.steps[0].users")]
    [InlineData("load: { steps: [] }", "load.steps")]
    [InlineData("load: { rate: 1, users: 1 }", "load.users")]
    public void A_load_that_nobody_can_make_is_refused(string load, string key) =>
        Should.Throw<InvalidInputException>(() => Kit.Load.Read($"name: v\npages: {{ a: {{ url: /a }} }}\n{load}\n")).Problems.Select(problem => problem.Key).ShouldContain(key);

    [Fact]
    public void A_page_has_a_body_or_a_form() =>
        Should.Throw<InvalidInputException>(() => Kit.Load.Read("name: v\npages: { a: { url: /a, body: x, form: { b: c } } }\n")).Problems.ShouldHaveSingleItem().Reason.ShouldBe("stands beside body");

    [Fact]
    public void Visit_ratios_solve_the_graph()
    {
        var scenario = Kit.Load.Read("name: v\npages: { a: { url: /a }, b: { url: /b } }\ntransitions: { a: { b: 0.5, a: 0.2 }, b: { a: 0.25 } }");

        // v = e + vP: va = 1 + 0.2 va + 0.25 vb, vb = 0.5 va.
        var va = 1 / (1 - 0.2 - 0.125);
        VisitRatios.Of(scenario).ShouldBe([va, va / 2], 1e-9);
        scenario.RequestsPerSession.ShouldBe(1.5 * va, 1e-9);
    }

    [Fact]
    public void A_graph_without_a_way_out_is_refused() =>
        Should.Throw<InvalidInputException>(() => Kit.Load.Read("name: v\npages: { a: { url: /a }, b: { url: /b } }\ntransitions: { a: { b: 1 }, b: { a: 1 } }"))
            .Problems.Select(problem => problem.Reason).ShouldBe(["never leads to the exit", "never leads to the exit"]);

    [Fact]
    public void Data_gives_rows_by_session_and_says_where_it_is_wrong()
    {
        const string Yaml = "name: d\ndata: { who: { file: w.csv } }\npages: { a: { url: \"/a?n=${who.name}\" } }\ntransitions: { a: {} }";
        var scenario = ScenarioDocument.Read(Yaml, "d.yaml", _ => "name,note\n\"a, b\",\"say \"\"hi\"\"\"\nc,d\n");

        var values = new byte[]?[scenario.Variables.Count];
        scenario.Data[0].TryFill(2, null!, values).ShouldBeTrue();
        System.Text.Encoding.UTF8.GetString(values[scenario.Variables.PlaceOf("who.name")]!).ShouldBe("a, b");
        System.Text.Encoding.UTF8.GetString(values[scenario.Variables.PlaceOf("who.note")]!).ShouldBe("say \"hi\"");
        Should.Throw<InvalidInputException>(() => ScenarioDocument.Read(Yaml, "d.yaml", _ => "name,note\na\n")).Message.ShouldContain("has 1 fields");
        Should.Throw<InvalidInputException>(() => ScenarioDocument.Read(Yaml, "d.yaml", _ => throw new FileNotFoundException("gone"))).Message.ShouldContain("cannot be read");
    }
}
