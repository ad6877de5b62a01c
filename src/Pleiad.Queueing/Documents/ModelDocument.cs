using Pleiad.Distributions;
using Pleiad.Distributions.Documents;
using Pleiad.Distributions.Arrivals;
using Pleiad.Queueing.Model;

namespace Pleiad.Queueing.Documents;

/// <summary>Reads a model file: YAML, of which JSON is a part. docs/models.md says what may stand there.</summary>
public static class ModelDocument
{
    private const int PopulationMax = 1_000_000;
    private const int ServersMax = 1_000_000;

    /// <summary>Reads a model.</summary>
    /// <param name="text">The document.</param>
    /// <param name="subject">What to call it in errors, usually the file's name.</param>
    /// <exception cref="DocumentException">With every problem, each with line and remedy.</exception>
    public static QueueingModel Parse(string text, string subject)
    {
        var root = DocumentNode.Parse(text, subject);
        var model = Read(root, subject);
        root.ReportUnknown();
        if (root.Problems.Count > 0 || model is null)
        {
            throw new DocumentException(subject, [.. root.Problems.OrderBy(problem => problem.Line ?? 0)]);
        }

        return model;
    }

    private static QueueingModel? Read(DocumentNode root, string subject)
    {
        var name = root.Child("name")?.Scalar ?? Path.GetFileNameWithoutExtension(subject);
        var classNodes = root.Required("classes", "give a list of { name, population, thinkTime } or { name, rate }")?.Items("give a list of classes") ?? [];
        var stationNodes = root.Required("stations", "give a list of { name, servers, discipline, visits, service }")?.Items("give a list of stations") ?? [];
        var routing = root.Child("routing");
        if (root.Problems.Count > 0)
        {
            return null;
        }

        var classNames = Names(classNodes, "class");
        var stationNames = Names(stationNodes, "station");
        if (classNodes.Count == 0 || stationNodes.Count == 0)
        {
            // Nothing else can be read beside it.
            root.Child(classNodes.Count == 0 ? "classes" : "stations")!.Problem(null, "is empty", "give at least one");
            throw new DocumentException(subject, [.. root.Problems.OrderBy(problem => problem.Line ?? 0)]);
        }

        var classes = classNodes.Select((node, c) => Class(node, classNames[c])).ToList();
        var routes = RoutingReader.Read(routing, classNames, stationNames, classes);
        var stations = new StationReader(classNames, stationNames, routes).Read(stationNodes);
        if (root.Problems.Count > 0)
        {
            return null;
        }

        var model = new QueueingModel { Name = name, Classes = [.. classes.Select((each, c) => each with { Routing = routes[c]?.Routing })], Stations = stations };
        RequireWork(model, classNodes);
        return model;
    }

    private static IReadOnlyList<string> Names(IReadOnlyList<DocumentNode> nodes, string what)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var names = new List<string>();
        foreach (var node in nodes)
        {
            var given = node.Required("name", $"give the {what} a name");
            var name = given?.Scalar ?? "";
            if (given is not null && (name.Length is 0 or > 100 || name.Any(char.IsControl)))
            {
                given.Problem("is no name", "give a text of 1 to 100 characters");
            }
            else if (given is not null && name is "start" or "end" && what == "station")
            {
                given!.Problem("is taken", "routing uses 'start' and 'end'; give another name");
            }
            else if (given is not null && !seen.Add(name))
            {
                given.Problem("is there twice", $"give each {what} a name of its own");
            }

            names.Add(name);
        }

        return names;
    }

    private static CustomerClass Class(DocumentNode node, string name)
    {
        var population = node.Child("population")?.Whole(0, PopulationMax);
        var think = node.Child("thinkTime") is { } thinking ? DistributionReader.Read(thinking) : null;
        ArrivalProcess? arrivals = null;
        if (node.Child("rate") is { } rate)
        {
            arrivals = ArrivalReader.Rate(rate) is { } perSecond ? new PoissonArrivals(perSecond) : null;
        }

        if (node.Child("arrivals") is { } process)
        {
            if (node.Has("rate"))
            {
                process.Problem(null, "stands beside 'rate'", "give one of them");
            }

            arrivals = ArrivalReader.Read(process);
        }

        var isOpen = node.Has("rate") || node.Has("arrivals");
        var isClosed = node.Has("population");
        if (isOpen && (isClosed || node.Has("thinkTime")))
        {
            node.Problem(name, "is open and closed", "give 'rate' or 'arrivals', or 'population' with 'thinkTime'");
        }
        else if (!isOpen && !isClosed)
        {
            node.Problem(name, "is neither open nor closed", "give 'rate' (open) or 'population' (closed)");
        }

        return new CustomerClass
        {
            Name = name,
            Population = population ?? 0,
            ThinkTime = think ?? new Deterministic(0),
            Arrivals = arrivals,
            Priority = node.Child("priority")?.Whole(-1_000_000, 1_000_000) ?? 0,
            Patience = Patience(node),
        };
    }

    private static Patience? Patience(DocumentNode node)
    {
        var timeout = node.Child("timeout")?.Seconds(zero: false);
        var retries = node.Child("retries")?.Whole(0, 1000);
        var backoff = node.Child("backoff") is { } pause ? DistributionReader.Read(pause) : null;
        var abandoned = node.Child("abandoned")?.Choice("served", "dropped");
        if (timeout is null && !node.Has("timeout") && (node.Has("backoff") || node.Has("abandoned") || node.Has("retries")))
        {
            node.Problem(null, "has retries without a time-out", "give 'timeout' too");
        }

        return timeout is { } seconds ? new Patience(seconds, retries ?? 0, backoff ?? new Deterministic(0), abandoned == "dropped") : null;
    }

    /// <summary>Every class must have something to do, and time must pass in every round of a closed one.</summary>
    private static void RequireWork(QueueingModel model, IReadOnlyList<DocumentNode> classNodes)
    {
        var visits = model.TotalVisits();
        for (var c = 0; c < model.Classes.Count; c++)
        {
            if (Enumerable.Range(0, model.Stations.Count).All(k => visits[c, k] == 0))
            {
                classNodes[c].Problem(model.Classes[c].Name, "visits no station", "give it visits and service at a station, or routing");
            }
            else if (!model.Classes[c].IsOpen && model.Classes[c].ThinkTime.Mean == 0 && Enumerable.Range(0, model.Stations.Count).All(k => visits[c, k] == 0 || model.Stations[k].Service[c]!.Mean == 0))
            {
                classNodes[c].Problem(model.Classes[c].Name, "uses no time", "give it a think time or a service time above 0");
            }
        }
    }
}
