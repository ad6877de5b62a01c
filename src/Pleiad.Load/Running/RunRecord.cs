using System.Diagnostics;
using Pleiad.Load.Recording;
using Pleiad.Load.Scenarios;
using Pleiad.Load.Trust;

namespace Pleiad.Load.Running;

/// <summary>What a run recorded, before anything is concluded from it. Records of several generators of one run are merged by addition.</summary>
internal sealed record RunRecord
{
    public required string Scenario { get; init; }

    public required string Target { get; init; }

    public required ulong Seed { get; init; }

    public required LoadPlan Plan { get; init; }

    public required DateTimeOffset Started { get; init; }

    /// <summary>From the start to the moment after which nothing began, in seconds.</summary>
    public required double Seconds { get; init; }

    public required IReadOnlyList<string> Pages { get; init; }

    public required WindowSeries Series { get; init; }

    public required IReadOnlyList<TransitionCount> Transitions { get; init; }

    public required IReadOnlyList<GeneratorFigures> Generators { get; init; }

    public long Unfinished { get; init; }

    public long Missed { get; init; }

    public long SessionsWithoutData { get; init; }

    /// <summary>Whether the load was changed while it ran: what was measured is not the plan's alone.</summary>
    public bool WasSteered { get; init; }

    /// <summary>What the rule that ends a run early had to wait for in vain, as a sentence; null without a rule or when it was reached.</summary>
    public string? Unreached { get; init; }

    /// <summary>Whether the load was the same all the time: only then there is one state to settle into.</summary>
    public bool IsSteady => !WasSteered && Conclusions.IsSteady(Plan);

    /// <summary>The records of generators that shared a run, as one.</summary>
    public static RunRecord Merge(IReadOnlyList<RunRecord> records)
    {
        var first = records[0];
        var series = new WindowSeries(first.Pages.Count, Sessions.Worker.WindowLength);
        foreach (var record in records)
        {
            series.Add(record.Series);
        }

        return first with
        {
            Started = records.Min(record => record.Started),
            Seconds = records.Max(record => record.Seconds),
            Series = series,
            Transitions = [.. first.Transitions.Select((transition, index) => transition with { Count = records.Sum(record => record.Transitions[index].Count) })],
            Generators = [.. records.SelectMany(record => record.Generators)],
            Unfinished = records.Sum(record => record.Unfinished),
            Missed = records.Sum(record => record.Missed),
            SessionsWithoutData = records.Sum(record => record.SessionsWithoutData),
            WasSteered = records.Any(record => record.WasSteered),
        };
    }
}

/// <summary>How often a way was taken.</summary>
/// <param name="Users">The class of users.</param>
/// <param name="From">The page it begins at; <c>entry</c> for the first of a session.</param>
/// <param name="To">The page it leads to; <c>exit</c> for the end of a session.</param>
/// <param name="Probability">What the scenario says, from 0 to 1.</param>
/// <param name="Count">Times it was taken.</param>
public sealed record TransitionCount(string Users, string From, string To, double Probability, long Count)
{
    internal static IReadOnlyList<TransitionCount> Of(Scenario scenario, IReadOnlyList<long[]> counters) =>
        [.. scenario.Classes.SelectMany(users => users.Transitions.Select((row, page) => (Row: row, From: scenario.Pages[page].Name)).Append((Row: users.Entry, From: "entry"))
            .Where(each => each.Row is not null)
            .SelectMany(each => each.Row!.Steps.Select((step, index) => (Index: index, To: scenario.Pages[step.Page].Name, step.Probability)).Append((Index: each.Row.Steps.Count, To: "exit", Probability: each.Row.ExitProbability))
                .Select(step => new TransitionCount(users.Name, each.From, step.To, step.Probability, counters.Sum(counter => counter[each.Row.CounterBase + step.Index])))))];
}

/// <summary>What one generator's process used.</summary>
/// <param name="Name">Its address, or <c>local</c>.</param>
/// <param name="Workers">Threads that made the load.</param>
/// <param name="WorkerCpuSeconds">Their CPU time.</param>
/// <param name="ProcessCpuSeconds">CPU time of the whole process during the run.</param>
/// <param name="GcPauseSeconds">Time during which the garbage collector held everything.</param>
/// <param name="GcCount">Collections of any generation.</param>
/// <param name="MemoryBytes">Memory of the process at the end.</param>
/// <param name="WallSeconds">Length of the run on this generator's clock, the waiting for last answers included.</param>
public sealed record GeneratorFigures(string Name, int Workers, double WorkerCpuSeconds, double ProcessCpuSeconds, double GcPauseSeconds, int GcCount, long MemoryBytes, double WallSeconds)
{
    /// <summary>Figures of this process now, for the difference at the end.</summary>
    internal static (double Cpu, double Pause, int Count) Now()
    {
        using var self = Process.GetCurrentProcess();
        return (self.TotalProcessorTime.TotalSeconds, GC.GetTotalPauseDuration().TotalSeconds, GC.CollectionCount(0));
    }
}
