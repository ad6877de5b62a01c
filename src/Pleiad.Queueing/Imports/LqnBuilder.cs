using Pleiad.Distributions;
using Pleiad.Distributions.Arrivals;
using Pleiad.Queueing.Documents;
using Pleiad.Queueing.Model;

namespace Pleiad.Queueing.Imports;

/// <summary>
/// Makes a model of a layered queueing network: customers of each reference task are a closed class, each open arrival an open one; a task is a station with its threads and its
/// processor's servers. A processor with several tasks is a station that they call.
/// </summary>
internal sealed class LqnBuilder
{
    private readonly LqnModel _network;
    private readonly List<CustomerClass> _classes = [];
    private readonly List<Dictionary<string, double>> _starts = [];
    private readonly List<Dictionary<string, double>> _visits = [];
    private readonly LqnTask[] _tasks;
    private readonly LqnProcessor[] _shared;
    private readonly Dictionary<string, int> _places = [];

    private LqnBuilder(LqnModel network, string subject)
    {
        _network = network;
        var problems = network.Tasks.Values.Where(task => !network.Processors.ContainsKey(task.Processor)).Select(task => new DocumentProblem(null, task.Name, task.Processor, "runs on a processor that is not there", "define the processor"))
            .Concat(network.Entries.Values.SelectMany(entry => entry.Calls.Keys.Concat(entry.Forwards.Keys).Where(to => TaskOf(to) is null).Select(to => new DocumentProblem(null, entry.Name, to, "calls an entry that no task offers", "define the entry")))).ToArray();
        if (problems.Length > 0)
        {
            throw new DocumentException(subject, problems);
        }

        foreach (var entry in network.Entries.Values.Where(entry => entry.OpenRate > 0 && entry.Forwards.Count > 0))
        {
            network.NotUnderstood.Add($"entry {entry.Name}: what it hands on of open arrivals is left out");
        }

        HandOn(subject);

        // Demands are given for a processor of speed 1.
        foreach (var task in network.Tasks.Values)
        {
            foreach (var entry in task.Entries)
            {
                network.Entries[entry].DemandSeconds /= network.Processors[task.Processor].Speed;
            }
        }

        AddClasses(subject);

        // Customers without work of their own are only a class.
        _tasks = [.. network.Tasks.Values.Where(task => !task.IsReference || task.Entries.Sum(entry => network.Entries[entry].DemandSeconds) > 0)];
        _shared = [.. network.Processors.Values.Where(processor => _tasks.Count(task => task.Processor == processor.Name) > 1)];
        foreach (var task in _tasks)
        {
            _places[task.Name] = _places.Count;
        }

        foreach (var processor in _shared)
        {
            _places[$"processor {processor.Name}"] = _places.Count;
        }
    }

    public static ImportedModel Build(LqnModel network, string subject)
    {
        var builder = new LqnBuilder(network, subject);
        var stations = builder._tasks.Select(builder.Station).Concat(builder._shared.Select(builder.Processor)).ToArray();
        var model = new QueueingModel { Name = Path.GetFileNameWithoutExtension(subject), Classes = builder._classes, Stations = stations };

        // What holds for model files holds here: no circles, no station without work.
        model = ModelDocument.Parse(ModelWriter.Json(model), subject);
        return new ImportedModel(model, network.NotUnderstood);
    }

    /// <summary>
    /// Who called waits for the answer of those to whom the request is handed on, while the first is free again: the caller's calls go to them too, as often as it is handed on.
    /// </summary>
    private void HandOn(string subject)
    {
        for (var round = 0; _network.Entries.Values.Any(entry => entry.Calls.Keys.Any(to => Pending(entry, to))); round++)
        {
            if (round > _network.Entries.Count)
            {
                throw new DocumentException(subject, [new(null, "forwarding", null, "hands requests on in a circle", "let somebody answer")]);
            }

            foreach (var entry in _network.Entries.Values)
            {
                foreach (var to in entry.Calls.Keys.Where(to => Pending(entry, to)).ToArray())
                {
                    var added = entry.Calls[to] - entry.HandedOn.GetValueOrDefault(to);
                    entry.HandedOn[to] = entry.Calls[to];
                    foreach (var (next, share) in _network.Entries[to].Forwards)
                    {
                        entry.Calls[next] = entry.Calls.GetValueOrDefault(next) + (added * share);
                    }
                }
            }
        }

        bool Pending(LqnEntry entry, string to) => _network.Entries[to].Forwards.Count > 0 && entry.Calls[to] > entry.HandedOn.GetValueOrDefault(to) * (1 + 1e-12);
    }

    private LqnTask? TaskOf(string entry) => _network.Tasks.Values.FirstOrDefault(task => task.Entries.Contains(entry));

    private void AddClasses(string subject)
    {
        foreach (var task in _network.Tasks.Values.Where(task => task.IsReference))
        {
            if (task.Threads is not { } customers)
            {
                throw new DocumentException(subject, [new(null, task.Name, null, "has infinitely many customers", "give the reference task a multiplicity")]);
            }

            _classes.Add(new CustomerClass { Name = task.Name, Population = customers, ThinkTime = task.ThinkSeconds > 0 ? new Exponential(task.ThinkSeconds) : new Deterministic(0), Priority = task.Priority });
            _starts.Add(task.Entries.ToDictionary(entry => entry, _ => 1.0));
        }

        foreach (var entry in _network.Entries.Values.Where(entry => entry.OpenRate > 0))
        {
            _classes.Add(new CustomerClass { Name = $"arrivals at {entry.Name}", Arrivals = new PoissonArrivals(entry.OpenRate) });
            _starts.Add(new Dictionary<string, double> { [entry.Name] = 1 });
        }

        foreach (var start in _starts)
        {
            var total = new Dictionary<string, double>();
            var wave = start;
            for (var round = 0; round <= _network.Entries.Count && wave.Count > 0; round++)
            {
                var next = new Dictionary<string, double>();
                foreach (var (name, count) in wave)
                {
                    total[name] = total.GetValueOrDefault(name) + count;
                    foreach (var (to, mean) in _network.Entries[name].Calls)
                    {
                        next[to] = next.GetValueOrDefault(to) + (count * mean);
                    }
                }

                wave = next;
            }

            _visits.Add(total);
        }

        foreach (var task in _network.Tasks.Values.Where(task => !task.IsReference && task.Entries.Count > 1))
        {
            _network.NotUnderstood.Add($"task {task.Name}: its {task.Entries.Count} entries are mixed into one service time for each class, by how often they are called");
        }
    }

    private double VisitsOf(int @class, LqnTask task) => task.Entries.Sum(entry => _visits[@class].GetValueOrDefault(entry));

    private double DemandOf(int @class, LqnTask task) =>
        VisitsOf(@class, task) is > 0 and var visits ? task.Entries.Sum(entry => _visits[@class].GetValueOrDefault(entry) * _network.Entries[entry].DemandSeconds) / visits : 0;

    /// <summary>Calls per visit of a task, by called task.</summary>
    private Dictionary<LqnTask, double> CallsOf(int @class, LqnTask task)
    {
        var calls = new Dictionary<LqnTask, double>();
        var visits = VisitsOf(@class, task);
        foreach (var (entry, to, mean) in task.Entries.SelectMany(entry => _network.Entries[entry].Calls.Select(call => (entry, call.Key, call.Value))))
        {
            if (visits > 0)
            {
                var called = TaskOf(to)!;
                calls[called] = calls.GetValueOrDefault(called) + (_visits[@class].GetValueOrDefault(entry) * mean / visits);
            }
        }

        return calls;
    }

    private Station Station(LqnTask task)
    {
        var processor = _network.Processors[task.Processor];
        var isShared = _shared.Contains(processor);
        var classes = Enumerable.Range(0, _classes.Count).ToArray();
        var calls = classes.Select(c =>
        {
            var list = CallsOf(c, task).Where(call => call.Value > 0 && _places.ContainsKey(call.Key.Name)).Select(call => new Call(_places[call.Key.Name], call.Value, !task.Entries.Any(entry => _network.Entries[entry].IsFixedCalls))).ToList();
            if (isShared && DemandOf(c, task) > 0)
            {
                list.Add(new Call(_places[$"processor {processor.Name}"], 1, true));
            }

            return (IReadOnlyList<Call>)list;
        }).ToArray();
        return new Station
        {
            Name = task.Name,
            Servers = processor.Servers ?? 1,
            Discipline = isShared || processor.Servers is null ? Discipline.Delay : DisciplineOf(processor),
            Threads = task.IsReference ? null : task.Threads,
            Visits = [.. classes.Select(c => TopVisits(c, task))],
            Service = [.. classes.Select(c => VisitsOf(c, task) == 0 ? null : !isShared && DemandOf(c, task) is > 0 and var demand ? new Exponential(demand) : (Distribution)new Deterministic(0))],
            Uncertainty = new double[_classes.Count],
            Calls = calls,
        };
    }

    private Station Processor(LqnProcessor processor)
    {
        var tasks = _tasks.Where(task => task.Processor == processor.Name).ToArray();
        var service = Enumerable.Range(0, _classes.Count).Select(c =>
        {
            var visits = tasks.Where(task => DemandOf(c, task) > 0).Sum(task => VisitsOf(c, task));
            return visits > 0 ? (Distribution)new Exponential(tasks.Sum(task => VisitsOf(c, task) * DemandOf(c, task)) / visits) : null;
        }).ToArray();
        _network.NotUnderstood.Add($"processor {processor.Name} serves {tasks.Length} tasks: each class has the mean of their demands there");
        return new Station
        {
            Name = $"processor {processor.Name}",
            Servers = processor.Servers ?? 1,
            Discipline = processor.Servers is null ? Discipline.Delay : DisciplineOf(processor),
            Visits = new double[_classes.Count],
            Service = service,
            Uncertainty = new double[_classes.Count],
            Calls = [.. _classes.Select(_ => (IReadOnlyList<Call>)[])],
        };
    }

    /// <summary>Visits that an interaction makes itself: of the customers' own station, or what customers without work call.</summary>
    private double TopVisits(int @class, LqnTask task)
    {
        if (_starts[@class].Keys.Any(task.Entries.Contains))
        {
            return _starts[@class].Where(start => task.Entries.Contains(start.Key)).Sum(start => start.Value);
        }

        var customers = _network.Tasks.Values.FirstOrDefault(each => each.IsReference && each.Name == _classes[@class].Name);
        return customers is null || _places.ContainsKey(customers.Name) ? 0 : CallsOf(@class, customers).GetValueOrDefault(task) * VisitsOf(@class, customers);
    }

    private Discipline DisciplineOf(LqnProcessor processor)
    {
        switch (processor.Scheduling)
        {
            case "s" or "ps":
                return Discipline.Ps;
            case "f" or "fcfs":
                return Discipline.Fcfs;
            case "r" or "rand":
                return Discipline.Random;
            case "h" or "hol":
                return Discipline.Priority;
            case "p" or "pp":
                return Discipline.PriorityPr;
            default:
                _network.NotUnderstood.Add($"processor {processor.Name}: scheduling '{processor.Scheduling}' is taken to be first come, first served");
                return Discipline.Fcfs;
        }
    }
}
