using Pleiad.Queueing.Documents;
using Pleiad.Queueing.Measurements;
using Pleiad.Queueing.Simulation;
using Pleiad.Queueing.Solving;
using Pleiad.Queueing.Tests.Fixtures;
using Shouldly;
using Xunit;

namespace Pleiad.Queueing.Tests.Measurements;

public sealed class MeasuredModelTests
{
    // In the form of the wire analysis: two tiers, a frequent class and two rare ones.
    private const string Report = """
        { "capture": {}, "scheme": "", "seconds": 100, "requests": 2025, "throughputPerSecond": 20.25,
          "tiers": [
            { "name": "web", "depth": 0, "machines": 1, "visits": 1, "demandMs": 10, "utilizationByDemand": 0.2, "utilizationMeasured": 0.21 },
            { "name": "db", "depth": 1, "machines": 2, "visits": 2, "demandMs": 8, "utilizationByDemand": 0.08, "utilizationMeasured": 0.3 } ],
          "classes": [
            { "name": "GET /a", "count": 2000, "throughputPerSecond": 20, "tiers": [
              { "tier": "web", "visits": 1, "ownMs": { "mean": 11, "meanLow": 10.5, "meanHigh": 11.5, "standardDeviation": 11 }, "demandMs": 10 },
              { "tier": "db", "visits": 2, "ownMs": { "mean": 9, "meanLow": 9, "meanHigh": 9, "standardDeviation": 3 }, "demandMs": 8 } ] },
            { "name": "GET /b", "count": 15, "throughputPerSecond": 0.15, "tiers": [ { "tier": "web", "visits": 1, "ownMs": { "mean": 4, "meanLow": 3, "meanHigh": 5, "standardDeviation": 9 }, "demandMs": 4 } ] },
            { "name": "GET /c", "count": 10, "throughputPerSecond": 0.1, "tiers": [ { "tier": "web", "visits": 1, "ownMs": { "mean": 6, "meanLow": 5, "meanHigh": 7, "standardDeviation": 6 }, "demandMs": 6 } ] } ] }
        """;

    [Fact]
    public void Demands_visits_shapes_and_their_errors_come_from_the_measurement()
    {
        var (model, remarks) = MeasuredModel.Read(Report, "report.json", new Dictionary<string, int>());

        model.Classes.Select(each => (each.Name, each.Arrivals!.RatePerSecond)).ShouldBe([("GET /a", 20), ("other", 0.25)]);
        var (web, db) = (model.Stations[0], model.Stations[1]);
        web.Service[0]!.Mean.ShouldBe(0.010, 1e-12);
        web.Service[0]!.Name.ShouldBe("exponential");
        web.Service[1]!.Mean.ShouldBe(((0.15 * 0.004) + (0.1 * 0.006)) / 0.25, 1e-12);
        web.Uncertainty[0].ShouldBe(0.5 / 1.96 / 11, 1e-4);
        (db.Servers, db.Visits[0], db.Visits[1]).ShouldBe((2, 2, 0));
        db.Service[0]!.Mean.ShouldBe(0.004, 1e-12);
        db.Service[0]!.SquaredVariation.ShouldBe(1.0 / 9, 1e-9);
        remarks.ShouldContain(remark => remark.Contains("2 rare classes"));
        remarks.ShouldContain(remark => remark.Contains("'db': its demand says 8 % of a machine, its CPU 30 %"));
        remarks.ShouldNotContain(remark => remark.Contains("'web': its demand"));
    }

    [Fact]
    public void The_model_s_answer_holds_the_uncertainty_and_the_model_can_be_written()
    {
        var model = MeasuredModel.Read(Report, "report.json", new Dictionary<string, int>()).Model;
        var again = Solve.Model(ModelWriter.Yaml(model, ["measured"]));
        var solution = ModelSolver.Solve(again, SolutionMethod.Auto, new SimulationOptions { Accuracy = 0.05 }, TestContext.Current.CancellationToken);

        solution.Simulation.ShouldNotBeNull();
        solution.Notes.ShouldContain(note => note.Contains("uncertainty"));
        solution.At("web").Utilization.Value.ShouldBe(0.2012, 0.03);
    }

    [Fact]
    public void Threads_make_layers()
    {
        var model = MeasuredModel.Read(Report, "report.json", new Dictionary<string, int> { ["web"] = 5 }).Model;

        model.Stations[0].Threads.ShouldBe(5);
        model.Stations[0].Calls[0].ShouldBe([new(1, 2, false)]);
        model.Stations[1].Visits[0].ShouldBe(0);
        model.TotalVisits()[0, 1].ShouldBe(2);
    }

    [Fact]
    public void A_tier_that_was_measured_full_is_named()
    {
        var (model, remarks) = MeasuredModel.Read(Report.Replace("\"demandMs\": 10 }", "\"demandMs\": 60 }"), "report.json", new Dictionary<string, int>());

        model.Stations[0].Service[0]!.Mean.ShouldBe(0.06, 1e-12);
        remarks.ShouldContain(remark => remark.Contains("'web' was measured full"));
    }

    [Theory]
    [InlineData("{", "is no JSON")]
    [InlineData("{}", "is no report")]
    [InlineData("{ \"tiers\": 3 }", "is no report")]
    public void What_is_no_measurement_is_refused(string json, string reason) =>
        Should.Throw<DocumentException>(() => MeasuredModel.Read(json, "x.json", new Dictionary<string, int>())).Message.ShouldContain(reason);

    [Fact]
    public void Threads_of_no_tier_are_refused() =>
        Should.Throw<DocumentException>(() => MeasuredModel.Read(Report, "x.json", new Dictionary<string, int> { ["app"] = 5 })).Message.ShouldContain("tiers: web, db");
}
