using Pleiad.Distributions;
using Pleiad.Distributions.Documents;
using Pleiad.Queueing.Model;

namespace Pleiad.Queueing.Documents;

/// <summary>Reads the stations of a model file.</summary>
internal sealed class StationReader(IReadOnlyList<string> classes, IReadOnlyList<string> stations, IReadOnlyList<Route?> routes)
{
    private static readonly (string Name, Discipline Discipline)[] Disciplines =
    [
        ("fcfs", Discipline.Fcfs), ("ps", Discipline.Ps), ("lcfs", Discipline.Lcfs), ("lcfs-pr", Discipline.LcfsPr), ("random", Discipline.Random),
        ("priority", Discipline.Priority), ("priority-pr", Discipline.PriorityPr), ("delay", Discipline.Delay),
    ];

    public IReadOnlyList<Station> Read(IReadOnlyList<DocumentNode> nodes)
    {
        var calls = nodes.Select(Calls).ToList();

        // A station that is called is not visited on the way unless it says so.
        var called = new bool[classes.Count, stations.Count];
        foreach (var (c, call) in calls.SelectMany(each => each.SelectMany((list, c) => list.Select(call => (c, call)))))
        {
            called[c, call.Station] = true;
        }

        RefuseCircles(nodes, calls);
        return [.. nodes.Select((node, k) => One(node, k, calls[k], called))];
    }

    private Station One(DocumentNode node, int k, IReadOnlyList<IReadOnlyList<Call>> calls, bool[,] called)
    {
        var ordered = node.Child("discipline")?.Choice([.. Disciplines.Select(d => d.Name)]);
        var discipline = Disciplines.FirstOrDefault(each => each.Name == ordered, Disciplines[0]).Discipline;
        var servers = 1;
        if (node.Child("servers") is { } given)
        {
            if (given.Scalar?.ToLowerInvariant() is "infinite" or "infinity" or "inf" or ".inf")
            {
                discipline = Discipline.Delay;
            }
            else
            {
                servers = given.Whole(1, 1_000_000) ?? 1;
            }
        }

        var service = Service(node);
        var visits = Visits(node, k, service, called);
        var speed = node.Child("speed") is { } speeds ? DistributionReader.Numbers(speeds, 1e-9, 1e9) : null;
        if (speed is not null && discipline != Discipline.Ps)
        {
            node.Child("speed")!.Problem(null, "is for processor sharing", "give 'discipline: ps'");
        }
        else if (speed is not null && servers > 1)
        {
            node.Child("speed")!.Problem(null, "stands beside several servers", "leave 'servers' out: 'speed' says what 1, 2, … customers get");
        }

        if (node.Has("full") && !node.Has("capacity"))
        {
            node.Child("full")?.Problem(null, "has no capacity to be full of", "give 'capacity' too");
        }

        var perServer = node.Child("threadsPerServer")?.Whole(1, 1_000_000);
        var threads = node.Child("threads")?.Whole(1, 1_000_000);
        if (perServer is not null && threads is not null)
        {
            node.Problem(stations[k], "has 'threads' and 'threadsPerServer'", "give one of them");
        }

        var uncertainty = new double[classes.Count];
        foreach (var (c, value) in ByClass(node.Child("uncertainty"), "give a share, for example 3%, or { class: share }"))
        {
            if (!Quantity.TryShare(value.Scalar, out uncertainty[c]) || uncertainty[c] is < 0 or > 2)
            {
                value.Problem("is no share", "give a relative standard error from 0 to 2, for example 3% or 0.03");
            }
        }

        return new Station
        {
            Name = stations[k],
            Line = node.Line,
            Discipline = discipline,
            Servers = servers,
            Service = service,
            Visits = visits,
            Uncertainty = uncertainty,
            Calls = calls,
            Capacity = node.Child("capacity")?.Whole(1, 1_000_000_000),
            WhenFull = node.Child("full")?.Choice("lose", "block") == "block" ? WhenFull.Block : WhenFull.Lose,
            Threads = perServer ?? threads,
            ThreadsPerServer = perServer is not null,
            Speed = speed,
            Cost = node.Child("cost")?.Number(0, 1e12) ?? 1,
            ServersMax = node.Child("serversMax")?.Whole(1, 1_000_000) ?? Math.Max(servers, 1000),
        };
    }

    private Distribution?[] Service(DocumentNode node)
    {
        var service = new Distribution?[classes.Count];
        var given = node.Required("service", "give { class: { exponential: 125ms } }, or one distribution for all classes");
        if (given is null)
        {
            return service;
        }

        var isOne = given.Scalar is not null || (given.Keys is [var only] && DistributionReader.IsName(only) && !classes.Contains(only));
        if (isOne)
        {
            var one = DistributionReader.Read(given);
            Array.Fill(service, one);
            return service;
        }

        if (given.Keys.FirstOrDefault(key => DistributionReader.IsName(key) && !classes.Contains(key)) is not null || (given.Keys.Count > 0 && !given.Keys.Any(classes.Contains)))
        {
            given.Problem("is neither one distribution nor one for each class", $"{DistributionReader.Rule()}, or {{ class: … }} with the classes {string.Join(", ", classes)}");
            _ = given.Entries("");
            return service;
        }

        foreach (var (c, value) in ByClass(given, "give { class: distribution }"))
        {
            service[c] = DistributionReader.Read(value) ?? service[c];
        }

        return service;
    }

    private double[] Visits(DocumentNode node, int k, Distribution?[] service, bool[,] called)
    {
        var visits = new double[classes.Count];
        var given = node.Child("visits");
        var values = ByClass(given, "give { class: visits }, or one number for all classes");
        for (var c = 0; c < classes.Count; c++)
        {
            if (routes[c] is { } route)
            {
                visits[c] = route.Visits[k];
                if (given is { IsMap: true } && values.Any(value => value.Class == c))
                {
                    given.Problem(classes[c], "has visits and routing", "leave its visits out; they follow from its routing");
                }
            }
            else if (given is null || (!given.IsMap && given.Scalar is null))
            {
                visits[c] = service[c] is null || called[c, k] ? 0 : 1;
            }
            else
            {
                foreach (var value in values.Where(value => value.Class == c))
                {
                    visits[c] = value.Value.Number(0, 1e9, "number of visits") ?? 0;
                }

                // A service for all classes may meet visits of some; one of its own that is never used is a mistake.
                if (given.IsMap && !values.Any(value => value.Class == c) && !called[c, k] && node.Child("service") is { } own && own.Has(classes[c]))
                {
                    given.Problem(classes[c], "has service here and no visits", $"add '{classes[c]}: 1', or 0 if it does not come here");
                }
            }

            if (service[c] is null && node.Child("service") is { } wrong && wrong.Problems.Any(problem => problem.Path == wrong.Path || problem.Path.StartsWith($"{wrong.Path}.", StringComparison.Ordinal)))
            {
                // It was given, and what is wrong with it was said.
                continue;
            }

            if (visits[c] > 0 && service[c] is null)
            {
                node.Problem(stations[k], $"is visited by class '{classes[c]}' and has no service for it", $"give 'service: {{ {classes[c]}: {{ exponential: 125ms }} }}'");
            }
            else if (called[c, k] && service[c] is null)
            {
                node.Problem(stations[k], $"is called for class '{classes[c]}' and has no service for it", $"give 'service: {{ {classes[c]}: {{ exponential: 125ms }} }}'");
            }
        }

        return visits;
    }

    private IReadOnlyList<IReadOnlyList<Call>> Calls(DocumentNode node)
    {
        var calls = classes.Select(_ => new List<Call>()).ToList();
        var isGeometric = node.Child("callCount")?.Choice("fixed", "geometric") == "geometric";
        foreach (var (name, value) in node.Child("calls")?.Entries("give { station: calls per visit }") ?? [])
        {
            var k = stations.ToList().IndexOf(name);
            if (k < 0)
            {
                value.Problem(name, "is no station", $"stations: {string.Join(", ", stations)}");
                continue;
            }

            foreach (var (c, count) in ByClass(value, "give the mean number of calls per visit, or { class: calls }"))
            {
                if (count.Number(0, 1e6, "number of calls") is { } mean && mean > 0)
                {
                    calls[c].Add(new Call(k, mean, isGeometric));
                }
            }
        }

        return calls;
    }

    /// <summary>One value for all classes, or one for each named.</summary>
    private IReadOnlyList<(int Class, DocumentNode Value)> ByClass(DocumentNode? node, string remedy)
    {
        if (node is null)
        {
            return [];
        }

        if (node.Scalar is not null)
        {
            return [.. classes.Select((_, c) => (c, node))];
        }

        var found = new List<(int, DocumentNode)>();
        foreach (var (name, value) in node.Entries(remedy))
        {
            var c = classes.ToList().IndexOf(name);
            if (c < 0)
            {
                value.Problem(name, "is no class", $"classes: {string.Join(", ", classes)}");
            }
            else
            {
                found.Add((c, value));
            }
        }

        return found;
    }

    private void RefuseCircles(IReadOnlyList<DocumentNode> nodes, List<IReadOnlyList<IReadOnlyList<Call>>> calls)
    {
        var depth = new int[stations.Count];
        for (var round = 0; round <= stations.Count; round++)
        {
            foreach (var (from, call) in calls.SelectMany((each, k) => each.SelectMany(list => list).Select(call => (k, call))))
            {
                depth[call.Station] = Math.Max(depth[call.Station], depth[from] + 1);
            }
        }

        if (Array.FindIndex(depth, d => d > stations.Count) is var circle and >= 0)
        {
            nodes[circle].Problem(stations[circle], "calls itself, directly or through others", "let calls go one way only: a thread that waits for itself waits for ever");
        }
    }
}
