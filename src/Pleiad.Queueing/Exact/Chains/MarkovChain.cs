using Pleiad.Queueing.Model;

namespace Pleiad.Queueing.Exact.Chains;

/// <summary>All states that a model can be in, with the rates between them. Open models are cut at a number of requests.</summary>
internal sealed class MarkovChain
{
    private readonly ChainPlan _plan;
    private readonly int _requestsMax;
    private readonly int _statesMax;
    private readonly Dictionary<int[], int> _index = new(new StateComparer());
    private readonly Choices _choices = new();
    private readonly ChainState _state;
    private readonly ChainMoves _moves;
    private readonly SortedDictionary<int, double> _row = [];
    private double[] _counts = [];
    private int[] _from = [];

    private MarkovChain(ChainPlan plan, int requestsMax, int statesMax)
    {
        (_plan, _requestsMax, _statesMax) = (plan, requestsMax, statesMax);
        _state = new ChainState(plan.Model.Stations.Count, plan.Model.Classes.Count);
        _moves = new ChainMoves(plan, _state, _choices);
    }

    /// <summary>The states, in the order in which they were found.</summary>
    public List<int[]> States { get; } = [];

    /// <summary>Requests in the system, by state.</summary>
    public List<int> Requests { get; } = [];

    /// <summary>By state: where its row of steps begins.</summary>
    public List<int> RowStart { get; } = [0];

    public List<int> Target { get; } = [];

    public List<double> Rate { get; } = [];

    /// <summary>By state: what is counted per second there, as <see cref="ChainMoves.Counts"/>.</summary>
    public List<double[]> Counted { get; } = [];

    /// <exception cref="ChainTooLargeException">It has too many states.</exception>
    public static MarkovChain Explore(ChainPlan plan, int requestsMax, int statesMax, CancellationToken cancellation)
    {
        var chain = new MarkovChain(plan, requestsMax, statesMax);
        chain.Start();
        for (var at = 0; at < chain.States.Count; at++)
        {
            if (at % 1024 == 0)
            {
                cancellation.ThrowIfCancellationRequested();
            }

            chain.Expand(at);
        }

        return chain;
    }

    private void Start()
    {
        // One of the states that may be first; the others are found from it, or left for ever.
        _choices.Next(isFirst: true);
        for (var c = 0; c < _plan.Model.Classes.Count; c++)
        {
            for (var customer = 0; customer < _plan.Model.Classes[c].Population; customer++)
            {
                _moves.Join(c);
            }
        }

        _moves.Normalize();
        Find();
    }

    private int Find()
    {
        var text = _state.Write();
        if (!_index.TryGetValue(text, out var at))
        {
            if (States.Count == _statesMax)
            {
                throw new ChainTooLargeException($"its Markov chain has more than {_statesMax} states");
            }

            _index[text] = at = States.Count;
            States.Add(text);
            Requests.Add(_state.Requests);
        }

        return at;
    }

    private void Expand(int at)
    {
        _row.Clear();
        _counts = new double[_plan.CountsOfStep];
        _from = States[at];
        var model = _plan.Model;
        for (var c = 0; c < model.Classes.Count; c++)
        {
            if (_plan.Arrivals[c] is { } arrivals)
            {
                Arrivals(c, arrivals);
            }
        }

        _state.Read(_from);
        Each([.. _state.Thinking], 1, (_, token) => _plan.Think(token.Class), (place, phase) => _moves.ChangePhase(_state.Thinking, place, phase), _moves.EndThinking);
        for (var k = 0; k < model.Stations.Count; k++)
        {
            _state.Read(_from);
            var (station, list) = (model.Stations[k], _state.Present[k]);
            if (list.Count == 0)
            {
                continue;
            }

            var isShared = station.Discipline == Discipline.Ps;
            var served = isShared || station.IsDelay ? list.Count : Math.Min(list.Count, station.Servers);
            var speed = isShared ? station.SpeedWith(list.Count) / list.Count : 1;
            var place = k;
            Each([.. list.Take(served)], speed, (_, token) => _plan.Service(place, token.Class), (i, phase) => _moves.ChangePhase(_state.Present[place], i, phase), i => _moves.EndWork(place, i));
        }

        foreach (var (target, rate) in _row)
        {
            if (target != at)
            {
                Target.Add(target);
                Rate.Add(rate);
            }
        }

        RowStart.Add(Target.Count);
        Counted.Add(_counts);
    }

    private void Arrivals(int @class, Distributions.Arrivals.MarkovianArrivals arrivals)
    {
        _state.Read(_from);
        var phase = _state.ArrivalPhase[@class];
        var isCut = _state.Requests >= _requestsMax;
        for (var next = 0; next < arrivals.Silent.Count; next++)
        {
            var to = next;
            if (next != phase && arrivals.Silent[phase][next] > 0)
            {
                Step(arrivals.Silent[phase][next], () => _state.ArrivalPhase[@class] = to);
            }

            if (arrivals.Arriving[phase][next] > 0 && !(isCut && next == phase))
            {
                Step(arrivals.Arriving[phase][next], () =>
                {
                    _state.ArrivalPhase[@class] = to;
                    if (!isCut)
                    {
                        _moves.Arrive(@class);
                    }
                });
            }
        }
    }

    /// <summary>Steps of each request of a list; those with the same token are taken together.</summary>
    private void Each(int[] list, double speed, Func<int, Token, Phases> phasesOf, Action<int, int> change, Action<int> end)
    {
        for (var at = 0; at < list.Length; at++)
        {
            var token = _plan.Names.Tokens[list[at]];
            if (token.Phase < 0 || Array.IndexOf(list, list[at]) < at)
            {
                continue;
            }

            var rate = speed * list.Count(name => name == list[at]);
            var (phases, place) = (phasesOf(at, token), at);
            for (var next = 0; next < phases.Count; next++)
            {
                if (phases.Rates[token.Phase][next] > 0)
                {
                    var to = next;
                    Step(rate * phases.Rates[token.Phase][next], () => change(place, to));
                }
            }

            if (phases.Exit[token.Phase] > 0)
            {
                Step(rate * phases.Exit[token.Phase], () => end(place));
            }
        }
    }

    private void Step(double rate, Action move)
    {
        for (var isFirst = true; _choices.Next(isFirst); isFirst = false)
        {
            _state.Read(_from);
            Array.Clear(_moves.Counts);
            move();
            _moves.Normalize();
            var target = Find();
            var flow = rate * _choices.Probability;
            _row[target] = _row.GetValueOrDefault(target) + flow;
            for (var i = 0; i < _counts.Length; i++)
            {
                _counts[i] += flow * _moves.Counts[i];
            }
        }
    }
}
