using Pleiad.Distributions.Arrivals;
using Pleiad.Queueing.Exact;
using Pleiad.Queueing.Model;
using Pleiad.Queueing.Solving;

namespace Pleiad.Queueing.Approximate;

/// <summary>
/// Layered models of one class, whose calls form a tree: each pool of threads, with its servers and all that it calls, becomes one station whose speed with n requests is that of a
/// closed network with min(n, threads) requests (flow-equivalent stations: Chandy, Herzog and Woo 1975; for pools: Lazowska et al. 1984, chapter 9). Pools are replaced from the innermost
/// out; what goes on within them follows from how many requests are there.
/// </summary>
internal sealed class LayeredSolver
{
    private const int CustomersMax = 3000;

    private readonly QueueingModel _model;
    private readonly Dictionary<int, FlowEquivalent> _inner = [];
    private readonly double[] _customers;
    private readonly double?[] _held;
    private readonly double?[] _awaited;

    private LayeredSolver(QueueingModel model)
    {
        _model = model;
        (_customers, _held, _awaited) = (new double[model.Stations.Count], new double?[model.Stations.Count], new double?[model.Stations.Count]);
    }

    public static string? Obstacle(QueueingModel model)
    {
        var callers = model.Stations.SelectMany((station, k) => station.Calls[0].Select(call => (Caller: k, call.Station))).ToList();
        return model.Classes.Count > 1 ? "it has several classes and threads"
            : model.Classes[0].Patience is not null ? "its class has a time-out"
            : model.Classes[0].Arrivals is not null and not PoissonArrivals ? "its class does not arrive as Poisson"
            : model.Stations.Any(station => station.Capacity is not null) ? "a station has a capacity"
            : callers.GroupBy(call => call.Station).FirstOrDefault(group => group.Count() > 1) is { } shared ? $"station '{model.Stations[shared.Key].Name}' is called by several stations"
            : callers.FirstOrDefault(each => model.Stations[each.Station].Visits[0] > 0, (Caller: -1, Station: -1)) is var both && both.Caller >= 0 ? $"station '{model.Stations[both.Station].Name}' is called and visited"
            : Widest(model) > CustomersMax ? $"more than {CustomersMax} requests may be in it at once"
            : null;
    }

    public static Solution Solve(QueueingModel model, string reason)
    {
        Stability.Require(model);
        return new LayeredSolver(model).Run(reason);
    }

    private static int Widest(QueueingModel model) => Math.Max(model.Classes[0].Population, model.Stations.Max(station => station.ThreadsTotal ?? 0));

    private Solution Run(string reason)
    {
        var @class = _model.Classes[0];
        var parts = Enumerable.Range(0, _model.Stations.Count).Where(k => _model.Stations[k].Visits[0] > 0).SelectMany(k => Parts(k, _model.Stations[k].Visits[0])).ToArray();
        double throughput;
        if (@class.Population > 0 || !@class.IsOpen)
        {
            var whole = new FlowEquivalent(parts, @class.ThinkTime.Mean, @class.Population);
            throughput = whole.Throughput(@class.Population);
            foreach (var part in parts)
            {
                Spread(part, whole.Marginal(part, @class.Population));
            }
        }
        else
        {
            throughput = @class.Arrivals!.RatePerSecond;
            foreach (var part in parts)
            {
                Spread(part, OpenMarginal(part, throughput));
            }
        }

        var demands = Demands.Of(_model);
        var customers = new double[1, _model.Stations.Count];
        for (var k = 0; k < _model.Stations.Count; k++)
        {
            customers[0, k] = _customers[k];
        }

        return SolutionWriter.Write(demands, new Means([throughput], customers) { ThreadsHeld = _held, ThreadsAwaited = _awaited }, "layers by flow-equivalent stations", reason, isExact: false);
    }

    /// <summary>A station and what it calls, as stations of one network: one for a pool, else its servers and each called station beside each other.</summary>
    private IEnumerable<LayerPart> Parts(int k, double visits)
    {
        var station = _model.Stations[k];
        if (station.ThreadsTotal is { } threads)
        {
            var inside = Own(k, 1).Concat(station.Calls[0].SelectMany(call => Parts(call.Station, call.Mean))).ToArray();
            var equivalent = new FlowEquivalent(inside, 0, threads);
            _inner[k] = equivalent;
            return [new LayerPart(k, visits, true, n => equivalent.Throughput(Math.Min(n, threads)))];
        }

        // Threads without a bound hold nothing back.
        return Own(k, visits).Concat(station.Calls[0].SelectMany(call => Parts(call.Station, visits * call.Mean)));
    }

    private IEnumerable<LayerPart> Own(int k, double visits)
    {
        var station = _model.Stations[k];
        var mean = station.Service[0]!.Mean;
        return mean == 0 ? [] : [new LayerPart(k, visits, false, n => station.SpeedWith(n) / mean)];
    }

    /// <summary>Adds what goes on at a part, given the probabilities of the numbers there.</summary>
    private void Spread(LayerPart part, double[] probabilities)
    {
        if (!part.IsPool)
        {
            _customers[part.Station] += probabilities.Select((p, n) => p * n).Sum();
            return;
        }

        var threads = _model.Stations[part.Station].ThreadsTotal!.Value;
        var inside = new double[threads + 1];
        var waiting = 0.0;
        for (var n = 0; n < probabilities.Length; n++)
        {
            inside[Math.Min(n, threads)] += probabilities[n];
            waiting += probabilities[n] * Math.Max(0, n - threads);
        }

        _customers[part.Station] += waiting;
        _held[part.Station] = (_held[part.Station] ?? 0) + inside.Select((p, n) => p * n).Sum();
        _awaited[part.Station] = (_awaited[part.Station] ?? 0) + waiting;
        var equivalent = _inner[part.Station];
        foreach (var child in equivalent.Parts)
        {
            var sum = new double[threads + 1];
            for (var n = 0; n <= threads; n++)
            {
                if (inside[n] < 1e-15)
                {
                    continue;
                }

                var given = equivalent.Marginal(child, n);
                for (var i = 0; i < given.Length; i++)
                {
                    sum[i] += inside[n] * given[i];
                }
            }

            Spread(child, sum);
        }
    }

    /// <summary>Numbers at a station of an open network: births at λV, deaths at its rate with n.</summary>
    private double[] OpenMarginal(LayerPart part, double throughput)
    {
        var rate = throughput * part.Visits;
        var limit = part.IsPool ? _model.Stations[part.Station].ThreadsTotal!.Value : _model.Stations[part.Station].IsDelay ? int.MaxValue : Math.Max(_model.Stations[part.Station].Servers, _model.Stations[part.Station].Speed?.Count ?? 0);
        if (limit < int.MaxValue && part.Rate(limit) <= rate)
        {
            throw Stability.Unstable(_model, part.Station, null);
        }

        var p = new List<double> { 1 };
        double sum = 1;
        for (var n = 1; n < 2_000_000 && (p[^1] > 1e-14 * sum || n <= rate / part.Rate(1)); n++)
        {
            p.Add(p[^1] * rate / part.Rate(n));
            sum += p[^1];
            if (sum > 1e200)
            {
                for (var i = 0; i < p.Count; i++)
                {
                    p[i] /= sum;
                }

                sum = 1;
            }
        }

        return [.. p.Select(each => each / sum)];
    }
}

/// <summary>A station of an equivalent network.</summary>
/// <param name="Station">Which station of the model.</param>
/// <param name="Visits">Visits in one passage through the network.</param>
/// <param name="IsPool">Whether it stands for a whole pool.</param>
/// <param name="Rate">Visits done per second with n requests there.</param>
internal sealed record LayerPart(int Station, double Visits, bool IsPool, Func<int, double> Rate);

/// <summary>A closed network of one class with stations of any speed, for all populations up to a limit.</summary>
internal sealed class FlowEquivalent
{
    private readonly Wide[][] _factors;
    private readonly Wide[] _whole;
    private readonly Dictionary<LayerPart, Wide[]> _without = [];
    private readonly double _think;
    private readonly int _most;

    public FlowEquivalent(LayerPart[] parts, double think, int most)
    {
        (Parts, _think, _most) = (parts, think, most);
        _factors = [.. parts.Select(part =>
        {
            var factors = new Wide[most + 1];
            factors[0] = Wide.One;
            for (var n = 1; n <= most; n++)
            {
                factors[n] = part.Visits / part.Rate(n) * factors[n - 1];
            }

            return factors;
        })];
        _whole = Product(-1);
    }

    public IReadOnlyList<LayerPart> Parts { get; }

    /// <summary>Passages per second with that many requests.</summary>
    public double Throughput(int customers) => customers == 0 ? 0 : Wide.Ratio(_whole[customers - 1], _whole[customers]);

    /// <summary>Probabilities of 0 … n requests at a part when n are in the network.</summary>
    public double[] Marginal(LayerPart part, int customers)
    {
        var k = Parts.ToList().IndexOf(part);
        if (!_without.TryGetValue(part, out var without))
        {
            _without[part] = without = Product(k);
        }

        return [.. Enumerable.Range(0, customers + 1).Select(n => Wide.Ratio(_factors[k][n] * without[customers - n], _whole[customers]))];
    }

    private Wide[] Product(int except)
    {
        var g = new Wide[_most + 1];
        g[0] = Wide.One;
        for (var n = 1; n <= _most; n++)
        {
            g[n] = _think / n * g[n - 1];
        }

        for (var k = 0; k < _factors.Length; k++)
        {
            if (k == except)
            {
                continue;
            }

            var next = new Wide[_most + 1];
            for (var n = 0; n <= _most; n++)
            {
                for (var i = 0; i <= n; i++)
                {
                    if (!g[n - i].IsZero)
                    {
                        next[n] += _factors[k][i] * g[n - i];
                    }
                }
            }

            g = next;
        }

        return g;
    }
}
