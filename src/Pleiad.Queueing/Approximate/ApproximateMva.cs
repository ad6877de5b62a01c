using Pleiad.Queueing.Model;
using Pleiad.Queueing.Solving;

namespace Pleiad.Queueing.Approximate;

/// <summary>
/// Approximate mean value analysis of closed and mixed networks: Linearizer (Chandy and Neuse 1982), whose first step is Schweitzer's (1979). Several servers become a quick server and
/// a delay (Seidmann et al. 1987); in turn, a customer waits for the rest of the one in service, S(1 + c²)/2, and for all before it (Reiser 1979); open classes take their share of a
/// server away.
/// </summary>
internal sealed class ApproximateMva
{
    private const int IterationsMax = 20_000;

    private readonly Demands _demands;
    private readonly bool _linearizes;
    private readonly int[] _closed;
    private readonly double[,] _service;
    private readonly double[,] _delay;
    private readonly double[] _openLoad;

    private ApproximateMva(Demands demands, bool linearizes)
    {
        (_demands, _linearizes) = (demands, linearizes);
        var model = demands.Model;
        _closed = [.. Enumerable.Range(0, demands.Classes).Where(c => !model.Classes[c].IsOpen)];
        _service = new double[demands.Classes, demands.Stations];
        _delay = new double[demands.Classes, demands.Stations];
        _openLoad = new double[demands.Stations];
        for (var k = 0; k < demands.Stations; k++)
        {
            var station = model.Stations[k];
            var servers = station.IsDelay ? 1 : station.Servers;
            _openLoad[k] = station.IsDelay ? 0 : demands.OpenLoad(k) / servers;
            for (var c = 0; c < demands.Classes; c++)
            {
                var mean = station.Service[c]?.Mean ?? 0;
                _service[c, k] = station.IsDelay ? 0 : mean / servers;
                _delay[c, k] = station.IsDelay ? mean : mean * (servers - 1) / servers;
            }
        }
    }

    /// <summary>Why it does not cover the model, or null.</summary>
    public static string? Obstacle(QueueingModel model) =>
        model.Stations.FirstOrDefault(station => station.Capacity is not null) is { } bounded ? $"station '{bounded.Name}' has a capacity"
        : model.Stations.FirstOrDefault(station => station.Threads is not null) is { } layered ? $"station '{layered.Name}' holds threads"
        : model.Classes.FirstOrDefault(each => each.Patience is not null) is { } impatient ? $"class '{impatient.Name}' has a time-out"
        : model.Stations.FirstOrDefault(station => station.Discipline is Discipline.Priority or Discipline.PriorityPr) is { } prefers && model.Classes.Select(each => each.Priority).Distinct().Count() > 1 ? $"station '{prefers.Name}' prefers some classes"
        : !model.IsOpen && model.Stations.FirstOrDefault(station => station.Speed is not null) is { } varying ? $"the speed of station '{varying.Name}' depends on its customers"
        : OpenStation.WithoutVariance(model) is { } wild ? $"times at station '{wild.Name}' have an infinite variance"
        : null;

    public static Solution Solve(QueueingModel model, bool linearizes, string reason)
    {
        Stability.Require(model);
        var demands = Demands.Of(model);
        var analysis = new ApproximateMva(demands, linearizes);
        var (throughput, customers) = analysis.Run();
        return SolutionWriter.Write(demands, new Means(throughput, customers), linearizes ? "approximate mean value analysis (Linearizer)" : "approximate mean value analysis (Schweitzer)", reason, isExact: false);
    }

    private (double[] Throughput, double[,] Customers) Run()
    {
        var full = _closed.Select(c => _demands.Population[c]).ToArray();
        var fractions = new double[_closed.Length, _demands.Stations, _closed.Length];
        var (x, q) = Core(full, fractions);
        for (var round = 0; _linearizes && round < 3; round++)
        {
            // How the shares Q/N change when one customer of class s is missing.
            var changed = new double[_closed.Length, _demands.Stations, _closed.Length];
            for (var s = 0; s < _closed.Length; s++)
            {
                if (full[s] == 0)
                {
                    continue;
                }

                var less = (int[])full.Clone();
                less[s]--;
                var (_, fewer) = Core(less, fractions);
                for (var r = 0; r < _closed.Length; r++)
                {
                    for (var k = 0; k < _demands.Stations; k++)
                    {
                        changed[r, k, s] = less[r] > 0 && full[r] > 0 ? (fewer[r, k] / less[r]) - (q[r, k] / full[r]) : 0;
                    }
                }
            }

            fractions = changed;
            (x, q) = Core(full, fractions);
        }

        return Complete(x, q);
    }

    /// <summary>Schweitzer's iteration with given corrections.</summary>
    private (double[] Throughput, double[,] Customers) Core(int[] n, double[,,] fractions)
    {
        var (classes, stations) = (_closed.Length, _demands.Stations);
        var q = new double[classes, stations];
        var x = new double[classes];
        for (var r = 0; r < classes; r++)
        {
            for (var k = 0; k < stations; k++)
            {
                q[r, k] = _demands.Total(_closed[r]) > 0 ? n[r] * _demands.Demand[_closed[r], k] / _demands.Total(_closed[r]) : 0;
            }
        }

        for (var iteration = 0; iteration < IterationsMax; iteration++)
        {
            var change = 0.0;
            var next = new double[classes, stations];
            var rates = new double[classes];
            for (var r = 0; r < classes; r++)
            {
                if (n[r] == 0)
                {
                    continue;
                }

                var residence = new double[stations];
                var cycle = _demands.Think[_closed[r]];
                for (var k = 0; k < stations; k++)
                {
                    residence[k] = Residence(r, k, n, q, x, fractions);
                    cycle += residence[k];
                }

                rates[r] = n[r] / cycle;
                for (var k = 0; k < stations; k++)
                {
                    next[r, k] = rates[r] * residence[k];
                    change = Math.Max(change, Math.Abs(next[r, k] - q[r, k]) / n[r]);
                }
            }

            (q, x) = (next, rates);
            if (change < 1e-10)
            {
                break;
            }
        }

        return (x, q);
    }

    private double Residence(int r, int k, int[] n, double[,] q, double[] x, double[,,] fractions)
    {
        var c = _closed[r];
        var visits = _demands.Visits[c, k];
        if (visits == 0)
        {
            return 0;
        }

        if (_service[c, k] == 0)
        {
            return visits * _delay[c, k];
        }

        var station = _demands.Model.Stations[k];
        var inTurn = station.Discipline is not (Discipline.Ps or Discipline.LcfsPr);
        var seen = 0.0;
        for (var s = 0; s < _closed.Length; s++)
        {
            if (n[s] == 0 || _demands.Visits[_closed[s], k] == 0)
            {
                continue;
            }

            // What an arriving customer of class r finds of class s, without those in the delay part.
            var others = s == r ? n[s] - 1 : n[s];
            var found = Math.Max(0, others * ((q[s, k] / n[s]) + fractions[s, k, r]));
            var share = x[s] * _demands.Visits[_closed[s], k];
            found = Math.Max(0, found - (share * _delay[_closed[s], k] * others / n[s]));
            var time = inTurn ? _service[_closed[s], k] : _service[c, k];
            seen += found * time;
            if (inTurn)
            {
                var busy = Math.Min(1, share * time) * others / n[s];
                seen += busy * time * ((station.Service[_closed[s]]!.SquaredVariation - 1) / 2);
            }
        }

        return visits * (_delay[c, k] + ((_service[c, k] + Math.Max(0, seen)) / (1 - _openLoad[k])));
    }

    private (double[] Throughput, double[,] Customers) Complete(double[] x, double[,] q)
    {
        var throughput = (double[])_demands.Rate.Clone();
        var customers = new double[_demands.Classes, _demands.Stations];
        for (var r = 0; r < _closed.Length; r++)
        {
            throughput[_closed[r]] = x[r];
            for (var k = 0; k < _demands.Stations; k++)
            {
                customers[_closed[r], k] = q[r, k];
            }
        }

        for (var k = 0; k < _demands.Stations; k++)
        {
            var closed = Enumerable.Range(0, _closed.Length).Sum(r => Math.Max(0, q[r, k] - (x[r] * _demands.Visits[_closed[r], k] * _delay[_closed[r], k])));
            var alone = _openLoad[k] > 0 && closed == 0 ? OpenStation.VisitTimes(_demands, k, 1) : null;
            for (var c = 0; c < _demands.Classes; c++)
            {
                if (_demands.Model.Classes[c].IsOpen && _demands.Demand[c, k] > 0)
                {
                    var time = alone?[c] ?? (_delay[c, k] + (_service[c, k] * (1 + closed) / (1 - _openLoad[k])));
                    customers[c, k] = _demands.Rate[c] * _demands.Visits[c, k] * time;
                }
            }
        }

        return (throughput, customers);
    }
}
