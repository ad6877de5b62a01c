using Pleiad.Queueing.Prediction;
using Pleiad.Queueing.Simulation;
using Pleiad.Queueing.Tests.Fixtures;
using Shouldly;
using Xunit;

namespace Pleiad.Queueing.Tests.Prediction;

public sealed class PredictorTests
{
    private const string ThreeTiers = """
        classes: [{ name: requests, rate: 20 }]
        stations:
          - { name: web, discipline: ps, service: { exponential: 8ms }, cost: 1 }
          - { name: app, discipline: ps, servers: 2, service: { exponential: 20ms }, cost: 2 }
          - { name: db, visits: 2, service: { exponential: 5ms }, cost: 4 }
        """;

    [Fact]
    public void The_fewest_servers_below_a_utilization_follow_from_the_work()
    {
        var answer = Answer(ThreeTiers, 500, "utilization<0.8");

        // 500/s × 8 ms = 4, × 20 ms = 10, × 2 × 5 ms = 5 erlangs; at 0.8: 5, 12.5, 6.25; and 4/5 is not below 0.8.
        answer.Plan!.Servers.ShouldBe([6, 13, 7]);
        answer.Plan.IsGood.ShouldBeTrue();
        answer.Present.Solution.ShouldBeNull();
        answer.Present.Unstable.ShouldNotBeNull();
        answer.CostOf(answer.Plan.Servers).ShouldBe(6 + (2 * 13) + (4 * 7));
        answer.Plan.Objectives[0].Figure.Value.ShouldBe(10.0 / 13, 1e-9);
    }

    [Fact]
    public void A_plan_keeps_its_quantile_and_one_server_less_of_any_tier_does_not()
    {
        var answer = Answer(ThreeTiers, 120, "p95<150ms");

        answer.Plan!.IsGood.ShouldBeTrue();
        answer.PlanNote.ShouldBeNull();
        for (var k = 0; k < 3; k++)
        {
            var less = answer.Plan.Servers.ToArray();
            less[k]--;
            if (less[k] > 0)
            {
                Answer(Servers(less), 120, "p95<150ms").Present.IsGood.ShouldBeFalse($"one less of {answer.Stations[k]}");
            }
        }
    }

    [Fact]
    public void The_largest_load_is_where_the_objective_ends()
    {
        // M/M/1: mean response 1/(μ − λ) < 50 ms with μ = 100 ends at λ = 80.
        var answer = Answer("classes: [{ name: a, rate: 10 }]\nstations: [{ name: s, service: { exponential: 10ms } }]", null, "mean<50ms");

        answer.PresentLoadMax.ShouldBeInRange(74, 82);
        answer.Plan!.Servers.ShouldBe([1]);
        answer.Curve.Select(point => point.Load).ShouldBeInOrder();
        answer.Curve.ShouldContain(point => point.Load == 10);
    }

    [Theory]
    [InlineData(90, 10)]
    [InlineData(97, 33.3)]
    public void Sensitivity_is_known_near_the_limit_too(double rate, double elasticity)
    {
        // 1/(1 − ρ) again: a tenth more work would be more than the station can do.
        var answer = Answer(FormattableString.Invariant($"classes: [{{ name: a, rate: {rate} }}]\nstations: [{{ name: s, service: {{ exponential: 10ms }} }}]"), null);

        var found = answer.Sensitivities.Single();
        found.MeanElasticity.ShouldBe(elasticity, 0.1 * elasticity);
        found.QuantileElasticity.ShouldBe(elasticity, 0.35 * elasticity);
    }

    [Fact]
    public void Sensitivity_is_that_of_the_formula()
    {
        // R = S/(1 − λS): relative change of R per relative change of S is 1/(1 − ρ) = 2.5.
        var answer = Answer("classes: [{ name: a, rate: 60 }]\nstations: [{ name: s, service: { exponential: 10ms } }, { name: lan, discipline: delay, service: { exponential: 0.01ms } }]", null);

        answer.Sensitivities.Single(each => each.Station == "s").MeanElasticity.ShouldBe(2.5, 0.25);
        Math.Abs(answer.Sensitivities.Single(each => each.Station == "lan").MeanElasticity).ShouldBeLessThan(0.02);
        answer.OneMore.Select(each => each.Station).ShouldBe(["s"]);
        answer.OneMore[0].SaturationLoad.ShouldBe(200, 1e-6);
        answer.PresentLoadMax.ShouldBe(100, 1e-6);
    }

    /// <summary>Within 10 seconds, in a figure that no other work of the machine changes: 50 million events are 2.5 to 5 seconds of one processor at 10 to 20 million a second.</summary>
    [Theory]
    [InlineData("three-tiers.yaml", null)]
    [InlineData("three-tiers.yaml", 500.0)]
    [InlineData("three-tiers-layered.yaml", null)]
    [InlineData("three-tiers-layered.yaml", 500.0)]
    public void The_shipped_samples_are_answered_with_the_work_of_a_few_seconds(string sample, double? rate)
    {
        var answer = Predictor.Answer(
            Solve.Model(File.ReadAllText(Path.Combine(Samples.Root, "samples", "models", sample))),
            new PredictionQuestion { Load = rate, Objectives = [new Objective(ObjectiveKind.Quantile, 0.95, null, 1)] },
            new SimulationOptions { Accuracy = 0.02, EventsMax = 1_000_000 },
            TestContext.Current.CancellationToken);

        answer.Events.ShouldBeInRange(1_000_000, 50_000_000);
        answer.Plan!.IsGood.ShouldBeTrue();
        answer.Plan.Solution!.System.ResponseTime.HalfWidth!.Value.ShouldBeGreaterThan(0);
        answer.Curve.Count(point => point.Solution?.System.Quantiles.All(quantile => quantile.Seconds.HalfWidth > 0) == true).ShouldBeGreaterThanOrEqualTo(8);
    }

    [Fact]
    public void An_objective_that_no_server_can_keep_is_refused_with_the_reason()
    {
        var answer = Answer(ThreeTiers, 100, "mean<20ms");

        answer.Plan.ShouldBeNull();
        answer.PlanNote!.ShouldContain("no number of servers");
    }

    [Fact]
    public void Users_of_a_closed_model_are_counted_as_users_or_become_arrivals()
    {
        const string yaml = "classes: [{ name: a, population: 20, thinkTime: 1s }]\nstations: [{ name: s, service: { exponential: 10ms } }]";

        Answer(yaml, null, "p95<100ms").IsUsers.ShouldBeTrue();
        var arrivals = Answer(yaml, 50, "utilization<0.6");
        arrivals.IsUsers.ShouldBeFalse();
        arrivals.Notes.ShouldContain(note => note.Contains("Poisson"));
        arrivals.Plan!.Servers.ShouldBe([1]);
    }

    [Theory]
    [InlineData("p95<1s", ObjectiveKind.Quantile, 1)]
    [InlineData("p99 <= 250ms", ObjectiveKind.Quantile, 0.25)]
    [InlineData("mean(a)<0.1s", ObjectiveKind.Mean, 0.1)]
    [InlineData("utilization<0.8", ObjectiveKind.Utilization, 0.8)]
    [InlineData("utilization(db)<70%", ObjectiveKind.Utilization, 0.7)]
    [InlineData("failed<1%", ObjectiveKind.Failed, 0.01)]
    public void Objectives_are_read(string text, ObjectiveKind kind, double limit)
    {
        Objective.TryParse(text, out var objective).ShouldBeTrue();
        objective.Kind.ShouldBe(kind);
        objective.Limit.ShouldBe(limit, 1e-12);
        Objective.TryParse(objective.ToString(), out var again).ShouldBeTrue();
        again.ShouldBe(objective);
    }

    [Theory]
    [InlineData("")]
    [InlineData("p95>1s")]
    [InlineData("p94<1s")]
    [InlineData("p95<soon")]
    [InlineData("utilization<3")]
    [InlineData("p95<-1s")]
    public void What_is_no_objective_is_refused(string text) => Objective.TryParse(text, out _).ShouldBeFalse();

    private static string Servers(int[] servers) => $$"""
        classes: [{ name: requests, rate: 120 }]
        stations:
          - { name: web, discipline: ps, servers: {{servers[0]}}, service: { exponential: 8ms } }
          - { name: app, discipline: ps, servers: {{servers[1]}}, service: { exponential: 20ms } }
          - { name: db, visits: 2, servers: {{servers[2]}}, service: { exponential: 5ms } }
        """;

    private static PredictionAnswer Answer(string yaml, double? rate, params string[] objectives) =>
        Predictor.Answer(
            Solve.Model(yaml),
            new PredictionQuestion { Load = rate, CurvePoints = 3, Objectives = [.. objectives.Select(text => Objective.TryParse(text, out var objective) ? objective : throw new ArgumentException(text))] },
            new SimulationOptions { Accuracy = 0.03, EventsMax = 1_000_000 },
            TestContext.Current.CancellationToken);
}
