using Pleiad.Queueing.Model;
using Pleiad.Queueing.Simulation;

namespace Pleiad.Queueing.Exact.Chains;

/// <summary>
/// What a step of the chain does to a state: the way of a request through servers, threads, calls and rooms, by the same rules as the simulation's. What is left to chance is asked of
/// <see cref="Choices"/>.
/// </summary>
internal sealed class ChainMoves
{
    /// <summary>More steps without time than this are a circle of them.</summary>
    private const int InstantStepsMax = 10_000;

    private readonly ChainPlan _plan;
    private readonly QueueingModel _model;
    private readonly Choices _choices;
    private readonly ChainState _state;
    private int _instant;

    public ChainMoves(ChainPlan plan, ChainState state, Choices choices)
    {
        (_plan, _model, _state, _choices) = (plan, plan.Model, state, choices);
        Counts = new int[plan.CountsOfStep];
    }

    /// <summary>What was done since it was last cleared: visits by station and class, then interactions done and failed by class.</summary>
    public int[] Counts { get; }

    /// <summary>A request arrives from outside.</summary>
    public void Arrive(int @class)
    {
        _state.Requests++;
        Begin(@class);
        Settle();
    }

    /// <summary>A customer is done with thinking.</summary>
    public void EndThinking(int at)
    {
        var @class = _plan.Names.Tokens[_state.Thinking[at]].Class;
        _state.Thinking.RemoveAt(at);
        _state.Requests++;
        Begin(@class);
        Settle();
    }

    /// <summary>A customer of a closed class begins with thinking.</summary>
    public void Join(int @class)
    {
        Think(@class);
        Settle();
    }

    /// <summary>A request goes on to another phase of its time.</summary>
    public void ChangePhase(List<int> list, int at, int phase) => list[at] = _plan.Names.Of(_plan.Names.Tokens[list[at]] with { Phase = phase });

    /// <summary>A server is done with a request.</summary>
    public void EndWork(int station, int at)
    {
        WorkDone(station, at);
        Settle();
    }

    /// <summary>Puts lists whose order does not matter in order, so that equal states look alike.</summary>
    public void Normalize()
    {
        for (var k = 0; k < _state.Present.Length; k++)
        {
            var list = _state.Present[k];
            switch (_model.Stations[k].Discipline)
            {
                case Discipline.Ps or Discipline.Delay:
                    list.Sort();
                    break;
                case Discipline.LcfsPr or Discipline.PriorityPr:
                    break;
                case var discipline:
                    var served = Math.Min(list.Count, _model.Stations[k].Servers);
                    list.Sort(0, served, null);
                    if (discipline == Discipline.Random)
                    {
                        list.Sort(served, list.Count - served, null);
                    }

                    break;
            }
        }
    }

    private void Settle()
    {
        for (var k = 0; k < _state.Present.Length; k++)
        {
            var at = _state.Present[k].FindIndex(name => _plan.Names.Tokens[name].Phase == Token.Done);
            if (at >= 0)
            {
                Instant();
                WorkDone(k, at);
                k = -1;
            }
        }

        _instant = 0;
    }

    private void Instant()
    {
        if (++_instant > InstantStepsMax)
        {
            throw new ChainTooLargeException("requests go round without taking time");
        }
    }

    private void Begin(int @class)
    {
        var step = 0;
        var first = NextStation(@class, ref step, -1);
        var token = new Token(@class, step, -1, Token.Unserved, -1);
        if (first < 0)
        {
            Finish(@class);
        }
        else
        {
            GoTo(token, first);
        }
    }

    private int NextStation(int @class, ref int step, int from)
    {
        if (_plan.Way(@class) is { } way)
        {
            return Next(way, ref step);
        }

        var routing = _model.Classes[@class].Routing!;
        var row = from < 0 ? routing.Start : routing.Next[from];
        var at = _choices.Of([.. row, Math.Max(0, 1 - row.Sum()) is var rest && rest > 1e-12 ? rest : 0]);
        return at == row.Count ? -1 : at;
    }

    private int Next(Itinerary way, ref int step)
    {
        if (way.IsGeometric)
        {
            var at = _choices.Of([.. way.Entries.Select(entry => entry.Probability * (1 - way.End)), way.End]);
            return at == way.Entries.Count ? -1 : way.Entries[at].Station;
        }

        while (step < way.Entries.Count)
        {
            var (station, probability) = way.Entries[step++];
            if (probability >= 1 || _choices.Of([probability, 1 - probability]) == 0)
            {
                return station;
            }
        }

        return -1;
    }

    private void WorkDone(int k, int at)
    {
        var token = _plan.Names.Tokens[_state.Present[k][at]];
        if (_plan.Calls(k, token.Class) is { } calls)
        {
            var frame = _plan.Names.Frames[token.Frame];
            var step = frame.Step;
            var called = Next(calls, ref step);
            if (called >= 0)
            {
                // The server is free for others while the thread waits for the call.
                Leave(k, at);
                GoTo(token with { Frame = _plan.Names.Of(frame with { Step = step }), Phase = Token.Unserved }, called);
                return;
            }

            token = token with { Frame = frame.Parent };
        }

        if (token.Frame >= 0)
        {
            EndVisit(k, at, token.Class);
            Serve(token with { Phase = Token.Unserved }, _plan.Names.Frames[token.Frame].Station);
            return;
        }

        var way = token.Step;
        var next = NextStation(token.Class, ref way, k);
        if (next < 0)
        {
            EndVisit(k, at, token.Class);
            Finish(token.Class);
        }
        else if (IsFull(next) && _model.Stations[next].WhenFull == WhenFull.Block && next != k)
        {
            var blocked = token with { Step = way, Phase = Token.Blocked };
            _state.Present[k][at] = _plan.Names.Of(blocked);
            _state.Outside[next].Add(_plan.Names.Of(blocked with { HeldAt = k }));
        }
        else
        {
            EndVisit(k, at, token.Class);
            GoTo(token with { Step = way, Phase = Token.Unserved }, next);
        }
    }

    private bool IsFull(int k) => _model.Stations[k].Capacity is { } capacity && _state.Occupied[k] >= capacity;

    private void GoTo(in Token token, int k)
    {
        if (!IsFull(k))
        {
            Admit(token, k);
        }
        else if (_model.Stations[k].WhenFull == WhenFull.Block || token.Frame >= 0)
        {
            _state.Outside[k].Add(_plan.Names.Of(token));
        }
        else
        {
            Counts[_plan.FailedCount(token.Class)]++;
            End(token.Class);
        }
    }

    private void Admit(in Token token, int k)
    {
        _state.Occupied[k]++;

        // With this one among those that wait, the others hold the threads.
        if (_model.Stations[k].ThreadsTotal is { } threads && _state.Occupied[k] - _state.ForThread[k].Count > threads)
        {
            _state.ForThread[k].Add(_plan.Names.Of(token));
            return;
        }

        BeginVisit(token, k);
    }

    private void BeginVisit(in Token token, int k) =>
        Serve(_plan.Calls(k, token.Class) is null ? token : token with { Frame = _plan.Names.Of(new CallFrame(k, 0, token.Frame)) }, k);

    /// <summary>A request takes its place in the order of service.</summary>
    private void Serve(in Token token, int k)
    {
        var (list, station) = (_state.Present[k], _model.Stations[k]);
        var served = station.IsDelay || station.Discipline == Discipline.Ps ? int.MaxValue : station.Servers;
        var name = _plan.Names.Of(token);
        var place = station.Discipline switch
        {
            Discipline.Lcfs => Math.Min(list.Count, served),
            Discipline.LcfsPr => 0,
            Discipline.Priority => AfterRank(list, Math.Min(list.Count, served), token.Class),
            Discipline.PriorityPr => AfterRank(list, 0, token.Class),
            _ => list.Count,
        };
        list.Insert(place, name);
        Start(k);
    }

    private int AfterRank(List<int> list, int from, int @class)
    {
        var mine = _model.Classes[@class].Priority;
        var at = from;
        while (at < list.Count && _model.Classes[_plan.Names.Tokens[list[at]].Class].Priority >= mine)
        {
            at++;
        }

        return at;
    }

    /// <summary>Servers begin with those whose turn it is.</summary>
    private void Start(int k)
    {
        var (list, station) = (_state.Present[k], _model.Stations[k]);
        var served = station.IsDelay || station.Discipline == Discipline.Ps ? list.Count : Math.Min(list.Count, station.Servers);
        for (var at = 0; at < served; at++)
        {
            var token = _plan.Names.Tokens[list[at]];
            if (token.Phase == Token.Unserved)
            {
                var phases = _plan.Service(k, token.Class);
                var phase = _choices.Of(phases.Initial);
                list[at] = _plan.Names.Of(token with { Phase = phase == phases.Count ? Token.Done : phase });
            }
        }
    }

    private void Leave(int k, int at)
    {
        var (list, station) = (_state.Present[k], _model.Stations[k]);
        list.RemoveAt(at);
        if (station.Discipline == Discipline.Random && at < station.Servers && list.Count >= station.Servers)
        {
            var from = station.Servers - 1;
            var waiting = list.Count - from;
            var drawn = from + (waiting == 1 ? 0 : _choices.Of([.. Enumerable.Repeat(1.0 / waiting, waiting)]));
            (list[from], list[drawn]) = (list[drawn], list[from]);
        }

        Start(k);
    }

    private void EndVisit(int k, int at, int @class)
    {
        Counts[_plan.VisitCount(k, @class)]++;
        Leave(k, at);
        _state.Occupied[k]--;
        if (_state.ForThread[k].Count > 0)
        {
            var next = _plan.Names.Tokens[_state.ForThread[k][0]];
            _state.ForThread[k].RemoveAt(0);
            BeginVisit(next, k);
        }

        if (_state.Outside[k].Count > 0 && !IsFull(k))
        {
            var next = _plan.Names.Tokens[_state.Outside[k][0]];
            _state.Outside[k].RemoveAt(0);
            Admit(next with { HeldAt = -1, Phase = Token.Unserved }, k);
            if (next.HeldAt >= 0)
            {
                var held = _state.Present[next.HeldAt].IndexOf(_plan.Names.Of(next with { HeldAt = -1, Phase = Token.Blocked }));
                EndVisit(next.HeldAt, held, next.Class);
            }
        }
    }

    private void Finish(int @class)
    {
        Counts[_plan.DoneCount(@class)]++;
        End(@class);
    }

    private void End(int @class)
    {
        _state.Requests--;
        if (!_model.Classes[@class].IsOpen)
        {
            Think(@class);
        }
    }

    private void Think(int @class)
    {
        var phases = _plan.Think(@class);
        var phase = _choices.Of(phases.Initial);
        if (phase == phases.Count)
        {
            Instant();
            _state.Requests++;
            Begin(@class);
            return;
        }

        _state.Thinking.Add(_plan.Names.Of(new Token(@class, 0, -1, phase, -1)));
    }
}
