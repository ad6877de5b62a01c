using Pleiad.Queueing.Model;
using Pleiad.Queueing.Solving;

namespace Pleiad.Queueing.Exact.Chains;

/// <summary>Means over the states of a chain.</summary>
internal sealed class ChainFigures
{
    private readonly ChainPlan _plan;
    private readonly QueueingModel _model;
    private readonly double[] _counts;
    private readonly double[,] _present;
    private readonly double[,] _busy;
    private readonly double[] _somebody;
    private readonly double[] _held;
    private readonly double[] _awaited;
    private readonly double[] _requests;

    public ChainFigures(ChainPlan plan, MarkovChain chain, double[] p)
    {
        (_plan, _model) = (plan, plan.Model);
        var (stations, classes) = (_model.Stations.Count, _model.Classes.Count);
        (_counts, _present, _busy) = (new double[plan.CountsOfStep], new double[stations, classes], new double[stations, classes]);
        (_somebody, _held, _awaited, _requests) = (new double[stations], new double[stations], new double[stations], new double[classes]);
        var state = new ChainState(stations, classes);
        for (var i = 0; i < p.Length; i++)
        {
            for (var count = 0; count < _counts.Length; count++)
            {
                _counts[count] += p[i] * chain.Counted[i][count];
            }

            state.Read(chain.States[i]);
            for (var k = 0; k < stations; k++)
            {
                Add(state, k, p[i]);
            }
        }
    }

    public Solution Write(string method, string reason)
    {
        var classes = Enumerable.Range(0, _model.Classes.Count).ToArray();
        return new Solution(method, reason, System("system", classes) with { Classes = [.. classes.Select(c => System(_model.Classes[c].Name, [c]))] }, [.. _model.Stations.Select((station, k) => Station(station, station.Name, k, classes) with
        {
            Classes = [.. classes.Select(c => Station(station, _model.Classes[c].Name, k, [c]))],
            ThreadsHeld = station.Threads is null ? null : new Estimate(_held[k]),
            ThreadsAwaited = station.Threads is null ? null : new Estimate(_awaited[k]),
        })])
        {
            IsExact = true,
            Bounds = BoundsOf.Model(Demands.Of(_model)),
        };
    }

    private void Add(ChainState state, int k, double p)
    {
        var (station, present) = (_model.Stations[k], state.Present[k]);
        var served = station.IsDelay || station.Discipline == Discipline.Ps ? present.Count : Math.Min(present.Count, station.Servers);
        var speed = station.Discipline == Discipline.Ps && present.Count > 0 ? station.SpeedWith(present.Count) / present.Count : 1;
        for (var at = 0; at < present.Count; at++)
        {
            var token = _plan.Names.Tokens[present[at]];
            _present[k, token.Class] += p;
            _requests[token.Class] += p;
            _busy[k, token.Class] += at < served && token.Phase >= 0 ? p * speed : 0;
        }

        foreach (var name in state.ForThread[k])
        {
            _present[k, _plan.Names.Tokens[name].Class] += p;
            _requests[_plan.Names.Tokens[name].Class] += p;
        }

        foreach (var name in state.Outside[k])
        {
            // One that holds a server elsewhere was counted there.
            var token = _plan.Names.Tokens[name];
            _requests[token.Class] += token.HeldAt < 0 ? p : 0;
        }

        _somebody[k] += present.Count > 0 ? p : 0;
        _held[k] += p * (state.Occupied[k] - state.ForThread[k].Count);
        _awaited[k] += p * state.ForThread[k].Count;
    }

    private StationFigures Station(Station station, string name, int k, int[] classes)
    {
        var done = classes.Sum(c => _counts[_plan.DoneCount(c)]);
        var visits = classes.Sum(c => _counts[_plan.VisitCount(k, c)]);
        var (present, work) = (classes.Sum(c => _present[k, c]), classes.Sum(c => _busy[k, c]));
        var all = Enumerable.Range(0, _model.Classes.Count).Sum(c => _busy[k, c]);
        var utilization = station.Speed is not null ? all > 0 ? _somebody[k] * work / all : 0 : station.IsDelay ? work : work / station.Servers;
        return new StationFigures(name, new(visits), new(utilization), new(present), new(present / done), new(present / visits));
    }

    private SystemFigures System(string name, int[] classes)
    {
        var (done, failed) = (classes.Sum(c => _counts[_plan.DoneCount(c)]), classes.Sum(c => _counts[_plan.FailedCount(c)]));
        var customers = Enumerable.Range(0, _model.Stations.Count).Sum(k => classes.Sum(c => _present[k, c]));
        return new SystemFigures(name, new(done), new(classes.Sum(c => _requests[c]) / done), new(customers)) { Failed = new(failed > 0 ? failed / (done + failed) : 0) };
    }
}
