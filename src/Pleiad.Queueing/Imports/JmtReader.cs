using System.Globalization;
using System.Xml.Linq;
using Pleiad.Distributions;
using Pleiad.Distributions.Arrivals;
using Pleiad.Queueing.Documents;
using Pleiad.Queueing.Model;

namespace Pleiad.Queueing.Imports;

/// <summary>Reads models of JMT's simulator (.jsimg): sources, sinks, delays and queues with FCFS, LCFS, PS and priorities, finite capacities, random and probabilistic routing.</summary>
internal sealed class JmtReader
{
    /// <summary>Routers that a customer passes one after the other at most.</summary>
    private const int RoundsMax = 1000;

    private readonly XElement _simulation;
    private readonly string _subject;
    private readonly List<string> _notUnderstood = [];
    private readonly List<XElement> _classes;
    private readonly List<XElement> _stations;
    private readonly Dictionary<string, XElement> _nodes;

    public JmtReader(XElement root, string subject)
    {
        _subject = subject;
        _simulation = root.Name.LocalName == "sim" ? root : root.Descendants("sim").FirstOrDefault() ?? throw Refuse(root, "sim", "is missing", "give a model of JMT's simulator");
        _classes = [.. _simulation.Elements("userClass")];
        _nodes = _simulation.Elements("node").ToDictionary(Name);
        _stations = [.. _nodes.Values.Where(node => Server(node) is not null || Section(node, "Delay") is not null)];
        foreach (var node in _nodes.Values.Except(_stations).Where(node => Section(node, "RandomSource") is null && Section(node, "JobSink") is null && Section(node, "Terminal") is null && !IsPassed(node)))
        {
            throw Refuse(node, Name(node), $"is of a kind that is not read ({string.Join(", ", node.Elements("section").Select(section => (string?)section.Attribute("className")))})", "sources, sinks, delays, queues, routers and loggers are");
        }

        foreach (var other in _simulation.Elements().Where(each => each.Name.LocalName is "blockingRegion"))
        {
            _notUnderstood.Add($"line {LqnxReader.LineOf(other)}: the finite capacity region is left out");
        }
    }

    public ImportedModel Read()
    {
        var classes = _classes.Select(Class).ToArray();
        var stations = _stations.Select(Station).ToArray();
        var model = new QueueingModel { Name = (string?)_simulation.Attribute("name") is { Length: > 0 } name ? Path.GetFileNameWithoutExtension(name) : Path.GetFileNameWithoutExtension(_subject), Classes = classes, Stations = stations };

        // The rules of model files hold here too: ways that lead out, stations with service.
        return new ImportedModel(ModelDocument.Parse(ModelWriter.Json(model), _subject), _notUnderstood);
    }

    private CustomerClass Class(XElement each)
    {
        var name = Name(each);
        var isOpen = (string?)each.Attribute("type") == "open";
        var reference = _nodes.GetValueOrDefault((string?)each.Attribute("referenceSource") ?? "") ?? throw Refuse(each, name, "has no reference station", "give the class one");
        var stations = _stations.Count;
        var next = _stations.Select(station => Row(station, name)).ToArray();
        double[] start;
        Distribution think = new Deterministic(0);
        ArrivalProcess? arrivals = null;
        if (isOpen)
        {
            var intervals = Parameter(Section(reference, "RandomSource"), "ServiceStrategy", name);
            arrivals = Bursts(intervals);
            arrivals ??= new RenewalArrivals(Times(intervals) ?? throw Refuse(reference, name, "has no time between arrivals", "give the source one"));
            arrivals = arrivals is RenewalArrivals { Interval: Exponential exponential } ? new PoissonArrivals(1 / exponential.Mean) : arrivals;
            start = Row(reference, name);
        }
        else
        {
            // A round begins behind the reference station and ends with it; a delay there is the think time.
            var at = _stations.IndexOf(reference);
            if (at < 0)
            {
                throw Refuse(each, name, "has a reference station that is no queue or delay", "give it one");
            }

            start = next[at];
            next[at] = new double[stations];
            if (Section(reference, "Delay") is not null)
            {
                think = Service(reference, name) ?? think;
                foreach (var row in next)
                {
                    row[at] = 0;
                }
            }
        }

        return new CustomerClass
        {
            Name = name,
            Arrivals = arrivals,
            Population = isOpen ? 0 : (int?)each.Attribute("customers") ?? 0,
            ThinkTime = think,
            Priority = (int?)each.Attribute("priority") ?? 0,
            Routing = new Routing(start, next),
        };
    }

    private Station Station(XElement node)
    {
        var isDelay = Section(node, "Delay") is not null;
        var isShared = Section(node, "PSServer") is not null;
        var server = Server(node);
        var queue = Section(node, "Queue");
        var capacity = Number(queue, "size");
        var drops = queue?.Elements("parameter").Where(each => (string?)each.Attribute("name") == "dropStrategies").Descendants("value").Select(value => value.Value).Distinct().ToArray() ?? [];
        if (capacity > 0 && drops.Any(drop => drop is not ("drop" or "BAS blocking")))
        {
            _notUnderstood.Add($"station {Name(node)}: full, it waits as JMT's '{drops[0]}' says; it is taken to block after service");
        }

        var shares = server?.Elements("parameter").Where(each => (string?)each.Attribute("name") == "PSStrategy").Descendants("subParameter").Select(each => ((string?)each.Attribute("classPath") ?? "").Split('.')[^1]).Distinct().ToArray() ?? [];
        if (isShared && shares.Any(share => share != "EPSStrategy"))
        {
            _notUnderstood.Add($"station {Name(node)}: '{string.Join(", ", shares)}' with weights is taken to share alike");
        }

        return new Station
        {
            Name = Name(node),
            Servers = (int)Math.Max(1, Number(server, "maxJobs") ?? Number(server, "numberOfServers") ?? 1),
            Discipline = isDelay ? Discipline.Delay : isShared ? Discipline.Ps : DisciplineOf(node, queue, Section(node, "PreemptiveServer") is not null),
            Capacity = capacity > 0 && !isDelay ? (int)capacity : null,
            WhenFull = drops.Contains("drop") || drops.Length == 0 ? WhenFull.Lose : WhenFull.Block,
            Visits = new double[_classes.Count],
            Service = [.. _classes.Select(each => Service(node, Name(each)))],
            Uncertainty = new double[_classes.Count],
            Calls = [.. _classes.Select(_ => (IReadOnlyList<Call>)[])],
        };
    }

    private Discipline DisciplineOf(XElement node, XElement? queue, bool interrupts)
    {
        var put = queue?.Elements("parameter").Where(each => ((string?)each.Attribute("name"))?.Contains("PutStrategy", StringComparison.OrdinalIgnoreCase) == true || (string?)each.Attribute("name") == "NetStrategy")
            .Descendants("subParameter").Select(each => ((string?)each.Attribute("classPath") ?? "").Split('.')[^1]).Distinct().ToArray() ?? [];
        switch (put)
        {
            case [] or ["TailStrategy"]:
                return Discipline.Fcfs;
            case ["TailStrategyPriority"]:
                return interrupts ? Discipline.PriorityPr : Discipline.Priority;
            case ["FCFSPRStrategyPriority"]:
                return Discipline.PriorityPr;
            case ["HeadStrategy"]:
                return Discipline.Lcfs;
            case ["RandStrategy"]:
                return Discipline.Random;
            case ["LCFSPRStrategy"]:
                return Discipline.LcfsPr;
            default:
                _notUnderstood.Add($"station {Name(node)}: order '{string.Join(", ", put)}' is taken to be first come, first served");
                return Discipline.Fcfs;
        }
    }

    private Distribution? Service(XElement node, string @class) => Times(Parameter(Server(node) ?? Section(node, "Delay"), "ServiceStrategy", @class));

    /// <summary>Probabilities of going from a node to each station, through routers and loggers that take no time; what is missing leaves.</summary>
    private double[] Row(XElement node, string @class)
    {
        var row = new double[_stations.Count];
        var through = new Dictionary<string, double> { [Name(node)] = 1 };

        // Routers may lead back to each other: what is still on its way becomes less with every round.
        for (var round = 0; through.Count > 0; round++)
        {
            if (round > RoundsMax)
            {
                throw Refuse(node, Name(node), $"sends class {@class} round routers without an end", "let one of them lead to a station or a sink");
            }

            var next = new Dictionary<string, double>();
            foreach (var (target, share) in through.SelectMany(from => Targets(_nodes[from.Key], @class).Select(to => (to.Node, Share: to.Share * from.Value))).Where(to => to.Share > 1e-15))
            {
                if (_stations.FindIndex(station => Name(station) == target) is >= 0 and var at)
                {
                    row[at] += share;
                }
                else if (_nodes.TryGetValue(target, out var passed) && IsPassed(passed))
                {
                    next[target] = next.GetValueOrDefault(target) + share;
                }
            }

            through = next;
        }

        return row;
    }

    /// <summary>The nodes that a class goes to next, with their probabilities, which JMT brings to a sum of 1.</summary>
    private IEnumerable<(string Node, double Share)> Targets(XElement node, string @class)
    {
        var targets = _simulation.Elements("connection").Where(each => (string?)each.Attribute("source") == Name(node)).Select(each => (string?)each.Attribute("target") ?? "").ToArray();
        var strategy = Parameter(Section(node, "Router"), "RoutingStrategy", @class);
        var kind = ((string?)strategy?.Attribute("classPath") ?? "").Split('.')[^1];
        if (kind == "EmpiricalStrategy")
        {
            var entries = strategy!.Descendants("subParameter").Where(each => (string?)each.Attribute("name") == "EmpiricalEntry")
                .Select(entry => (Node: Value(entry, "stationName") ?? "", Share: double.Parse(Value(entry, "probability") ?? "0", CultureInfo.InvariantCulture))).ToArray();
            var total = entries.Sum(entry => entry.Share);
            if (!(total > 0) || entries.Any(entry => !(entry.Share >= 0)))
            {
                throw Refuse(strategy!, Name(node), $"has no probabilities of going on for class {@class}", "give at least one above 0, and none below");
            }

            if (Math.Abs(total - 1) > 1e-9)
            {
                Note(FormattableString.Invariant($"node {Name(node)}, class {@class}: probabilities with a sum of {total:0.######} are divided by it, as JMT does"));
            }

            return entries.Select(entry => (entry.Node, entry.Share / total));
        }

        if (kind is not ("RandomStrategy" or "" or "DisabledRoutingStrategy") && targets.Length > 1)
        {
            Note($"node {Name(node)}, class {@class}: routing '{kind}' is taken to be random");
        }

        return targets.Select(target => (target, 1.0 / targets.Length));
    }

    private void Note(string line)
    {
        if (!_notUnderstood.Contains(line))
        {
            _notUnderstood.Add(line);
        }
    }

    /// <summary>Routers and loggers take no time.</summary>
    private static bool IsPassed(XElement node) => Section(node, "Router") is not null && Section(node, "RandomSource") is null && (Section(node, "ServiceTunnel") is not null || Section(node, "LogTunnel") is not null);

    private static XElement? Server(XElement node) => Section(node, "Server") ?? Section(node, "PSServer") ?? Section(node, "PreemptiveServer");

    /// <summary>A distribution by the names of JMT's parameters.</summary>
    private Distribution? Times(XElement? strategy)
    {
        if (strategy is null || ((string?)strategy.Attribute("classPath"))?.EndsWith("DisabledServiceTimeStrategy", StringComparison.Ordinal) == true)
        {
            return null;
        }

        if (((string?)strategy.Attribute("classPath"))?.EndsWith("ZeroServiceTimeStrategy", StringComparison.Ordinal) == true)
        {
            return new Deterministic(0);
        }

        var kind = strategy.Elements("subParameter").Select(each => (string?)each.Attribute("name")).FirstOrDefault() ?? "";
        double P(string name) => double.Parse(Value(strategy, name) ?? throw Refuse(strategy, kind, $"has no parameter '{name}'", "give the file as JMT wrote it"), CultureInfo.InvariantCulture);
        switch (kind)
        {
            case "Exponential":
                return new Exponential(1 / P("lambda"));
            case "Deterministic":
                return new Deterministic(P("t"));
            case "Erlang":
                return new Erlang(P("r") / P("alpha"), (int)P("r"));
            case "Hyperexponential":
                return new HyperExponential([P("p"), 1 - P("p")], [1 / P("lambda1"), 1 / P("lambda2")]);
            case "Uniform":
                return new Uniform(P("min"), P("max"));
            case "Gamma":
                return new Gamma(P("alpha"), P("beta"));
            case "Lognormal":
                return new LogNormal(P("mu"), P("sigma"));
            case "Weibull":
                return new Weibull(P("r"), P("alpha"));
            case "Pareto":
                return new Pareto(P("alpha"), P("k"));
            case "Coxian":
                // The second phase follows the first unless that was all.
                return new PhaseType([1, 0], [[-P("lambda0"), P("lambda0") * (1 - P("phi0"))], [0, -P("lambda1")]]);
            case "Phase-Type":
                return Phases(strategy);
            default:
                throw Refuse(strategy, kind.Length > 0 ? kind : "service", "is a distribution that is not read", "use exponential, deterministic, Erlang, hyperexponential, uniform, gamma, lognormal, Weibull, Pareto, Coxian or phase-type");
        }
    }

    private PhaseType Phases(XElement strategy)
    {
        double[] initial = [.. Vectors("alpha").SelectMany(row => row)];
        double[][] rates = [.. Vectors("T")];
        try
        {
            return new PhaseType([.. initial.Select(share => share / initial.Sum())], rates);
        }
        catch (ArgumentException error)
        {
            throw Refuse(strategy, "Phase-Type", $"cannot be used ({error.Message})", "give probabilities and rates of a chain that ends");
        }

        IEnumerable<double[]> Vectors(string name) => strategy.Descendants("subParameter").Where(each => (string?)each.Attribute("name") == name).Descendants("subParameter").Where(each => (string?)each.Attribute("name") == "vector")
            .Select(row => row.Elements("subParameter").Select(entry => double.Parse(entry.Element("value")?.Value ?? "0", CultureInfo.InvariantCulture)).ToArray());
    }

    /// <summary>Bursts of two rates are no intervals of their own.</summary>
    private static MarkovianArrivals? Bursts(XElement? strategy)
    {
        if (strategy is null || !strategy.Elements("subParameter").Any(each => (string?)each.Attribute("name") == "Burst (MMPP2)" || (string?)each.Attribute("classPath") == "jmt.engine.random.MMPP2Distr"))
        {
            return null;
        }

        double P(string name) => double.Parse(Value(strategy, name) ?? "0", CultureInfo.InvariantCulture);
        return MarkovianArrivals.Modulated([P("lambda0"), P("lambda1")], [[-P("sigma0"), P("sigma0")], [P("sigma1"), -P("sigma1")]]);
    }

    private static string Name(XElement element) => (string?)element.Attribute("name") ?? "";

    private static XElement? Section(XElement node, string className) => node.Elements("section").FirstOrDefault(each => (string?)each.Attribute("className") == className);

    private static double? Number(XElement? section, string name) =>
        section?.Elements("parameter").FirstOrDefault(each => (string?)each.Attribute("name") == name)?.Element("value") is { } value ? double.Parse(value.Value, CultureInfo.InvariantCulture) : null;

    private static string? Value(XElement element, string name) => element.Descendants("subParameter").FirstOrDefault(each => (string?)each.Attribute("name") == name)?.Element("value")?.Value;

    /// <summary>The entry of a parameter for one class: entries follow the names of their classes.</summary>
    private static XElement? Parameter(XElement? section, string name, string @class)
    {
        var found = section?.Elements("parameter").FirstOrDefault(each => (string?)each.Attribute("name") == name);
        var isNext = false;
        foreach (var child in found?.Elements() ?? [])
        {
            if (child.Name.LocalName == "refClass")
            {
                isNext = child.Value == @class;
            }
            else if (isNext && child.Name.LocalName == "subParameter")
            {
                return child;
            }
        }

        return null;
    }

    private DocumentException Refuse(XElement at, string path, string reason, string remedy) => new(_subject, [new DocumentProblem(LqnxReader.LineOf(at), path, null, reason, remedy)]);
}
