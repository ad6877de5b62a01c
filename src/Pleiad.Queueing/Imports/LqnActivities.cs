using Pleiad.Queueing.Documents;

namespace Pleiad.Queueing.Imports;

/// <summary>A step of a task's work.</summary>
internal sealed class LqnActivity(string name)
{
    public string Name { get; } = name;

    public double DemandSeconds { get; set; }

    public bool IsFixedCalls { get; set; }

    public Dictionary<string, double> Calls { get; } = [];
}

/// <summary>How what goes before and what follows are joined.</summary>
internal enum LqnJoin
{
    /// <summary>One activity, or one of several with their probabilities.</summary>
    Or,

    /// <summary>All of several.</summary>
    And,

    /// <summary>Each so often on average, and then the end of the loop.</summary>
    Loop,
}

/// <summary>What follows what: the weights are probabilities, or counts of a loop.</summary>
/// <param name="Before">Activities that come first, all of them or any.</param>
/// <param name="BeforeJoin">How they are joined.</param>
/// <param name="After">Activities that follow with their weights; the end of a loop with 1.</param>
/// <param name="AfterJoin">How they follow.</param>
internal sealed record LqnPrecedence(IReadOnlyList<string> Before, LqnJoin BeforeJoin, IReadOnlyList<(string Name, double Weight)> After, LqnJoin AfterJoin);

/// <summary>
/// The activities of a task: an entry that begins with one of them does, on average, as often as their graph says, what each of them does. Sums over sequences, branches and loops are
/// exact; what is done side by side is counted one after the other.
/// </summary>
internal sealed class LqnActivities(string task)
{
    private readonly Dictionary<string, LqnActivity> _activities = [];

    /// <summary>Entry and its first activity.</summary>
    public Dictionary<string, string> Starts { get; } = [];

    public List<LqnPrecedence> Precedences { get; } = [];

    /// <summary>Activities after which an entry answers.</summary>
    public HashSet<string> Replies { get; } = [];

    public LqnActivity Activity(string name)
    {
        if (!_activities.TryGetValue(name, out var activity))
        {
            _activities[name] = activity = new LqnActivity(name);
        }

        return activity;
    }

    /// <summary>Gives the entries the work and the calls of their activities.</summary>
    public void Spend(LqnModel model, int line, List<DocumentProblem> problems)
    {
        var unknown = Precedences.SelectMany(each => each.Before.Concat(each.After.Select(after => after.Name))).Concat(Starts.Values).Where(name => !_activities.ContainsKey(name)).Distinct().ToArray();
        if (unknown.Length > 0)
        {
            problems.AddRange(unknown.Select(name => new DocumentProblem(line, task, name, "is an activity that is not there", "give it a host demand")));
            return;
        }

        foreach (var (entry, start) in Starts)
        {
            if (Counts(start) is not { } counts)
            {
                problems.Add(new DocumentProblem(line, task, entry, "has activities that follow each other in a circle", "write it as a loop with a count"));
                return;
            }

            var into = model.Entry(entry);
            foreach (var (name, count) in counts)
            {
                var activity = _activities[name];
                into.DemandSeconds += count * activity.DemandSeconds;
                into.IsFixedCalls |= activity.IsFixedCalls && activity.Calls.Count > 0;
                foreach (var (to, calls) in activity.Calls)
                {
                    into.Calls[to] = into.Calls.GetValueOrDefault(to) + (count * calls);
                }
            }
        }

        if (Precedences.Any(each => each.AfterJoin == LqnJoin.And && each.After.Count > 1))
        {
            model.NotUnderstood.Add($"line {line}: what task {task} does side by side is done one after the other");
        }

        if (Precedences.Any(each => each.After.Count > 0 && each.Before.Any(Replies.Contains)))
        {
            model.NotUnderstood.Add($"line {line}: what task {task} does after its answer is done before it");
        }
    }

    /// <summary>How often each activity is done in one run from a start, or null when they go in a circle.</summary>
    private Dictionary<string, double>? Counts(string start)
    {
        var reached = new HashSet<string> { start };
        var open = new Queue<string>([start]);
        while (open.TryDequeue(out var name))
        {
            foreach (var after in Precedences.Where(each => each.Before.Contains(name)).SelectMany(each => each.After).Where(after => reached.Add(after.Name)))
            {
                open.Enqueue(after.Name);
            }
        }

        // In an order in which all that comes before is known.
        var counts = new Dictionary<string, double> { [start] = 1 };
        var waiting = Precedences.Where(each => each.After.Count > 0 && each.Before.Any(reached.Contains)).ToList();
        while (waiting.Count > 0)
        {
            var next = waiting.FirstOrDefault(each => each.Before.Where(reached.Contains).All(before => counts.ContainsKey(before) && !waiting.Any(other => other.After.Any(after => after.Name == before))));
            if (next is null)
            {
                return null;
            }

            waiting.Remove(next);
            var before = next.Before.Where(reached.Contains).Select(name => counts[name]).ToArray();
            var times = next.BeforeJoin == LqnJoin.And ? before.Average() : before.Sum();
            foreach (var (name, weight) in next.After)
            {
                counts[name] = counts.GetValueOrDefault(name) + (times * (next.AfterJoin == LqnJoin.And ? 1 : weight));
            }
        }

        return counts;
    }
}
