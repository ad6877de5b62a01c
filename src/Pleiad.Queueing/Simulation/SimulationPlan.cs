using Pleiad.Distributions;
using Pleiad.Queueing.Model;

namespace Pleiad.Queueing.Simulation;

/// <summary>
/// The stations that follow each other, made from mean numbers of visits: v visits to a station are ⌊v⌋ entries and one more that is skipped with the probability that is missing.
/// Visits to several stations are interleaved evenly, in the order of the list where they fall together: 1, 1, 1 is the chain of tiers.
/// </summary>
internal sealed class Itinerary
{
    /// <summary>Beyond this many entries a way is drawn step by step instead.</summary>
    private const double EntriesMax = 10_000;

    private readonly (int Station, double Probability)[] _entries = [];
    private readonly bool _isGeometric;
    private readonly double _end;

    private Itinerary((int Station, double Probability)[] entries, bool isGeometric, double end) => (_entries, _isGeometric, _end) = (entries, isGeometric, end);

    public static Itinerary Of(IEnumerable<(int Station, double Mean)> visits, bool isGeometric = false)
    {
        var wanted = visits.Where(visit => visit.Mean > 0).ToArray();
        var total = wanted.Sum(visit => visit.Mean);
        if (isGeometric || total > EntriesMax)
        {
            // Before each step: end with 1/(1 + total), so that the mean number of steps is the total.
            return new Itinerary([.. wanted.Select(visit => (visit.Station, visit.Mean / total))], true, 1 / (1 + total));
        }

        var entries = new List<(double Place, int Order, int Station, double Probability)>();
        for (var order = 0; order < wanted.Length; order++)
        {
            var (station, mean) = wanted[order];

            // 0.1 + 0.2 + 0.7 visits are one visit.
            var count = (int)Math.Ceiling(mean - 1e-9);
            for (var i = 0; i < count; i++)
            {
                entries.Add(((double)i / count, order, station, i < count - 1 ? 1 : Math.Min(1, mean - (count - 1))));
            }
        }

        return new Itinerary([.. entries.OrderBy(entry => entry.Place).ThenBy(entry => entry.Order).Select(entry => (entry.Station, entry.Probability))], false, 0);
    }

    /// <summary>Stations with the probability of going there: one after the other, or at each step of a geometric number of them.</summary>
    public IReadOnlyList<(int Station, double Probability)> Entries => _entries;

    /// <summary>Whether each step is drawn anew, and may be the last.</summary>
    public bool IsGeometric => _isGeometric;

    /// <summary>Probability that a step of a geometric number is the end.</summary>
    public double End => _end;

    /// <summary>The next station, or -1 at the end.</summary>
    public int Next(ref int step, Distributions.Random.RandomStream random)
    {
        if (_isGeometric)
        {
            var u = random.NextDouble();
            if (u < _end)
            {
                return -1;
            }

            u = (u - _end) / (1 - _end);
            for (var i = 0; i < _entries.Length - 1; i++)
            {
                if (u < _entries[i].Probability)
                {
                    return _entries[i].Station;
                }

                u -= _entries[i].Probability;
            }

            return _entries[^1].Station;
        }

        while (step < _entries.Length)
        {
            ref var entry = ref _entries[step++];
            if (entry.Probability >= 1 || random.NextDouble() < entry.Probability)
            {
                return entry.Station;
            }
        }

        return -1;
    }
}

/// <summary>What all replications of a model share, worked out once.</summary>
internal sealed class SimulationPlan
{
    public SimulationPlan(QueueingModel model)
    {
        Model = model;
        var (stations, classes) = (model.Stations.Count, model.Classes.Count);
        Service = new Distribution?[stations * classes];
        Calls = new Itinerary?[stations * classes];
        Way = new Itinerary?[classes];
        HasUncertainty = model.Stations.Any(station => station.Uncertainty.Any(u => u > 0));
        for (var c = 0; c < classes; c++)
        {
            Way[c] = model.Classes[c].Routing is null ? Itinerary.Of(model.Stations.Select((station, at) => (at, station.Visits[c]))) : null;
            for (var k = 0; k < stations; k++)
            {
                var station = model.Stations[k];
                var calls = station.Calls[c];
                if (calls.Count > 0)
                {
                    // A visit's work is spread evenly before, between and after its calls.
                    Calls[(k * classes) + c] = Itinerary.Of(calls.Select(call => (call.Station, call.Mean)), calls.Any(call => call.Geometric));
                    Service[(k * classes) + c] = station.Service[c]?.Scaled(1 / (1 + calls.Sum(call => call.Mean)));
                }
                else
                {
                    Service[(k * classes) + c] = station.Service[c];
                }
            }
        }
    }

    public QueueingModel Model { get; }

    /// <summary>Time on a server between two calls, by station and class.</summary>
    public Distribution?[] Service { get; }

    public Itinerary?[] Calls { get; }

    public Itinerary?[] Way { get; }

    public bool HasUncertainty { get; }
}
