using Pleiad.Queueing.Model;
using Pleiad.Queueing.Solving;

namespace Pleiad.Queueing.Prediction;

/// <summary>
/// The cheapest servers that keep the objectives. More servers never make it worse, so that what fails rules out everything smaller. First a good answer is found by adding where it
/// helps most for its cost, then everything cheaper is tried, the cheapest first.
/// </summary>
internal sealed class ServerSearch
{
    /// <summary>Most variants tried after the first good one was found.</summary>
    private const int ProofMax = 60;

    private const int StepsMax = 200;

    private readonly Predictor _predictor;
    private readonly Workload _workload;
    private readonly double _load;
    private readonly IReadOnlyList<Objective> _objectives;
    private readonly QueueingModel _model;
    private readonly int[] _tiers;
    private readonly double[] _costs;
    private readonly List<int[]> _failed = [];

    public ServerSearch(Predictor predictor, Workload workload, double load, IReadOnlyList<Objective> objectives)
    {
        (_predictor, _workload, _load, _objectives, _model) = (predictor, workload, load, objectives, workload.Model);
        _tiers = [.. Enumerable.Range(0, _model.Stations.Count).Where(k => !_model.Stations[k].IsDelay && _model.Stations[k].Speed is null)];
        _costs = [.. _model.Stations.Select(station => station.Cost)];
    }

    /// <summary>The plan, or why there is none.</summary>
    public (Outcome? Plan, string? Note) Find()
    {
        var least = Least();
        var most = _model.Stations.Select((station, k) => _tiers.Contains(k) ? Math.Max(station.ServersMax, 1) : station.Servers).ToArray();
        if (_tiers.FirstOrDefault(k => least[k] > most[k], -1) is var over and >= 0)
        {
            return (null, $"station '{_model.Stations[over].Name}' would need {least[over]} servers and may have {most[over]}");
        }

        // With far more than enough, to see whether servers can help at all.
        var plenty = most.Zip(least, (high, low) => Math.Min(high, (low * 4) + 20)).ToArray();
        var best = _predictor.Try(_load, plenty);
        if (!best.IsGood)
        {
            var missed = best.Objectives.FirstOrDefault(each => !each.IsKept);
            return (null, best.Unstable is { } unstable
                ? $"station '{unstable}' stays unstable with any number of servers: its threads or capacity bind"
                : $"no number of servers keeps {missed?.Objective}: with more than enough it is {Shown(missed)}");
        }

        var found = Climb(least, most);
        if (found is null)
        {
            return (null, "no servers within the bounds keep the objectives");
        }

        return Prove(least, most, found);
    }

    /// <summary>Fewest servers with which nothing is full, nor above an objective's utilization.</summary>
    private int[] Least()
    {
        var demands = Demands.Of(_workload.At(_load, [.. _model.Stations.Select(station => station.Servers)]));
        return [.. _model.Stations.Select((station, k) =>
        {
            if (!_tiers.Contains(k))
            {
                return station.Servers;
            }

            var limit = _objectives.Where(each => each.Kind == ObjectiveKind.Utilization && (each.Of is null || each.Of == station.Name)).Select(each => each.Limit).Append(1).Min();
            var work = demands.OpenLoad(k);
            return Math.Max(1, (int)Math.Floor((work / limit) + 1e-9) + 1);
        })];
    }

    private Outcome? Climb(int[] least, int[] most)
    {
        var servers = (int[])least.Clone();
        for (var step = 0; step < StepsMax; step++)
        {
            var outcome = _predictor.Try(_load, servers);
            if (outcome.IsGood)
            {
                return outcome;
            }

            _failed.Add((int[])servers.Clone());
            var next = -1;
            if (outcome.Unstable is { } unstable)
            {
                next = _model.StationNamed(unstable);
            }

            if (next < 0 || !_tiers.Contains(next) || servers[next] >= most[next])
            {
                next = _tiers.Where(k => servers[k] < most[k]).Select(k => (Place: k, Gain: Gain(outcome, k) / Math.Max(1e-9, _costs[k]))).DefaultIfEmpty((Place: -1, Gain: 0)).MaxBy(each => each.Gain).Place;
            }

            if (next < 0)
            {
                return null;
            }

            servers[next]++;
        }

        return null;
    }

    /// <summary>Waiting time that one more server of a station takes away, about: that of M/M/c with its load.</summary>
    private static double Gain(Outcome outcome, int k)
    {
        if (outcome.Solution is not { } solution)
        {
            return 1;
        }

        var station = solution.Stations[k];
        var servers = outcome.Servers[k];
        var work = Math.Min(station.Utilization.Value * servers, servers - 1e-9);
        var own = station.Throughput.Value > 0 ? work / station.Throughput.Value : 0;
        var waiting = Math.Max(0, station.ResidenceTime.Value - (own * station.Throughput.Value / solution.System.Throughput.Value)) + ((station.ThreadsAwaited?.Value ?? 0) / solution.System.Throughput.Value);
        var (now, then) = (Exact.Formulas.WaitMMc(work, 1, servers), Exact.Formulas.WaitMMc(work, 1, servers + 1));
        var utilizationMissed = outcome.Objectives.Any(each => !each.IsKept && each.Objective.Kind == ObjectiveKind.Utilization && (each.Objective.Of ?? station.Name) == station.Name && station.Utilization.High > each.Objective.Limit);
        return (utilizationMissed ? 1e6 : 0) + (waiting * (now > 0 ? 1 - (then / now) : 0)) + 1e-12;
    }

    /// <summary>Tries everything cheaper than what was found, the cheapest first.</summary>
    private (Outcome Plan, string? Note) Prove(int[] least, int[] most, Outcome found)
    {
        var open = new PriorityQueue<int[], (double Cost, int Count)>();
        var seen = new HashSet<string>();
        Push(least);
        var tried = 0;
        while (open.TryDequeue(out var servers, out var rank) && Below(rank, Rank(found.Servers)))
        {
            if (!_failed.Any(failed => servers.Zip(failed, (mine, theirs) => mine <= theirs).All(isWithin => isWithin)))
            {
                if (tried++ == ProofMax)
                {
                    return (found, $"cheaper servers may do: only {ProofMax} other variants were tried");
                }

                var outcome = _predictor.Try(_load, servers);
                if (outcome.IsGood)
                {
                    return (outcome, null);
                }

                _failed.Add(servers);
            }

            foreach (var k in _tiers.Where(k => servers[k] < most[k]))
            {
                var more = (int[])servers.Clone();
                more[k]++;
                Push(more);
            }
        }

        return (found, null);

        void Push(int[] servers)
        {
            if (seen.Add(string.Join(',', servers)) && Below(Rank(servers), Rank(found.Servers)))
            {
                open.Enqueue(servers, Rank(servers));
            }
        }
    }

    private (double Cost, int Count) Rank(IReadOnlyList<int> servers) => (_tiers.Sum(k => servers[k] * _costs[k]), _tiers.Sum(k => servers[k]));

    private static bool Below((double Cost, int Count) a, (double Cost, int Count) b) => a.Cost < b.Cost - 1e-9 || (Math.Abs(a.Cost - b.Cost) <= 1e-9 && a.Count < b.Count);

    private static string Shown(ObjectiveResult? result) => result is null ? "not kept" : FormattableString.Invariant($"{result.Figure.Value:G3}{(result.Objective.Kind is ObjectiveKind.Mean or ObjectiveKind.Quantile ? " s" : "")}");
}
