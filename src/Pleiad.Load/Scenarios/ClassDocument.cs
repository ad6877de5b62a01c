using Pleiad.Core.Documents;
using Pleiad.Distributions;

namespace Pleiad.Load.Scenarios;

/// <summary>Entry, transitions and think times of a class of users.</summary>
internal static class ClassDocument
{
    private const double Rounding = 1e-6;

    public static UserClass Read(DocumentMap map, string name, double share, List<Page> pages)
    {
        var think = DistributionDocument.Read(map, "think");
        var paced = map.Choice("thinkFrom", ["answer", "start"]) == "start";
        var leaves = map.Choice("onError", ["leave", "continue"]) != "continue";
        var transitions = new Row?[pages.Count];
        var rows = map.Map("transitions");
        foreach (var from in rows.Keys)
        {
            if (pages.Find(page => page.Name == from) is { } page)
            {
                transitions[page.Index] = ReadRow(rows, from, pages, think);
            }
            else
            {
                rows.Map(from);
                Unknown(rows, from, from, pages);
            }
        }

        var entry = Entry(map, pages);
        foreach (var page in pages.Where(page => transitions[page.Index] is null && (rows.Keys.Count == 0 || IsReached(page.Index, entry, transitions))))
        {
            // A page without a row is the last one; the row is there so that it is counted.
            transitions[page.Index] = new Row([]);
        }

        RequireExit(map, entry, transitions, pages);
        return new UserClass { Name = name, Share = share, Entry = entry, Transitions = transitions, IsPaced = paced, LeavesOnError = leaves };
    }

    private static bool IsReached(int page, Row entry, Row?[] transitions) => transitions.OfType<Row>().Append(entry).Any(row => row.Steps.Any(step => step.Page == page));

    private static Row Entry(DocumentMap map, List<Page> pages)
    {
        if (!map.Has("entry"))
        {
            return new Row(pages.Count == 0 ? [] : [new Step(0, 1, null)]);
        }

        if (!map.IsMap("entry"))
        {
            var name = map.Text("entry");
            if (pages.Find(page => page.Name == name) is { } page)
            {
                return new Row([new Step(page.Index, 1, null)]);
            }

            Unknown(map, "entry", name, pages);
            return new Row([]);
        }

        var row = ReadRow(map, "entry", pages, null);
        if (Math.Abs(row.ExitProbability) > Rounding)
        {
            map.Problem("entry", null, $"has probabilities with sum {ScenarioDocument.Invariant(Math.Round(1 - row.ExitProbability, 9))}", "give probabilities with sum 1");
        }

        return row;
    }

    private static Row ReadRow(DocumentMap rows, string from, List<Page> pages, Distribution? think)
    {
        var map = rows.Map(from);
        var steps = new List<Step>();
        var exit = (double?)null;
        foreach (var to in map.Keys)
        {
            var inner = map.IsMap(to) ? map.Map(to) : null;
            var probability = inner is null ? map.Number(to, 0, 1) ?? 0 : inner.Number("probability", 0, 1) ?? 1;
            var own = inner is null ? null : DistributionDocument.Read(inner, "think");
            if (to == "exit")
            {
                exit = probability;
                continue;
            }

            if (pages.Find(page => page.Name == to) is { } page)
            {
                steps.Add(new Step(page.Index, probability, own ?? think));
            }
            else
            {
                Unknown(map, to, to, pages);
            }
        }

        var sum = steps.Sum(step => step.Probability) + (exit ?? 0);
        if (sum > 1 + Rounding || (exit is not null && sum < 1 - Rounding))
        {
            rows.Problem(from, null, $"has probabilities with sum {ScenarioDocument.Invariant(Math.Round(sum, 9))}", exit is null ? "give at most 1; what is missing to 1 leaves" : "give probabilities with sum 1");
        }

        return new Row(steps);
    }

    private static void Unknown(DocumentMap map, string key, string? name, List<Page> pages) =>
        map.Problem(key, name, "is no page", $"give one of {string.Join(", ", pages.Take(30).Select(page => page.Name))}{(pages.Count > 30 ? ", …" : "")}");

    /// <summary>A user who can never leave would hold a session open for ever, and no visit ratio would exist.</summary>
    private static void RequireExit(DocumentMap map, Row entry, Row?[] transitions, List<Page> pages)
    {
        var leaving = new bool[pages.Count];
        for (var changed = true; changed;)
        {
            changed = false;
            for (var page = 0; page < pages.Count; page++)
            {
                if (!leaving[page] && transitions[page] is { } row && (row.ExitProbability > Rounding || row.Steps.Any(step => step.Probability > 0 && leaving[step.Page])))
                {
                    leaving[page] = changed = true;
                }
            }
        }

        var reached = new HashSet<int>();
        var open = new Stack<int>(entry.Steps.Select(step => step.Page));
        while (open.TryPop(out var page))
        {
            if (reached.Add(page))
            {
                foreach (var step in transitions[page]?.Steps ?? [])
                {
                    open.Push(step.Page);
                }
            }
        }

        foreach (var page in reached.Where(page => !leaving[page]).Order())
        {
            map.Problem("transitions", pages[page].Name, "never leads to the exit", "give it, or a page after it, a probability of exit");
        }
    }
}
