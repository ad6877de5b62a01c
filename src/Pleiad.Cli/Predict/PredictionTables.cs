using System.Globalization;
using Pleiad.Cli.Models;
using Pleiad.Cli.Output;
using Pleiad.Cli.Running;
using Pleiad.Queueing.Prediction;
using Pleiad.Queueing.Solving;

namespace Pleiad.Cli.Predict;

/// <summary>A prediction as people read it.</summary>
internal static class PredictionTables
{
    public static void Write(Terminal terminal, PredictionAnswer answer)
    {
        foreach (var line in Summary(answer))
        {
            terminal.Out.WriteLine(line);
        }

        terminal.Table(Servers(answer));
        terminal.Table(Curve(answer));
        terminal.Table(Variants(answer));
        foreach (var note in answer.Notes)
        {
            terminal.Out.WriteLine($"note: {note}");
        }

        terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{answer.Simulations} simulations of {answer.Events:N0} events, seed {answer.Seed}; ± is a 95 % interval unless --confidence says otherwise"));
    }

    /// <summary>The answer in sentences.</summary>
    public static IEnumerable<string> Summary(PredictionAnswer answer)
    {
        var present = answer.Present;
        yield return $"{answer.Model}: {Load(answer, present.Load)}";
        if (answer.Plan is { } plan)
        {
            yield return $"plan: {ServersOf(answer, plan)}, cost {answer.CostOf(plan.Servers).ToString("G6", CultureInfo.InvariantCulture)}: {Objectives(plan)}";
        }

        if (answer.PlanNote is { } note)
        {
            yield return answer.Plan is null ? $"no plan: {note}" : $"note: {note}";
        }

        yield return present.Solution is null ? $"present: {ServersOf(answer, present)}: unstable at '{present.Unstable}'" : $"present: {ServersOf(answer, present)}: response {Estimate(present.Solution.System.ResponseTime)}{(present.Objectives.Count > 0 ? $", {Objectives(present)}" : "")}";
        yield return $"bottleneck: {answer.Chosen.Bottleneck}{(answer.Plan is not null ? " (of the plan)" : "")}";
        yield return $"the present servers bear {Load(answer, answer.PresentLoadMax)}{(answer.PlanLoadMax is { } most ? $", the plan {Load(answer, most)}" : "")}";
    }

    public static string Load(PredictionAnswer answer, double load) => double.IsInfinity(load) ? "any load" : answer.IsUsers ? string.Create(CultureInfo.InvariantCulture, $"{load:N0} users") : string.Create(CultureInfo.InvariantCulture, $"{load:G4} requests/s");

    public static string Estimate(Estimate estimate) =>
        !double.IsFinite(estimate.Value) ? "-" : estimate.HalfWidth is { } half ? $"{SolutionTables.Time(estimate.Value)} ± {SolutionTables.Time(half)}" : SolutionTables.Time(estimate.Value);

    public static Estimate Quantile(Outcome outcome, double p) => outcome.Solution?.System.Quantiles.FirstOrDefault(each => each.Probability == p)?.Seconds ?? new Estimate(double.NaN);

    private static string Objectives(Outcome outcome) => outcome.Objectives.Count == 0 ? "no objectives" : string.Join(", ", outcome.Objectives.Select(each => $"{each.Objective} {(each.IsKept ? "kept" : "missed")} ({Shown(each)})"));

    private static string Shown(ObjectiveResult result) => result.Objective.Kind is ObjectiveKind.Mean or ObjectiveKind.Quantile ? Estimate(result.Figure) : Share(result.Figure);

    /// <summary>A share of servers or of requests, with its interval where it was estimated.</summary>
    public static string Share(Estimate estimate) =>
        estimate.HalfWidth is { } half ? string.Create(CultureInfo.InvariantCulture, $"{estimate.Value:0.000} ± {half:0.000}") : string.Create(CultureInfo.InvariantCulture, $"{estimate.Value:0.000}");

    private static string ServersOf(PredictionAnswer answer, Outcome outcome) => string.Join(", ", answer.Stations.Zip(outcome.Servers).Select(pair => $"{pair.First} {pair.Second}"));

    private static TextTable Servers(PredictionAnswer answer)
    {
        var table = new TextTable(new("Station"), new("Present", Right: true), new("Plan", Right: true), new("Cost each", Right: true, Spare: 1), new("Utilization", Right: true), new("Queue", Right: true), new("Residence", Right: true));
        for (var k = 0; k < answer.Stations.Count; k++)
        {
            var figures = answer.Chosen.Solution?.Stations[k];
            table.Add(
                answer.Stations[k],
                $"{answer.Present.Servers[k]}",
                answer.Plan is { } plan ? $"{plan.Servers[k]}" : "",
                answer.Costs[k].ToString("G6", CultureInfo.InvariantCulture),
                figures is null ? "" : string.Create(CultureInfo.InvariantCulture, $"{figures.Utilization.Value:0.000} ± {figures.Utilization.HalfWidth ?? 0:0.000}"),
                figures is null ? "" : figures.QueueLength.Value.ToString("G3", CultureInfo.InvariantCulture),
                figures is null ? "" : Estimate(figures.ResidenceTime));
        }

        return table;
    }

    private static TextTable Curve(PredictionAnswer answer)
    {
        var table = new TextTable([new(answer.IsUsers ? "Users" : "Requests/s", Right: true), new("Mean", Right: true), new("P95", Right: true), .. answer.Stations.Select(name => new Column(name, Right: true, Spare: 1))]);
        foreach (var point in answer.Curve)
        {
            table.Add([
                point.Load.ToString("G4", CultureInfo.InvariantCulture),
                point.Solution is null ? $"unstable: {point.Unstable}" : Estimate(point.Solution.System.ResponseTime),
                Estimate(Quantile(point, 0.95)),
                .. answer.Stations.Select((_, k) => point.Solution is null ? "" : point.Solution.Stations[k].Utilization.Value.ToString("0.00", CultureInfo.InvariantCulture)),
            ]);
        }

        return table;
    }

    private static TextTable Variants(PredictionAnswer answer)
    {
        var table = new TextTable(new("Variant"), new("Mean", Right: true), new("P95", Right: true), new("Full at", Right: true), new("1 % slower: mean", Right: true), new("1 % slower: p95", Right: true));
        for (var k = 0; k < answer.Stations.Count; k++)
        {
            var name = answer.Stations[k];
            var more = answer.OneMore.FirstOrDefault(each => each.Station == name);
            var sensitivity = answer.Sensitivities.FirstOrDefault(each => each.Station == name);
            table.Add(
                more is null ? name : $"{name} + 1",
                more?.Outcome.Solution is { } solution ? Estimate(solution.System.ResponseTime) : more?.Outcome.Unstable is { } unstable ? $"unstable: {unstable}" : "",
                more is null ? "" : Estimate(Quantile(more.Outcome, 0.95)),
                more is null ? "" : Load(answer, more.SaturationLoad),
                Percent(sensitivity?.MeanElasticity),
                Percent(sensitivity?.QuantileElasticity));
        }

        return table;
    }

    private static string Percent(double? elasticity) => elasticity is { } value && double.IsFinite(value) ? string.Create(CultureInfo.InvariantCulture, $"{value:+0.00;-0.00} %") : "";
}
